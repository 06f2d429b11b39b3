"""How long pages wait for a history: `python tests/bench/history_pages.py FOLDER --profiles 1000000`.

Writes a history of that many profiles, three messages, three runs and four events each, by the tables' own layout, then asks
what pages ask, each anew and in turn, and prints median and p95 in milliseconds. Parquet is left out: no page reads it.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from orchestrator.history import MessageFilter, folder_of, open_history
from orchestrator.history.follower import INDEX, opened
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile

DAY = 86_400_000
START = 1_735_689_600_000
DAYS = 365
STATES = ("delivered", "accepted", "suppressed", "refused", "expired", "bounced")
STAGES = ("awareness", "interest", "conversion", "retention", "loyalty", "repurchase", "lost")
CAMPAIGNS = [f"campaign-{number}" for number in range(40)]


def write(state: Path, profiles: int) -> None:
    """The state file (empty) and its history."""
    SqliteFile(state).close()
    folder_of(state).mkdir(exist_ok=True)
    with open_reader(state) as source, closing(opened(folder_of(state), source)) as index:
        index.execute("pragma synchronous=off")
        index.execute("begin")
        for table, width, rows in _tables(profiles):
            index.executemany(f"insert or ignore into {table} values({','.join('?' * width)})", rows)
        index.execute("commit")
        index.execute("pragma wal_checkpoint(truncate)")


def _tables(profiles: int) -> Iterator[tuple[str, int, Iterator[tuple[Any, ...]]]]:
    dice = random.Random(1)
    yield "places", 3, ((key, STAGES[key % 7], START) for key in range(1, profiles + 1))
    yield "crowd", 2, ((stage, profiles // 7) for stage in STAGES)
    yield "runs", 11, (_run(number, dice) for number in range(3 * profiles))
    yield "messages", 17, (_message(number, dice) for number in range(3 * profiles))
    yield (
        "events",
        7,
        ((n, n // 4 + 1, START + n, "Order Completed", "loyalty", 0, '{"total":12.5}') for n in range(1, profiles + 1)),
    )
    days = [(START // DAY) + day for day in range(DAYS)]
    yield (
        "counts",
        5,
        (
            (c, d, w, r, 9)
            for c in CAMPAIGNS
            for d in days
            for w in (*STATES, "triggered", "sent", "opened")
            for r in ("", "cap")
        ),
    )
    yield "flows", 4, ((day, a, b, 9) for day in days for a in STAGES for b in STAGES)
    yield "stays", 4, ((stage, length, 9, 2 ** (length // 8)) for stage in STAGES for length in range(280))
    yield (
        "steps",
        5,
        ((c, f"step-{s}", arm, what, 9) for c in CAMPAIGNS for s in range(9) for arm in ("", "a") for what in STATES),
    )
    yield "under_way", 3, ((campaign, f"step-{step}", 9) for campaign in CAMPAIGNS for step in range(9))
    yield "latest", 2, ((campaign, START) for campaign in CAMPAIGNS)


def _id(number: int) -> str:
    return f"{number * 2654435761 % 2**64:024x}"


def _run(number: int, dice: random.Random) -> tuple[Any, ...]:
    at, live = START + dice.randrange(DAYS * DAY), number % 10 == 0
    campaign = CAMPAIGNS[dice.randrange(40)]
    return (
        _id(number),
        number // 3 + 1,
        campaign,
        at,
        0,
        "",
        f"step-{number % 9}",
        None,
        None,
        None if live else at,
        "" if live else "done",
    )


def _message(number: int, dice: random.Random) -> tuple[Any, ...]:
    at, state = START + dice.randrange(DAYS * DAY), dice.choices(STATES, (60, 20, 15, 1, 3, 1))[0]
    campaign, channel = CAMPAIGNS[dice.randrange(40)], ("email", "sms")[number % 5 == 0]
    reason = "consent" if state == "suppressed" else ""
    its = (_id(number), number // 3 + 1, _id(number), campaign, f"step-{number % 9}", "", channel, f"template-{number % 60}")
    return (*its, "marketing", at, state, reason, at, at, None, None, None)


def _asked(history: Any, dice: random.Random) -> dict[str, Callable[[], Any]]:
    day, campaign = START // DAY + dice.randrange(DAYS - 30), dice.choice(CAMPAIGNS)
    first = START + dice.randrange(DAYS) * DAY
    of_day = {"planned_from": first, "planned_to": first + DAY}
    return {
        "who stands where": history.standing,
        "flows of 30 days": lambda: history.flows(day, day + 30),
        "stays": history.stays,
        "campaigns, 30 days": lambda: history.campaigns(day, day + 30),
        "one campaign, a year": lambda: history.campaigns(campaign=campaign),
        "steps": lambda: history.steps(campaign),
        "under way, one campaign": lambda: history.under_way(campaign),
        "under way, all": history.under_way,
        "messages, newest": history.messages,
        "messages of a campaign": lambda: history.messages(MessageFilter(campaign=campaign)),
        "messages refused": lambda: history.messages(MessageFilter(state="refused")),
        "refused of a campaign": lambda: history.messages(MessageFilter(campaign=campaign, state="refused")),
        "suppressed by consent": lambda: history.messages(MessageFilter(state="suppressed", reason="consent")),
        "a template of a day": lambda: history.messages(MessageFilter(template="template-7", **of_day)),
        "a template": lambda: history.messages(MessageFilter(template="template-7")),
        "a channel that has none": lambda: history.messages(MessageFilter(channel="fax", **of_day)),
        "of a customer": lambda: history.messages(MessageFilter(key=dice.randrange(1000))),
        "far pages": lambda: history.messages(MessageFilter(campaign=campaign), f"{first}-0", 500),
    }


def main() -> None:
    """Write, ask, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--profiles", type=int, default=1_000_000)
    asked.add_argument("--times", type=int, default=40)
    given = asked.parse_args()
    state = given.folder / "state.sqlite"
    if not (folder_of(state) / INDEX).exists():
        given.folder.mkdir(parents=True, exist_ok=True)
        write(state, given.profiles)
    took: dict[str, list[float]] = {}
    dice = random.Random(2)
    for _ in range(given.times):
        with open_history(state) as history:
            for name, ask in _asked(history, dice).items():
                begun = time.perf_counter()
                ask()
                took.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
    for name, times in took.items():
        times.sort()
        print(f"{name:28} median {times[len(times) // 2]:7.2f} ms  p95 {times[int(len(times) * 0.95)]:7.2f} ms")
    with sqlite3.connect(folder_of(state) / INDEX) as index:
        tables = ("places", "runs", "messages", "events")
        rows = sum(index.execute(f"select count(*) from {table}").fetchone()[0] for table in tables)  # noqa: S608
    print(f"{rows:,} rows")


if __name__ == "__main__":
    main()
