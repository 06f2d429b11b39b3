"""The whole stories of a few customers, by both workspaces: their events are decided once more, with a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.program import Program
from orchestrator.insight.diff.links import homes_of
from orchestrator.insight.explain import explain
from orchestrator.insight.page.story import Line, Story, story_of
from orchestrator.insight.replaying import Replaying
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import Accepted, read_events
from orchestrator.stores.memory import MemoryFile

NEAR = 1
"""Things that are the same on both sides and are told before and after one that is not."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened: on both sides, or on one of them. `folded`: so many alike things are left out here."""

    old: Line | None = None
    new: Line | None = None
    folded: int = 0

    @property
    def same(self) -> bool:
        return self.old == self.new

    @property
    def line(self) -> Line | None:
        return self.old or self.new


def stories(
    old: Program, new: Program, paths: Sequence[Path], names: Sequence[str], until: int | None, renamed: Mapping[str, str]
) -> dict[str, tuple[Row, ...]]:
    """Name → both stories, side by side. Only these customers are decided, so nobody may emit events to others."""
    if not names:
        return {}
    wanted = _homes(paths, names)
    before, after = (_stories(program, paths, names, wanted, until) for program in (old, new))
    called = {name: [_called(line, renamed) for line in story.lines] for name, story in before.items()}
    return {name: tuple(folded(beside(called[name], after[name].lines))) for name in names}


def _homes(paths: Sequence[Path], names: Sequence[str]) -> Mapping[str, str]:
    """Every id of these customers → the one that stands for it."""
    homes = homes_of(paths)
    roots = {homes.get(raw, raw) for name in names for raw in (f"u:{name}", f"a:{name}")}
    return {raw: root for raw, root in homes.items() if root in roots} | {root: root for root in roots}


def _stories(
    program: Program, paths: Sequence[Path], names: Sequence[str], wanted: Mapping[str, str], until: int | None
) -> dict[str, Story]:
    catalogue, file, clock = Catalogue(program.events), MemoryFile(), 0
    replaying = Replaying(program, [file.partition(0)], lambda _: None)
    for line in read_events(paths, until, validate=catalogue.validate, things=catalogue.things):
        if isinstance(line, Accepted):
            clock = max(clock, line.arrival)
            if about_a_thing(line.event) or raw_id(line.event) in wanted:
                replaying.take(line)
    replaying.finish(clock if until is None else max(clock, until))
    stage_of = {name: campaign.stage for name, campaign in program.campaigns.items()}
    return {name: story_of(explain(program, file, name), replaying.clock, stage_of) for name in names}


def _called(line: Line, renamed: Mapping[str, str]) -> Line:
    """The line with campaigns as they are compared."""
    words = " ".join(renamed.get(word, word) for word in line.words.split(" "))
    return replace(line, words=words, detail=renamed.get(line.detail, line.detail))


def beside(old: Sequence[Line], new: Sequence[Line]) -> list[Row]:
    """Both in order of time; what both sides tell at one instant stands in one row, alike things before others."""
    left = list(new)
    rows = [Row(line, _taken(left, [one for one in left if one == line])) for line in old]
    rows = [
        Row(row.old, row.new or _taken(left, [one for one in left if row.old is not None and one.at == row.old.at]))
        for row in rows
    ]
    rows += [Row(None, line) for line in left]
    return [row for _, _, row in sorted(((_at(row), number, row) for number, row in enumerate(rows)), key=lambda one: one[:2])]


def _taken(left: list[Line], fitting: Sequence[Line]) -> Line | None:
    """The first that fits, out of those that are left."""
    if not fitting:
        return None
    left.remove(fitting[0])
    return fitting[0]


def _at(row: Row) -> int:
    return row.line.at if row.line is not None else 0


def folded(rows: Sequence[Row]) -> Iterator[Row]:
    """Without what is the same on both sides far from anything that is not."""
    told = {near for at, row in enumerate(rows) if not row.same for near in range(at - NEAR, at + NEAR + 1)}
    left_out = 0
    for at, row in enumerate(rows):
        if at not in told:
            left_out += 1
            continue
        if left_out:
            yield Row(folded=left_out)
        left_out = 0
        yield row
    if left_out:
        yield Row(folded=left_out)
