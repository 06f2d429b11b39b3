"""Production and reference on one workspace and one log: the rows that only one has, and the smallest case that shows it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator.authoring import check, load_program
from orchestrator.insight.replay import replay as produce
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.stores.memory import MemoryFile
from tests.conformance.reference import load, read_lines, replay
from tests.conformance.reference.runs import sends_of
from tests.conformance.reference.times import instant

MESSAGE = ("profile", "campaign", "step", "channel", "template", "class", "planned_at", "state", "reason")
TRANSITION = ("profile", "at", "from", "to")
COUNTS = ("events", "duplicates", "rejected", "profiles", "stages")

Case = dict[str, Any]
"""`{"files": {path: content}, "logs": [[event]], "until": text or None}`; content is a text or what JSON can write."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that only one side has, and counts that differ."""

    only_reference: list[str] = field(default_factory=list)
    only_production: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.only_reference or self.only_production or self.counts)

    def __str__(self) -> str:
        lines = [f"  reference only:  {row}" for row in self.only_reference]
        lines += [f"  production only: {row}" for row in self.only_production]
        return "\n".join(lines + [f"  counts: {count}" for count in self.counts])


def compare(workspace: Path, logs: Sequence[Path], until: str | None = None) -> Difference:
    """Run both and compare rows as multisets."""
    end = None if until is None else instant(until)
    theirs, ours = _produced(workspace, logs, end), _expected(workspace, logs, end)
    only_ours: list[str] = []
    only_theirs: list[str] = []
    for kind, names in (("messages", MESSAGE), ("transitions", TRANSITION)):
        left, right = (Counter(" ".join(str(row[name]) for name in names) for row in side[kind]) for side in (ours, theirs))
        only_ours += [f"{kind[:-1]} {row}" for row in sorted((left - right).elements())]
        only_theirs += [f"{kind[:-1]} {row}" for row in sorted((right - left).elements())]
    counts = [f"{name}: reference {ours[name]}, production {theirs[name]}" for name in COUNTS if ours[name] != theirs[name]]
    if theirs["dead_letters"]:
        counts.append(f"production has {theirs['dead_letters']} dead letters")
    return Difference(only_ours, only_theirs, counts)


def _produced(workspace: Path, logs: Sequence[Path], until: int | None) -> dict[str, Any]:
    program = load_program(workspace)
    memory = MemoryFile(keep_journal=False)
    lines = read_events(logs, until, validate=Catalogue(program.events).validate)
    result = produce(program, lines, [memory.partition(0)], until=until, every_profile=memory.every_profile)
    return {**result.summary(), "messages": list(result.messages()), "transitions": list(result.transitions())}


def _expected(workspace: Path, logs: Sequence[Path], until: int | None) -> dict[str, Any]:
    loaded = load(workspace)
    return replay(loaded, read_lines(logs, loaded), until)


# cases that are written down, not found on disk


def templates(files: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A template for every `send` of the campaigns among these files."""
    for path, content in files.items():
        if path.startswith("campaigns/"):
            for send in sends_of(content["then"]):
                folder = f"templates/{send['template']}"
                yield f"{folder}/template.yaml", {"sender": "shop", "subject": "Hello"}
                yield f"{folder}/email.html", "<html><body><p>Hello</p></body></html>\n"
                yield f"{folder}/sms.txt", "Hello\n"


SENDERS = {
    "shop": {
        "email": {"from": "a@shop.example", "name": "Shop", "reply_to": "a@shop.example", "postal_address": "1 Market Street"},
        "sms": {"from": "+15005550006"},
    }
}


def write(case: Case, folder: Path) -> tuple[Path, list[Path]]:
    """The workspace and the logs of a case, as files below `folder`."""
    workspace = folder / "workspace"
    files = {"senders.yaml": SENDERS, **case["files"], **dict(templates(case["files"]))}
    for path, content in files.items():
        target = workspace / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    logs = []
    for number, log in enumerate(case["logs"]):
        path = folder / f"log{number}.jsonl"
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in log), encoding="utf-8")
        logs.append(path)
    return workspace, logs


def differ(case: Case, fresh: Callable[[], Path]) -> Difference:
    """The difference that a case shows; `fresh` gives an empty folder."""
    workspace, logs = write(case, fresh())
    if any(finding.severity == "error" for finding in check(workspace)):
        return Difference([], [], [])
    return compare(workspace, logs, case.get("until"))


def shrink(case: Case, fresh: Callable[[], Path], attempts: int = 400) -> Case:
    """A smaller case that still shows a difference: fewer events, then fewer campaigns, then smaller files."""
    for smaller in (_without_events, _without_campaigns, _without_parts, _without_events, _without_parts):
        tried = 0
        while attempts > 0:
            candidate = next(islice(smaller(case), tried, None), None)
            if candidate is None:
                break
            attempts -= 1
            if _still_differs(candidate, fresh):
                case = candidate
            else:
                tried += 1
    return case


def _still_differs(case: Case, fresh: Callable[[], Path]) -> bool:
    try:
        return bool(differ(case, fresh))
    except Exception:  # noqa: BLE001 - a cut that no longer loads is no smaller case
        return False


def _without_events(case: Case) -> Iterator[Case]:
    """Halves, quarters, …, single events left out."""
    for number, log in enumerate(case["logs"]):
        size = max(len(log) // 2, 1)
        while size:
            for start in range(0, len(log), size):
                logs = list(case["logs"])
                logs[number] = log[:start] + log[start + size :]
                yield {**case, "logs": logs}
            size //= 2


def _without_campaigns(case: Case) -> Iterator[Case]:
    for path in case["files"]:
        if path.startswith("campaigns/"):
            yield {**case, "files": {other: content for other, content in case["files"].items() if other != path}}


def _without_parts(case: Case) -> Iterator[Case]:
    """A member or an element left out anywhere in the files."""
    for path, content in case["files"].items():
        for smaller in _cuts(content):
            yield {**case, "files": {**case["files"], path: smaller}}


def _cuts(tree: Any) -> Iterator[Any]:
    """A member or element left out: those outside before those inside."""
    if isinstance(tree, dict):
        for name in tree:
            yield {other: kept for other, kept in tree.items() if other != name}
        for name, value in tree.items():
            for smaller in _cuts(value):
                yield {**tree, name: smaller}
    elif isinstance(tree, list):
        for place in range(len(tree)):
            yield tree[:place] + tree[place + 1 :]
        for place, value in enumerate(tree):
            for smaller in _cuts(value):
                yield [*tree[:place], smaller, *tree[place + 1 :]]


def told(case: Case, difference: Difference) -> str:
    """A case and its difference, to be read."""
    files = "\n".join(f"  {path}: {json.dumps(content)}" for path, content in case["files"].items())
    logs = "\n".join(f"  {json.dumps(row)}" for log in case["logs"] for row in log)
    return f"\n{files}\n{logs}\n  until {case.get('until')}\n{difference}"


def head(log: Path, lines: int, target: Path) -> Path:
    """The first lines of a packed log, unpacked."""
    with gzip.open(log, "rt", encoding="utf-8") as stream, target.open("w", encoding="utf-8") as out:
        for number, line in enumerate(stream):
            if number == lines:
                break
            out.write(line)
    return target
