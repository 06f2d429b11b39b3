"""What a history answers beside the rows of its index. Times are milliseconds since 1970 UTC, days UTC days since then."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.history.rows import MessageRow


class Flow(NamedTuple):
    """So many profiles went from one stage to another on that day."""

    day: int
    source: str
    target: str
    n: int


class Stay(NamedTuple):
    """How long a stage was stood in, by those who have left it. `median` and `p90` are told within 9 %."""

    stage: str
    n: int
    mean: float
    median: float
    p90: float


class CampaignDay(NamedTuple):
    """One count of a campaign on a day (see `History.campaigns` for what is counted)."""

    campaign: str
    day: int
    what: str
    reason: str
    n: int


class StepCount(NamedTuple):
    """One count of a step in an arm (empty: the run has met no split)."""

    campaign: str
    step: str
    arm: str
    what: str
    n: int


class DeadRow(NamedTuple):
    """An input that could not be decided; `cause` is the kind of fault alone. The state file has the whole."""

    seq: int
    key: int
    at: int
    cause: str


class MessagePage(NamedTuple):
    """Messages, the newest planned first. `more` is the cursor of the next page; None: that was all."""

    rows: list[MessageRow]
    more: str | None


class Lag(NamedTuple):
    """How far the history is: its last row of the journal, how many are not in it yet, and the clock it stands at."""

    seq: int
    behind: int
    clock: int
