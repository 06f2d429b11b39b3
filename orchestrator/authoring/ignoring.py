"""Comments that accept a warning: `# check: ignore W507 because both are meant`, on its line or on the one above.

In a template the comment is Jinja's: `{# check: ignore W601 because … #}`. Errors cannot be ignored; a comment without a
reason, or one that ignores nothing, is a finding of its own. Where a finding is about several campaigns, a reason that names
some of them (`` `welcome` ``) accepts these only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import CODES, Finding, Report, did_you_mean

_COMMENT = re.compile(
    r"(?:(?<![^\s])#|\{#)-?\s*check:\s*ignore\b(?P<codes>.*?)(?:\bbecause\b(?P<reason>.*?))?(?:-?#\}|$)", re.MULTILINE
)
_CODE = re.compile(r"[A-Za-z]+[0-9]+")
_ALONE = re.compile(r"\s*(?:#|\{#.*#\}\s*$)")
_NAMED = re.compile(r"`([^`]+)`")
_FORM = "write `# check: ignore W507 because …`, with a code of the warnings and a reason"


@dataclass(slots=True)
class _Comment:
    place: Place
    codes: list[str]
    reason: str
    lines: tuple[int, ...]
    """Lines whose findings it accepts."""
    met: set[str] = field(default_factory=set)


def accepted(findings: list[Finding], texts: Mapping[str, str]) -> list[Finding]:
    """The findings that no comment accepts, and what is wrong with the comments, in order of place. `texts`: by file."""
    comments = [comment for file, text in texts.items() if "check:" in text for comment in _comments(file, text)]
    if not comments:
        return findings
    left = [finding for finding in findings if not any([_accepts(comment, finding) for comment in comments])]  # noqa: C419
    broken = {finding.file for finding in findings if finding.severity == "error"}
    report = Report()
    for comment in comments:
        _judge(comment, report, broken)
    return sorted([*left, *report.findings], key=lambda each: (each.file, each.line, each.column, each.code))


def _comments(file: str, text: str) -> Iterator[_Comment]:
    lines = text.splitlines()
    for match in _COMMENT.finditer(text):
        line = text.count("\n", 0, match.start())
        last = line + 1
        while last < len(lines) and last > 0 and _ALONE.match(lines[last]):
            last += 1
        own = (line + 1, last + 1) if _ALONE.match(lines[line]) else (line + 1,)
        column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
        yield _Comment(Place(file, line + 1, column), _CODE.findall(match["codes"]), (match["reason"] or "").strip(" .:"), own)


def _accepts(comment: _Comment, finding: Finding) -> bool:
    here = finding.file == comment.place.file and finding.line in comment.lines and finding.code in comment.codes
    if not here or finding.severity == "error":
        return False
    comment.met.add(finding.code)
    named = set(_NAMED.findall(comment.reason)).intersection(finding.others) if "`" in comment.reason else set(finding.others)
    return bool(comment.reason) and named.issuperset(finding.others)


def _judge(comment: _Comment, report: Report, broken: set[str]) -> None:
    """`broken`: files with errors, of which warnings may be missing; what they would say is no reason to tell of a comment."""
    wrong = [code for code in comment.codes if code not in CODES]
    errors = [code for code in comment.codes if code in CODES and code.startswith("E")]
    about = {comment.place.file, *(f"campaigns/{name}.yaml" for name in _NAMED.findall(comment.reason))}
    idle = [code for code in comment.codes if code not in comment.met] if not about & broken else []
    if not comment.codes:
        report.add("W102", comment.place, "this comment names no code, and so ignores nothing", _FORM)
    elif wrong:
        report.add("W102", comment.place, f"there is no code `{wrong[0]}`", did_you_mean(wrong[0], CODES) or _FORM)
    elif errors:
        report.add(
            "W102", comment.place, f"`{errors[0]}` is an error, and cannot be ignored", "mend it, and remove this comment"
        )
    elif not comment.reason:
        report.add("W102", comment.place, "this comment gives no reason, and so ignores nothing", _FORM)
    elif idle:
        report.add("W102", comment.place, f"there is no `{idle[0]}` here to ignore", "remove the comment, or the code from it")
