"""What was decided, kept for looking back: a folder beside the state file (`FILE.history`), made of its journal alone.

Write side, one process: `catch_up(state)` takes in what is missing and returns; `follow(state, stop)` goes on until `stop()`.
Each reads the state file in short transactions, so it never holds the engine up; run it in a process of its own, at low
priority. It may be killed at any moment. A history of another file or layout is made anew by itself.

Read side, any number of processes: `with open_history(state) as history`, a `History`:

    lag()                                → Lag(seq, behind, clock)
    standing()                           → {stage: profiles}
    flows(first_day, last_day)           → [Flow(day, source, target, n)]
    stays()                              → [Stay(stage, n, mean, median, p90)], milliseconds
    campaigns(first_day, last_day, name) → [CampaignDay(campaign, day, what, reason, n)]: triggered, held_out, sent, delivered,
                                           opened, clicked, converted, suppressed by reason, refused, … (see its docstring)
    last_triggered()                     → {campaign: at}
    steps(campaign)                      → [StepCount(campaign, step, arm, what, n)]
    under_way(campaign)                  → {(campaign, step): runs}
    messages(MessageFilter, after, n)    → MessagePage(rows, more), newest first; `more` is the cursor of the next page
    message(id), tasks(), dead_letters(since)

Times are integer milliseconds since 1970 UTC; a day is a UTC day since then (`milliseconds // 86_400_000`). A profile is its
`key` in the state file: no name or address is in a history; `SqliteReader.read(key)` of the state file gives its raw id.
"""

from orchestrator.history.answers import (
    CampaignDay,
    DeadRow,
    Flow,
    Lag,
    MessagePage,
    Stay,
    StepCount,
)
from orchestrator.history.follower import Caught, catch_up, folder_of, follow
from orchestrator.history.reading import History, MessageFilter, open_history
from orchestrator.history.rows import MessageRow, RunRow, TaskRow

__all__ = [
    "CampaignDay",
    "Caught",
    "DeadRow",
    "Flow",
    "History",
    "Lag",
    "MessageFilter",
    "MessagePage",
    "MessageRow",
    "RunRow",
    "Stay",
    "StepCount",
    "TaskRow",
    "catch_up",
    "folder_of",
    "follow",
    "open_history",
]
