"""The long tier of `serve`: kill -9 of the edge, the engine or both at random moments, again and again, on one state file.

    uv run python tests/integration/kill_serve.py --rounds 500

Emitters send batches at once and repeat what was not answered with 200. At the end everything that was answered with 200 must
be in the file, nothing may be decided twice, every profile's messages must add up, and no marketing message may have gone out
twice.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from orchestrator.authoring import load_program
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import seal
from orchestrator.insight.accepted import given_of
from orchestrator.stores.reader import SqliteReader, open_reader
from tests.integration.driving import drive
from tests.integration.serving import (
    LOOK_S,
    PATIENCE_S,
    Asked,
    Serve,
    identify,
    order,
    profiles_of,
    rows_of,
    running,
    sent,
    start,
    track,
    until,
)
from tests.integration.small_workspace import write_workspace

USERS = 300
EMITTERS = 6
BATCH_MOST = 40
REPEAT_SHARE = 0.1
"""Of a batch: events that were answered before."""
REPEATABLE = 1_000
"""So many newest events may be repeated: well inside what a profile remembers."""
LIFE_MOST_S = 8.0
"""Most lives are much shorter; some are long enough for the messages that waited to go out."""
VICTIMS = ("edge", "engine", "group")
CHANNEL = {"ORCHESTRATOR_FILE_DURABLE": "false", "ORCHESTRATOR_FILE_EML": "false"}
"""As fast as a provider: what a killed process has written stays written."""
EARLY_SHARE = 0.15
"""Of the rounds: killed before it listens."""


FAULTS_KEPT = 20
_RAISED = re.compile(r"[\w.]+(Error|Gone|Exception|Interrupt|Iteration)\b")


@dataclass
class Shop:
    """What the emitters share: where to send, and what was answered."""

    seed: int
    url: str = ""
    answered: set[str] = field(default_factory=set)
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REPEATABLE))
    statuses: Counter[str] = field(default_factory=Counter)
    closing: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: threading.Event = field(default_factory=threading.Event)

    def emit(self, number: int) -> None:
        """One emitter: batch after batch, each until it is answered with 200."""
        chance = random.Random(f"{self.seed} {number}")
        sequence = 0
        while not self.closing:
            batch = []
            for _ in range(chance.randint(1, BATCH_MOST)):
                sequence += 1
                batch.append(_event(chance, f"{number}-{sequence}"))
            with self.lock:
                repeated = int(len(batch) * REPEAT_SHARE * 2 * chance.random())
                batch += chance.sample(list(self.recent), min(repeated, len(self.recent)))
            chance.shuffle(batch)
            self._deliver(batch)

    def _deliver(self, batch: list[dict[str, Any]]) -> None:
        """Repeat the batch until it is answered with 200."""
        while True:
            self.open.wait(PATIENCE_S)
            try:
                status = Asked(self.url, batch).answer().status
            except (OSError, http.client.HTTPException):
                status = 0
            with self.lock:
                self.statuses[str(status or "no answer")] += 1
                if status == 200:
                    self.answered.update(event["messageId"] for event in batch)
                    self.recent.extend(batch)
                    return
            if status not in (0, 429, 503):
                message = f"answered {status}, which an SDK takes for final"
                raise AssertionError(message)
            time.sleep(LOOK_S)  # as every SDK does before it comes again


def _event(chance: random.Random, ident: str) -> dict[str, Any]:
    user = f"user-{chance.randrange(USERS)}"
    kind = chance.random()
    if kind < 0.2:
        return identify(ident, user)
    if kind < 0.3:
        return track(ident, user, "Consent Given", topic="news")
    if kind < 0.4:
        return track(ident, user, "Letter Wanted")
    if kind < 0.8:
        return track(ident, user, "Order Paid", order_id=f"O-{ident}")
    return order(ident, user)


@dataclass
class Report:
    """Figures, and what was wrong."""

    seed: int
    rounds: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    rows: int = 0
    profiles: int = 0
    planned: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    sent_twice: int = 0
    unbalanced: int = 0
    differs: int = 0
    """Rows whose decision, made again, is another one; profiles whose bytes are."""
    minutes: float = 0.0
    starts_s: float = 0.0
    """Mean time from start to `listening`."""
    faults: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        return bool(self.faults or self.lost or self.doubled or self.sent_twice or self.unbalanced or self.differs)


def run(rounds: int, folder: Path, seed: int, *, longest_s: float = LIFE_MOST_S, quiet: bool = False) -> Report:
    """Kill `serve` so many times in `folder` and judge what is left."""
    workspace, state = write_workspace(folder / "workspace"), folder / "state.sqlite"
    began, report, shop = time.monotonic(), Report(seed), Shop(seed)
    emitters = [threading.Thread(target=shop.emit, args=(number,), daemon=True) for number in range(EMITTERS)]
    for emitter in emitters:
        emitter.start()
    starts: list[float] = []
    for number in range(rounds):
        chance = random.Random(f"{seed} round {number}")
        life = start(workspace, state, **CHANNEL)
        _round(life, chance, longest_s, shop, report, starts)
        report.rounds += 1
        if not quiet and report.rounds % 25 == 0:
            minutes = (time.monotonic() - began) / 60
            sys.stderr.write(f"{report.rounds} rounds, {len(shop.answered)} events answered, {minutes:.1f} min\n")
    _last_life(workspace, state, shop, emitters, report)
    report.statuses, report.answered = shop.statuses, len(shop.answered)
    report.starts_s = round(sum(starts) / len(starts), 2) if starts else 0.0
    judge(workspace, state, shop.answered, report)
    report.minutes = round((time.monotonic() - began) / 60, 2)
    return report


def _round(life: Serve, chance: random.Random, longest_s: float, shop: Shop, report: Report, starts: list[float]) -> None:
    """One life, ended by kill -9."""
    begun = time.monotonic()
    try:
        victim = chance.choice(VICTIMS)
        if chance.random() < EARLY_SHARE:
            time.sleep(chance.random() * 2)
            victim += ", early"
        else:
            life.listening()
            starts.append(time.monotonic() - begun)
            shop.url = life.url() or ""
            shop.open.set()
            time.sleep(chance.random() ** 4 * longest_s)
        engine = _strike(life, victim, report)
        shop.open.clear()
        if chance.random() < 0.5 and engine is not None:  # otherwise the next life meets the last one's engine
            until(lambda: not running(engine), "the engine to end by itself")
        life.process.wait(PATIENCE_S)
    except BaseException:
        life.kill()
        raise
    _complain(life, victim, report)


def _strike(life: Serve, victim: str, report: Report) -> int | None:
    """Kill the victim; gives the engine's process, where there is one."""
    engine = next(iter(life.children()), None)
    kind = victim.partition(",")[0]
    if kind == "group" or engine is None:
        os.killpg(life.pid, signal.SIGKILL)
    else:
        os.kill(life.pid if kind == "edge" else engine, signal.SIGKILL)
    report.killed[victim] += 1
    return engine


