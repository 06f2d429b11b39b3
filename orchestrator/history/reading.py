"""The read side: pages and measures ask here. Nothing here writes, and any number of processes may read while one follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from orchestrator.errors import StoreError
from orchestrator.history.answers import (
    CampaignDay,
    DeadRow,
    Flow,
    Lag,
    MessagePage,
    Stay,
    StepCount,
)
from orchestrator.history.follower import INDEX, folder_of
from orchestrator.history.layout import LAYOUT
from orchestrator.history.limits import OCTAVE, PAGE_MAX
from orchestrator.history.rows import MessageRow, RunRow, TaskRow
from orchestrator.stores.reader import open_reader


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages: all that is given must be so. `planned_from` counts, `planned_to` does not (milliseconds)."""

    campaign: str | None = None
    step: str | None = None
    arm: str | None = None
    channel: str | None = None
    template: str | None = None
    state: str | None = None
    reason: str | None = None
    key: int | None = None
    run: str | None = None
    id: str | None = None
    planned_from: int | None = None
    planned_to: int | None = None

    def as_sql(self) -> tuple[list[str], list[Any]]:
        """(conditions, values)"""
        equal = ("campaign", "step", "arm", "channel", "template", "state", "reason", "key", "run", "id")
        found = [(f"{name} = ?", value) for name in equal if (value := getattr(self, name)) is not None]
        found += [("planned >= ?", self.planned_from)] if self.planned_from is not None else []
        found += [("planned < ?", self.planned_to)] if self.planned_to is not None else []
        return [condition for condition, _ in found], [value for _, value in found]


