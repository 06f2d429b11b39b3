"""One customer's story on a terminal: what was heard, what happened and why, what is under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from orchestrator.domain.calendar import instant_of
from orchestrator.insight.explain import Told
from orchestrator.insight.times import Clock, span
from orchestrator.insight.under_way import UnderWay

_PASSING = ("planned", "attempting")
"""Outcomes of a message that are not told where more follows in the same second."""
_INDENT = " " * 21


def print_told(told: Told, console: Console | None = None, *, nameless: int = 0, may_run_on: bool = False) -> None:
    """Print it. `nameless` counts rejected lines that name nobody; `may_run_on` says that `--at` can let time run on."""
    console = console or Console()
    clock = Clock(told.zone)
    for line in (*_head(told), *_unheard(told, nameless)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for at, words, rule, why in _rows(told):
        console.print(f"{'never' if at is None else clock.tell(at):19}  {words}", markup=False, highlight=False, soft_wrap=True)
        if why:
            console.print(f"{_INDENT}{why}", markup=False, highlight=False, soft_wrap=True)
        for line in tree_lines(rule) if rule is not None else ():
            console.print(f"{_INDENT}{line}", markup=False, highlight=False, style="dim", soft_wrap=True)
    for line in _runs(told, clock, may_run_on=may_run_on):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _head(told: Told) -> Iterator[str]:
    if told.state is None:
        yield f"No event of {told.profile} was accepted."
        return
    number = len(told.events)
    yield f"{told.profile}: {number} event{'' if number == 1 else 's'}, stands in {told.state.stage}"
    if told.edited:
        yield "The workspace has changed since: each step is told by the rules that were live then."
    if told.otherwise:
        steps = "1 step" if told.otherwise == 1 else f"{told.otherwise} steps"
        yield f"{steps} would come out otherwise now, under this version: what happened is told, the rules behind it are not."
    yield f"Times are in {told.zone}, the {'customer' if told.own_zone else 'workspace'}'s time zone."


def _unheard(told: Told, nameless: int) -> Iterator[str]:
    """What was said of this customer and not heard."""
    for one in told.unknown:
        times = "" if one["events"] == 1 else f" ({one['events']} times)"
        fix = f"; {one['fix']}" if one["fix"] else ""
        yield f"{one['event']}{times}: unknown event, accepted, and nothing reads it{fix}"
    for one in told.consents:
        yield f"{one['event']} for {one['of']} `{one['name']}`: there is no such {one['of']}, so nothing reads it; {one['fix']}"
    for one in told.rejected:
        yield f"rejected {one['file']}:{one['line']}: {one['reason']}"
    if nameless:
        yield f"{nameless} rejected line{'' if nameless == 1 else 's'} more in these files, of nobody that can be told"


_Row = tuple[int | None, str, dict[str, Any] | None, str | None]


def _rows(told: Told) -> Iterator[_Row]:
    """(at, words, rule, why) in order of time; what never happened stands last."""
    rows: list[_Row]
    rows = [(at, f"stage    {source} → {target} ({cause})", None, None) for at, source, target, cause in told.stages]
    settled = {_second(entry) for entry in told.entries if entry["outcome"] not in _PASSING}
    for entry in told.entries:
        if entry["outcome"] not in _PASSING or _second(entry) not in settled:
            rows.append((instant_of(entry["at"]), _words(entry, Clock(told.zone)), entry["rule"], entry["why"]))
    yield from sorted(rows, key=lambda row: (row[0] is None, row[0] or 0))


def _second(entry: dict[str, Any]) -> tuple[str, Any]:
    """A message and the second in which something became of it."""
    return (entry["at"] or "")[:19], entry.get("message")


def _words(entry: dict[str, Any], clock: Clock) -> str:
    next_allowed = instant_of(entry["next_allowed"])
    until = f"; next allowed {clock.tell(next_allowed)}" if next_allowed is not None else ""
    live = f"; live: {entry['live']}" if entry.get("live") else ""
    campaign = f"{entry['campaign']}: " if entry["campaign"] else ""
    outcome, message = entry["outcome"].replace("_", " "), f"{entry.get('template')} by {entry.get('channel')}"
    if entry.get("template") and message not in entry["reason"]:
        outcome = f"{message} {outcome}"
    return f"{campaign}{outcome} — {entry['reason']}{until}{live}"


def tree_lines(rule: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """A rule tree, one node a line, with the value that each node saw."""
    name = f"{rule['op']} {rule['path']}" if rule.get("path") else str(rule["op"])
    yield f"{'  ' * depth}{name} = {rule['value']!r}"
    for child in rule.get("children", ()):
        yield from tree_lines(child, depth + 1)


def _runs(told: Told, clock: Clock, *, may_run_on: bool) -> Iterator[str]:
    """What each run under way waits for, and until when."""
    if not told.under_way or told.at is None:
        return
    hint = "; --at TIME lets time run on" if may_run_on else ""
    yield f"Under way at {clock.tell(told.at)}{hint}:"
    for run in told.under_way:
        yield f"  {run.campaign}: {_run(run, told.at, clock)}"


def _run(run: UnderWay, now: int, clock: Clock) -> str:
    then = f", then {run.then}" if run.then else ""
    if run.until is None:
        return f"{run.waits}{then}"
    left = f" (in {span(run.until - now)})" if run.until > now else ""
    return f"{run.waits}, until {clock.tell(run.until)}{left}{then}"