def _complain(life: Serve, victim: str, report: Report) -> None:
    """Whoever was not killed must have ended without a word that frightens."""
    said = life.said()
    lines = said.splitlines()
    for at, line in enumerate(lines):
        if _RAISED.match(line) and len(report.faults) < FAULTS_KEPT:
            report.faults.append(f"after kill of {victim}: " + "\n".join(lines[max(0, at - 12) : at + 1]))
    life.log.unlink()


def _last_life(workspace: Path, state: Path, shop: Shop, emitters: list[threading.Thread], report: Report) -> None:
    """Let the emitters finish, and end as one should."""
    life = start(workspace, state, **CHANNEL).listening()
    shop.url, shop.closing = life.url() or "", True
    shop.open.set()
    for emitter in emitters:
        emitter.join(PATIENCE_S)
        if emitter.is_alive():
            report.faults.append("an emitter got no answer")
    code = life.terminate()
    if code != 0:
        report.faults.append(f"ended with {code}: {life.said()[-1500:]}")


def judge(workspace: Path, state: Path, answered: set[str], report: Report) -> None:
    """Look through everything that is in the file and in the channel's folder."""
    with open_reader(state) as reader:
        decided = Counter[tuple[str, str]]()
        for _, given in rows_of(reader):
            report.rows += 1
            if isinstance(given, Event) and given.depth == 0:
                decided[given.source, given.message_id] += 1
        report.accepted = len(decided)
        report.lost = len(answered - {ident for _, ident in decided})
        report.doubled = sum(times > 1 for times in decided.values())
        for _, profile in profiles_of(reader):
            report.profiles += 1
            report.planned += profile.planned
            report.messages.update(profile.tally)
            report.messages.update(f"{message.state} still" for message in profile.messages)
            report.unbalanced += profile.planned != sum(profile.tally.values()) + len(profile.messages)
        report.differs = _decided_again(workspace, reader)
    marketing = [message["message_id"] for message in sent(state) if message["campaign"] != "receipt"]
    report.sent, report.sent_twice = len(sent(state)), len(marketing) - len(set(marketing))


def _decided_again(workspace: Path, reader: SqliteReader) -> int:
    """How many decisions and profiles differ when the journal is decided again."""
    program, differs = load_program(workspace), 0
    for key, stored in profiles_of(reader):
        raw = f"u:{stored.user_id}"
        rows = list(reader.history(key))
        again = newcomer(program, rows[0].clock, raw)
        for row in rows:
            differs += decide(program, Controls(), again, given_of(row.given), row.clock).encoded != row.decision
        differs += seal(again) != seal(stored)
    return differs


def driven(folder: Path, rounds: int, seed: int) -> dict[str, object]:
    """Run, and give the figures."""
    report = run(rounds, folder, seed)
    return {**msgspec.to_builtins(report), "wrong": report.wrong}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, rounds=500, seed=1))