class History:
    """What a state file's history knows, as far as it has followed."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = folder_of(state)
        place = (self.folder / INDEX).absolute().as_uri()
        self._connection = sqlite3.connect(f"{place}?mode=ro", uri=True, isolation_level=None, timeout=10)
        self._run = self._connection.execute
        layout = self._run("select value from meta where name = 'layout'").fetchone()
        if layout is None or layout[0] != LAYOUT:
            self._connection.close()
            raise sqlite3.DatabaseError("it is of another layout")

    def lag(self) -> Lag:
        """How far it is behind its state file."""
        meta = dict(self._run("select name, value from meta where name in ('seq', 'clock')"))
        with open_reader(self.state) as source:
            behind = max(source.last_seq() - meta["seq"], 0)
        return Lag(meta["seq"], behind, meta["clock"])

    # ── the wheel ───────────────────────────────────────────────────────────────────────────────────────────────────

    def standing(self) -> dict[str, int]:
        """stage → profiles that stand there now. Empty stage: where they began is not known."""
        return dict(self._run("select stage, n from crowd where n > 0 order by stage"))

    def flows(self, first: int | None = None, last: int | None = None) -> list[Flow]:
        """Transitions by day, source and target; both days count."""
        query = "select day, source, target, n from flows where day between ? and ? order by day, source, target"
        return [Flow(*row) for row in self._run(query, _days(first, last))]

    def stays(self) -> list[Stay]:
        """How long each stage was stood in, by everyone who has left it."""
        rows = self._run("select stage, length, n, total from stays order by stage, length")
        return [_stay(stage, [row[1:] for row in found]) for stage, found in groupby(rows, key=itemgetter(0))]

    # ── campaigns ───────────────────────────────────────────────────────────────────────────────────────────────────

    def campaigns(self, first: int | None = None, last: int | None = None, campaign: str | None = None) -> list[CampaignDay]:
        """Counts by campaign, day, what and reason; both days count, and the day is that on which it happened.

        what: `triggered`, `held_out`, `not_entered` (reason: why), `ended` (why), `converted`, `converted_held_out`; of
        messages `planned`, `waits` (for which gate), `attempting`, `sent` (each once), `accepted`, `refused`, `in_doubt`,
        `unknown`, `delivered`, `bounced`, `suppressed`, `expired`, `cancelled`, each with its reason; `opened`, `clicked` and
        `unsubscribed` (a message once each, by people), `complained`, `answered`; `task_open`, `task_overdue`, `task_done`
        (its outcome), `task_withdrawn`.
        """
        query = "select campaign, day, what, reason, n from counts where day between ? and ?"
        values: list[Any] = [*_days(first, last)]
        if campaign is not None:
            query, values = f"{query} and campaign = ?", [*values, campaign]
        return [CampaignDay(*row) for row in self._run(query, values)]

    def last_triggered(self) -> dict[str, int]:
        """campaign → when somebody entered it last, or was held out."""
        return dict(self._run("select campaign, at from latest"))

    def steps(self, campaign: str) -> list[StepCount]:
        """Counts of each step, by arm of the run.

        what: `taken` (a send step), a way out (`then`, `otherwise`, an arm's name), `waits`, and of its messages what
        `campaigns` counts. Of the whole campaign (step empty) `triggered`, `held_out`, `converted`, `converted_held_out`.
        """
        query = "select campaign, step, arm, what, n from steps where campaign = ? order by step, arm, what"
        return [StepCount(*row) for row in self._run(query, (campaign,))]

    def under_way(self, campaign: str | None = None) -> dict[tuple[str, str], int]:
        """(campaign, step taken last) → runs that have not ended. Empty step: none was taken yet."""
        query = "select campaign, step, n from under_way where campaign = coalesce(?, campaign)"
        return {(name, step): n for name, step, n in self._run(query, (campaign,))}

    def runs(self, campaign: str) -> Iterator[RunRow]:
        """Every run of a campaign, in no order."""
        query = "select id, key, campaign, entered, held, arm, step, goal, value, ended, reason from runs where campaign = ?"
        return (RunRow(*(*row[:4], bool(row[4]), *row[5:])) for row in self._run(query, (campaign,)))

    # ── messages, tasks, dead letters ───────────────────────────────────────────────────────────────────────────────

    def messages(self, which: MessageFilter | None = None, after: str | None = None, limit: int = 50) -> MessagePage:
        """A page of messages, the newest planned first; `after` is the cursor that the page before gave as `more`."""
        conditions, values = (which or MessageFilter()).as_sql()
        if after is not None:
            planned, _, ident = after.partition("-")
            conditions, values = [*conditions, "(planned, id) < (?, ?)"], [*values, int(planned), ident]
        where = f"where {' and '.join(conditions)}" if conditions else ""
        limit = max(1, min(limit, PAGE_MAX))
        query = f"select * from messages {where} order by planned desc, id desc limit ?"  # noqa: S608 - our own names
        rows = [MessageRow(*row) for row in self._run(query, (*values, limit + 1))]
        more = f"{rows[limit - 1].planned}-{rows[limit - 1].id}" if len(rows) > limit else None
        return MessagePage(rows[:limit], more)

    def message(self, ident: str) -> MessageRow | None:
        """The message of that id."""
        return next(iter(self.messages(MessageFilter(id=ident)).rows), None)

    def tasks(self, limit: int = PAGE_MAX) -> list[TaskRow]:
        """Tasks, the newest opened first."""
        return [TaskRow(*row) for row in self._run("select * from tasks order by opened desc, id limit ?", (limit,))]

    def dead_letters(self, since: int = 0, limit: int = PAGE_MAX) -> list[DeadRow]:
        """Inputs that could not be decided, the newest first."""
        query = "select seq, key, at, cause from dead_letters where at >= ? order by seq desc limit ?"
        return [DeadRow(*row) for row in self._run(query, (since, limit))]

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()


def _days(first: int | None, last: int | None) -> tuple[int, int]:
    return (-(2**40) if first is None else first), (2**40 if last is None else last)


def _stay(stage: str, rows: list[tuple[int, int, int]]) -> Stay:
    n, total = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return Stay(stage, n, total / n, _quantile(rows, n * 0.5), _quantile(rows, n * 0.9))


def _quantile(rows: list[tuple[int, int, int]], rank: float) -> float:
    """The middle of the step in which that rank falls."""
    seen = 0
    for length, n, _ in rows:
        seen += n
        if seen >= rank:
            return float(2 ** ((length + 0.5) / OCTAVE))
    return 0.0


@contextmanager
def open_history(state: Path) -> Iterator[History]:
    """Read the history of a state file; StoreError where there is none yet."""
    try:
        history = History(state)
    except sqlite3.Error as error:
        message = f"{folder_of(state)}: no history that can be read ({error}); `orchestrator history --state FILE` makes one"
        raise StoreError(message) from error
    with closing(history):
        yield history
