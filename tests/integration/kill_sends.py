"""Sends under fire: answers lost, a `serve` killed at any moment, receipts that come late, doubled and in disorder.

    uv run python tests/integration/kill_sends.py --rounds 30 --lost 0.05

At the end each message must stand in one named state that is what its provider did, no marketing message may have been taken
twice, and what is still in doubt or unknown is counted.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from tests.integration.driving import drive

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.domain.decision import Decision, MessageChange
from orchestrator.stores.reader import open_reader
from tests.integration.fault_proxy import RANKS, Faults, SendGrid, sendgrid_behind_a_proxy
from tests.integration.serving import PATIENCE_S, Serve, identify, order, profiles_of, rows_of, start, until
from tests.integration.small_workspace import write_workspace
from tests.ports import free_port

USERS = 40
ORDERS_A_ROUND = 12
GRAVITY = {"accepted": 1, "delivered": 2, "bounced": 3}
_decision = msgspec.msgpack.Decoder(Decision).decode


class Took(Protocol):
    """A provider: how often it took each message, and what it has told of it."""

    @property
    def taken(self) -> Counter[str]: ...
    @property
    def said(self) -> dict[str, set[str]]: ...


@dataclass
class Report:
    """Figures, and what was wrong."""

    messages: int = 0
    taken: int = 0
    lost: int = 0
    kills: int = 0
    twice: int = 0
    """Transactional ones that were sent again, since nothing was heard."""
    receipts: int = 0
    doubted: int = 0
    """Messages that were in doubt at some time."""
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(rounds: int, folder: Path, seed: int, lost: float, *, longest_s: float = 3.0) -> Report:
    """So many lives of one `serve`, then one without faults until everything has ended."""
    workspace, state = write_workspace(folder / "workspace"), folder / "state" / "state.sqlite"
    policies = workspace / "policies.yaml"
    policies.write_text(policies.read_text() + "in_doubt: {wait: 20s}\n")
    state.parent.mkdir()
    chance, report = random.Random(seed), Report()
    provider, faults, port = SendGrid(seed), Faults(seed, lost), free_port()
    provider.hook = f"http://127.0.0.1:{port}/v1/receipts/sendgrid"
    with sendgrid_behind_a_proxy(provider, faults) as proxy:
        environment = {
            "ORCHESTRATOR_EMAIL": "sendgrid",
            "ORCHESTRATOR_EMAIL_RATE": "1000",
            "ORCHESTRATOR_SENDGRID_API_KEY": "SG.test",
            "ORCHESTRATOR_SENDGRID_BASE_URL": proxy,
            "ORCHESTRATOR_SENDGRID_WEBHOOK_KEYS": provider.shown(),
        }
        sent = 0
        for number in range(rounds + 1):
            life = start(workspace, state, port=port, **environment)
            try:
                life.listening()
                for _ in range(ORDERS_A_ROUND):
                    sent += 1
                    _order(life, chance, sent)
                if number < rounds:
                    time.sleep(chance.random() * longest_s)
                    _strike(life, chance, report)
                else:
                    faults.share = 0.0
                    until(lambda: provider.idle and ended(state), "everything to end", 4 * PATIENCE_S)
            finally:
                life.kill()
    report.lost, report.receipts = faults.lost, sum(provider.statuses.values())
    judge(state, provider, report)
    return report


def _order(life: Serve, chance: random.Random, number: int) -> None:
    user = f"user-{chance.randrange(USERS)}"
    answer = life.post([identify(f"i{number}", user), order(f"o{number}", user)])
    assert answer.status == 200, answer


def _strike(life: Serve, chance: random.Random, report: Report) -> None:
    """Kill -9 the edge, the engine or both; whichever is left ends by itself or is ended."""
    victims = [[life.pid], life.children(), [life.pid, *life.children()]][chance.randrange(3)]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            report.kills += 1


def ended(state: Path) -> bool:
    """Whether nothing waits for anything any more."""
    with open_reader(state) as reader:
        for _, profile in profiles_of(reader):
            if profile.messages or any(run.state == "wait" and not run.ended for run in profile.runs):
                return False
    return True


def changes_of(state: Path, report: Report) -> dict[str, MessageChange]:
    """What was said last of each message."""
    last: dict[str, MessageChange] = {}
    report.doubted = 0
    with open_reader(state) as reader:
        for row, _ in rows_of(reader):
            for change in _decision(row.decision).messages if row.decision else ():
                last[change.id] = change
                report.doubted += change.state == "in_doubt"
    return last


def judge(state: Path, provider: Took, report: Report) -> None:
    """Add up how each message ended, and what is wrong with that."""
    last = changes_of(state, report)
    with open_reader(state) as reader:
        for key, profile in profiles_of(reader):
            if profile.planned != sum(profile.tally.values()) + len(profile.messages):
                report.wrong.append(
                    f"profile {key} planned {profile.planned} and has {profile.tally} and {len(profile.messages)}"
                )
    report.messages, report.taken = len(last), provider.taken.total()
    for change in last.values():
        report.states[change.state] += 1
        _judge_message(change, provider, report)


def _judge_message(change: MessageChange, provider: Took, report: Report) -> None:
    took, words = provider.taken[change.id], provider.said[change.id]
    said = max((RANKS.get(word, "delivered") for word in words), key=GRAVITY.__getitem__, default="")
    report.twice += took > 1
    if took > (1 if change.cls == "marketing" else 2):
        report.wrong.append(f"{change.id} ({change.cls}) was taken {took} times")
    if change.state in GRAVITY and not took:
        report.wrong.append(f"{change.id} is {change.state}, and nobody took it")
    if change.state in ("refused", "suppressed", "expired", "cancelled") and took:
        report.wrong.append(f"{change.id} is {change.state}, and was taken")
    if said and change.state != said:
        report.wrong.append(f"{change.id} is {change.state}, and its provider said {sorted(words)}")


def driven(folder: Path, rounds: int, lost: float, seed: int) -> dict[str, object]:
    """Run, and give the figures; `lost` is the share of answers that are."""
    return dict(msgspec.to_builtins(run(rounds, folder, seed, lost)))


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, rounds=30, lost=0.05, seed=1))
