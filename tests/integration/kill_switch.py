"""The kill switch of `serve` while 500 messages a second leave: how long after the click the last one arrives at its provider.

uv run python tests/integration/kill_switch.py --clicks 30
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import takewhile
from pathlib import Path
from tempfile import NamedTemporaryFile

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.integration.serving import Serve, serving, until
from tests.integration.small_workspace import write_workspace
from tests.integration.swift_provider import RECORD

RATE = 625
"""Of which marketing has four fifths: 500 a second."""
STEADY = 450
"""Messages a second, over the two before a click: the governor's seconds begin with a burst, so one alone says little."""
PEOPLE = 2_500
"""Of a round; so many more begin their course before each click."""


@dataclass(slots=True)
class Provider:
    """A process of its own that accepts everything and notes when it came."""

    port: int = 0
    _notes: BufferedReader | None = None
    _arrived: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def arrived(self) -> list[tuple[float, bytes]]:
        """When each message came, and its id; also once it is over."""
        if self._notes is not None:
            whole = self._notes.read()
            self._notes.seek(-(len(whole) % RECORD.size), 1)
            self._arrived += RECORD.iter_unpack(whole[: len(whole) - len(whole) % RECORD.size])
        return self._arrived

    @contextmanager
    def listening(self) -> Iterator[None]:
        with NamedTemporaryFile() as notes, Path(notes.name).open("rb") as read:
            self._notes = read
            command = [sys.executable, str(Path(__file__).with_name("swift_provider.py")), notes.name]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            try:
                assert process.stdout is not None
                self.port = int(process.stdout.readline())
                yield
            finally:
                process.kill()
                process.communicate()
                self._arrived, self._notes = self.arrived, None


def environment(provider: Provider) -> dict[str, str]:
    """Everything leaves by SendGrid's adapter to this provider."""
    return {
        "ORCHESTRATOR_EMAIL": "sendgrid",
        "ORCHESTRATOR_SENDGRID_API_KEY": "test",
        "ORCHESTRATOR_SENDGRID_BASE_URL": f"http://127.0.0.1:{provider.port}",
        "ORCHESTRATOR_EMAIL_RATE": str(RATE),
    }


def orders(life: Serve, first: int, people: int) -> None:
    """So many customers begin a course, whose letter comes four seconds later."""
    for start in range(first, first + people, 400):
        batch = []
        for number in range(start, min(start + 400, first + people)):
            who = {"userId": f"k{number}"}
            batch.append({"type": "identify", "messageId": f"i{number}", "traits": {"email": f"k{number}@e.example"}, **who})
            batch.append({"type": "track", "messageId": f"c{number}", "event": "Course Begun", **who})
        assert life.post(batch).status == 200


def told(state: Path, *command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "orchestrator", *command, "--state", str(state)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def after_click(provider: Provider, clicked: float, quiet_s: float = 2.5) -> float:
    """How long after the click the last message arrived, once none has come for a while."""
    until(lambda: time.monotonic() - max(clicked, provider.arrived[-1][0]) > quiet_s, "hand-offs to end")
    return max(0.0, provider.arrived[-1][0] - clicked)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def rate(provider: Provider) -> int:
    """How many a second have arrived in the last two."""
    since = time.monotonic() - 2
    return sum(1 for _ in takewhile(lambda one: one[0] > since, reversed(provider.arrived))) // 2


def full_rate(life: Serve, provider: Provider, ordered: int) -> int:
    """Return once so much leaves, with more customers where a busy machine never came so far; how many there are then."""
    while True:
        orders(life, ordered, PEOPLE)
        ordered += PEOPLE
        until(lambda: rate(provider) >= STEADY or len(provider.arrived) >= ordered, "the full rate")  # noqa: B023 - looked at now
        if rate(provider) >= STEADY:
            return ordered


def click(provider: Provider, state: Path, wait_s: float) -> tuple[int, float, float]:
    """Kill at the full rate, and let go again; (messages a second before it, last after its start, after its return)."""
    time.sleep(wait_s)  # else every click came at the same place in a second
    before, begun = rate(provider), time.monotonic()
    told(state, "kill")
    clicked = time.monotonic()
    late = after_click(provider, begun), after_click(provider, clicked)
    told(state, "kill", "--off", "--yes")
    return before, *late


def percentile(found: list[float], share: float) -> float:
    """The least that is not exceeded by so large a share."""
    return sorted(found)[min(len(found) - 1, int(share * len(found)))]


def main() -> None:
    """Click again and again, and print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--clicks", type=int, default=10)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    provider = Provider()
    with provider.listening(), tempfile.TemporaryDirectory() as folder:
        workspace, state = write_workspace(Path(folder) / "shop"), Path(folder) / "state.sqlite"
        found: list[tuple[int, float, float]] = []
        chance, ordered = random.Random(given.seed), 0
        with serving(workspace, state, **environment(provider)) as life:
            for _ in range(given.clicks):
                ordered = full_rate(life, provider, ordered)
                found.append(click(provider, state, chance.random()))
                before, begun, clicked = found[-1]
                say(f"{before} a second before it; last {begun:.3f} s after it began, {clicked:.3f} s after it returned")
            told(state, "kill")
            after_click(provider, time.monotonic())
            assert life.terminate() == 0
        left = len(provider.arrived)
        with serving(workspace, state, **environment(provider)):
            time.sleep(3)
            say(f"started again while killed: {len(provider.arrived) - left} left in 3 s")
            told(state, "kill", "--off", "--yes")
            until(lambda: len(provider.arrived) >= ordered, "everything to leave", 300)
        ids = [ident for _, ident in provider.arrived]
    rates = [one[0] for one in found]
    say(f"{len(ids)} messages, {len(ids) - len(set(ids))} twice; {min(rates)} to {max(rates)} a second before the clicks")
    for place, name in ((1, "began"), (2, "returned")):
        late = [one[place] for one in found]
        p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
        say(f"last hand-off after the command {name}: p50 {p50:.3f} s, p99 {p99:.3f} s, most {max(late):.3f} s")


if __name__ == "__main__":
    main()
