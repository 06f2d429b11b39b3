"""What a console costs the engine: uv run python tests/bench/beside.py FOLDER [--copies N] [--rounds N].

A year of an invented shop is replayed into FOLDER and grown to a million customers (`grown.py`), once. Then events flow to a
real `serve` at a steady rate, in turn without a console and with one, its follower, and people who ask for page after page. An
event is answered when its decision is on disk. Prints how long that took either way, and how long the pages did.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.authoring import load_workspace
from orchestrator.cli.demo import lay_out
from orchestrator.cli.replay import run
from orchestrator.history import open_history
from orchestrator.stores.reader import open_reader
from tests.bench.edge import _share, latency
from tests.bench.grown import grow
from tests.bench.histories import write_shop
from tests.console.house import PASSWORD, console_on
from tests.integration.serving import PATIENCE_S, Serve, serving, until

PEOPLE = 4
"""Operators who look."""
EACH = 5
"""Events of each customer, on average."""
QUIET_S = 10.0
NEAR = 2_000
"""Rows by which a history may be behind before anything is timed."""
LOOK_S = 1.0
"""Each asks for a page so often, on average."""
PAGES = (
    "/",
    "/?days=1",
    "/hour",
    "/campaigns",
    "/campaign?name=cart-reminder",
    "/campaign?name=welcome",
    "/customers?q=c-17",
    "/customer?id=u:c-{customer}",
    "/customer?id=u:c-{customer}&campaign=welcome",
    "/messages",
    "/messages?state=suppressed",
    "/messages?campaign=welcome&state=accepted",
    "/messages?template=nothing-of-this-name",
    "/doubts",
    "/approvals",
    "/letters",
    "/rejects",
    "/engine",
    "/audit",
)
_CAUGHT_UP = re.compile(r"^orchestrator_clock_lag_seconds\{.*\} [01]\.", re.MULTILINE)
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass
class Looking:
    """Operators at work; `took` is page → milliseconds."""

    base: str
    customers: int
    took: dict[str, list[float]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    warm: threading.Event = field(default_factory=threading.Event)

    def look(self, number: int) -> None:
        """One of them, until it is over."""
        dice = random.Random(number)
        with httpx.Client(base_url=self.base, timeout=60) as person:
            token = _TOKEN.search(person.get("/login").text)
            assert token is not None
            assert person.post("/login", data={"name": "vito", "password": PASSWORD, "token": token[1]}).status_code == 303
            if number == 0:  # what is compiled at the first look is compiled before anything is timed
                for page in PAGES:
                    person.get(page.format(customer=0))
                self.warm.set()
            self.warm.wait()
            while not self.over.wait(dice.random() * 2 * LOOK_S):
                page = dice.choice(PAGES)
                begun = time.perf_counter()
                answer = person.get(page.format(customer=dice.randrange(self.customers)))
                self.took.setdefault(page, []).append((time.perf_counter() - begun) * 1_000)
                assert answer.status_code in (200, 303), (page, answer.status_code)


def operators(base: str, customers: int, told: Connection) -> None:
    """A process of people: tells when they have begun, and how long pages took once it is told to end."""
    found = Looking(base, customers)
    threads = [threading.Thread(target=found.look, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    told.send(found.warm.wait(PATIENCE_S))
    told.recv()
    found.over.set()
    for thread in threads:
        thread.join()
    told.send(found.took)


@contextmanager
def looking(state: Path, customers: int, took: dict[str, list[float]]) -> Iterator[None]:
    """A console with its follower, and people before it, who are another process than those who send events."""
    with console_on(state) as base:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=operators, args=(base, customers, theirs))
        process.start()
        assert ours.recv()
        until(lambda: _follows(state), "the follower to catch up", 600)
        try:
            yield
        finally:
            ours.send("over")
            for page, times in ours.recv().items():
                took.setdefault(page, []).extend(times)
            process.join()


def _follows(state: Path) -> bool:
    with open_history(state) as history:
        return history.lag().behind < NEAR


def world(folder: Path, events: int, copies: int, journaled: int) -> tuple[Path, Path]:
    """The workspace and its large state file, made where it is not there yet."""
    workspace, state = folder / "workspace", folder / "state.sqlite"
    if not state.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / "made.sqlite"
        shop = write_shop(folder / "shop.jsonl", events, EACH)
        run(load_workspace(lay_out(workspace)), [shop], "sqlite", 1, made, None)
        with serving(workspace, made) as life:  # copies are made of what lives in the present: nothing of theirs is overdue
            quiet(life, made)
            assert life.terminate() == 0
        grow(made, copies, journaled)
        for path in sorted(folder.glob("made.sqlite*")):
            path.rename(folder / path.name.replace("made", "state"))
    return workspace, state


def quiet(life: Serve, state: Path) -> None:
    """Return once the engine has caught up with the clock: what was due since the replay is done."""

    def done() -> bool:
        with open_reader(state) as reader:
            before = reader.last_seq()
            time.sleep(QUIET_S)
            return reader.last_seq() == before and _CAUGHT_UP.search(life.page("metrics")) is not None

    until(done, "the engine to catch up", 1_800)
    assert life.process.poll() is None


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Both ways in turn, so many rounds of one life of `serve`."""
    workspace, state = world(given.folder, given.events, given.copies, given.journaled)
    customers = given.events // EACH
    first = int(time.time()) * 10**10  # an event that an earlier run has sent would only be a repeat
    alone, beside, took = list[dict[str, Any]](), list[dict[str, Any]](), dict[str, list[float]]()
    with serving(workspace, state) as life:
        quiet(life, state)
        for number in range(1, given.rounds + 1):
            alone.append(latency(life, given.seconds, given.rate, first + 2 * number * 10**8))
            with looking(state, customers, took):
                beside.append(latency(life, given.seconds, given.rate, first + (2 * number + 1) * 10**8))
        assert life.terminate() == 0
    return {"load": round(os.getloadavg()[0], 1), **size(state), **compared(alone, beside), "pages": pages(took)}


def size(state: Path) -> dict[str, int]:
    """Of the world."""
    with open_reader(state) as reader, closing(reader._connection.cursor()) as run:
        return {name: run.execute(f"select count(*) from {name}").fetchone()[0] for name in ("profiles", "journal")}  # noqa: S608


def compared(alone: list[dict[str, Any]], beside: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds, and the ratio of them."""
    found: dict[str, Any] = {}
    for name in ("p50_ms", "p99_ms"):
        one, other = (statistics.median(each[name] for each in every) for every in (alone, beside))
        found |= {f"alone_{name}": one, f"beside_{name}": other, f"{name[:3]}_ratio": round(other / one, 3)}
    return found | {"refused": sum(each["refused"] for each in (*alone, *beside))}


def pages(took: dict[str, list[float]]) -> dict[str, list[float]]:
    """page → how often, and median and p95 in milliseconds."""
    every = {page: sorted(times) for page, times in sorted(took.items())}
    return {page: [len(times), round(_share(times, 0.5)), round(_share(times, 0.95))] for page, times in every.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=100_000, help="of the year that is replayed")
    parser.add_argument("--copies", type=int, default=49, help="of each of its customers")
    parser.add_argument("--journaled", type=int, default=39, help="so many of the copies have a journal")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    given = parser.parse_args()
    print(json.dumps(measure(given), indent=1))


if __name__ == "__main__":
    main()
