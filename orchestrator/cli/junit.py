"""Scenario results as JUnit XML, in the shape that both Ant's and Jenkins' schemas admit."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from orchestrator.insight.scenarios import Results, Verdict

_SMALL = (8, 16)
"""Lines of a long timeline that are shown: of its beginning and of its end."""


def as_junit(results: Results, timestamp: str, short: Iterable[str] = ()) -> str:
    """A suite a file; `timestamp` is local and without a zone. `short`: what coverage lacks of what was asked, a case each."""
    root = ET.Element("testsuites")
    for file, verdicts in groupby(results.verdicts, lambda verdict: verdict.file):
        _suite(root, file, list(verdicts), timestamp)
    lacking = [Verdict(words.partition(":")[0], "coverage", 0, words) for words in short]
    if lacking:
        _suite(root, "coverage", lacking, timestamp)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True).replace("'", '"', 4)


def _suite(root: ET.Element, file: str, verdicts: list[Verdict], timestamp: str) -> None:
    named = file.removesuffix(".yaml").removesuffix(".json").replace("/", ".")
    package, _, name = named.rpartition(".")
    suite = ET.SubElement(root, "testsuite", name=_printable(name or named), package=_printable(package))
    suite.set("id", str(len(root) - 1))
    suite.set("timestamp", timestamp)
    suite.set("hostname", "localhost")
    suite.set("tests", str(len(verdicts)))
    suite.set("failures", str(sum(verdict.difference is not None for verdict in verdicts)))
    suite.set("errors", "0")
    suite.set("time", _seconds(sum(verdict.seconds for verdict in verdicts)))
    ET.SubElement(suite, "properties")
    for verdict in verdicts:
        _case(suite, verdict, _printable(named))
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")


def _case(suite: ET.Element, verdict: Verdict, named: str) -> None:
    case = ET.SubElement(suite, "testcase", name=_printable(verdict.name), classname=named, time=_seconds(verdict.seconds))
    if verdict.difference is None:
        return
    failure = ET.SubElement(case, "failure", type="difference", message=_printable(verdict.difference))
    place = (verdict.place,) if verdict.line else ()
    failure.text = _printable("\n".join((*place, verdict.difference, *small(verdict.brief))))


def small(timeline: tuple[str, ...]) -> tuple[str, ...]:
    """A long timeline without its middle."""
    first, last = _SMALL
    left = len(timeline) - first - last
    if left <= 1:
        return timeline
    return (*timeline[:first], f"… ({left} lines more: --format json tells them)", *timeline[-last:])


def _seconds(seconds: float) -> str:
    return f"{min(seconds, 999):.3f}"


def _printable(text: str) -> str:
    """Without the control characters and surrogates that XML cannot carry."""
    return "".join(char if char >= " " or char in "\t\n" else "�" for char in text).encode("utf-8", "replace").decode()
