"""A `serve` killed at every step of a send, by SendGrid's and by Twilio's adapter: between any two, whatever can be told apart.

    uv run python tests/integration/kill_steps.py --times 3
    uv run python tests/integration/kill_steps.py --channel sms --times 3

Each life ends at one step, killed with all its processes; the last one lives until everything has ended. Then each message
must stand in one named state that is what its provider did, and no marketing message may have been taken twice. Prints what
became of the messages that each step met. By Twilio it takes a quarter of an hour, since its list is looked through so long.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import msgspec

from tests.integration.driving import drive

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.domain.decision import MessageChange
from tests.integration.breakpoint.sitecustomize import PLACES
from tests.integration.fault_proxy import Faults, SendGrid, sendgrid_behind_a_proxy
from tests.integration.kill_sends import Report, changes_of, ended, judge
from tests.integration.listing_twilio import Twilio, by_sms, twilio_listening
from tests.integration.serving import PATIENCE_S, ROOT, identify, order, start, until
from tests.integration.small_workspace import write_workspace
from tests.ports import free_port

TAKEN = "taken, not answered"
"""The provider ends its caller's life between taking a message and answering."""
STEPS = (*list(PLACES)[:5], TAKEN, *list(PLACES)[5:])
ORDERS = 3
COMES_S = 30.0
"""A life that has not come to its step by then never will."""
HERE = Path(__file__).parent


@dataclass
class Steps:
    """What came of it: step → the messages that it met."""

    report: Report = field(default_factory=Report)
    met: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    missed: Counter[str] = field(default_factory=Counter)
    """Lives that came to no such step."""
    last: dict[str, MessageChange] = field(default_factory=dict)

    def told(self, taken: Counter[str]) -> list[str]:
        """A line for each step."""
        lines = []
        for step in STEPS:
            found = Counter(
                f"{self.last[one].cls} {self.last[one].state}{' twice' * (taken[one] > 1)}{' taken' * (taken[one] == 1)}"
                for one in self.met[step]
                if one in self.last
            )
            lines.append(f"{step}: {len(self.met[step])} messages: {dict(sorted(found.items()))}")
        return lines


def run(channel: str, times: int, folder: Path) -> tuple[Steps, Counter[str]]:
    """So many lives for each step, and one more."""
    workspace, state = write_workspace(folder / "workspace"), folder / "state" / "state.sqlite"
    state.parent.mkdir()
    port, steps, told = free_port(), Steps(), folder / "told"
    with ExitStack() as stack:
        provider, environment = _provider(channel, port, workspace, stack)
        number = 0
        for step in STEPS * times:
            number = _life(step, number, provider, steps, told, (workspace, state, port), environment)
        last = start(workspace, state, port=port, **environment)
        try:
            last.listening()
            until(lambda: provider.idle and ended(state), "everything to end", 15 * PATIENCE_S)
        finally:
            last.kill()
        judge(state, provider, steps.report)
        steps.last = changes_of(state, steps.report)
        return steps, provider.taken


def _provider(channel: str, port: int, workspace: Path, stack: ExitStack) -> tuple[SendGrid | Twilio, dict[str, str]]:
    hook = f"http://127.0.0.1:{port}"
    if channel == "sms":
        by_sms(workspace)
        twilio = Twilio(hook)
        return twilio, {**stack.enter_context(twilio_listening(twilio)), "ORCHESTRATOR_PUBLIC_URL": hook}
    policies = workspace / "policies.yaml"
    policies.write_text(policies.read_text() + "in_doubt: {wait: 3m}\n")
    provider = SendGrid(1, f"{hook}/v1/receipts/sendgrid")
    url = stack.enter_context(sendgrid_behind_a_proxy(provider, Faults(1, 0.0)))
    return provider, {
        "ORCHESTRATOR_EMAIL": "sendgrid",
        "ORCHESTRATOR_SENDGRID_API_KEY": "SG.test",
        "ORCHESTRATOR_SENDGRID_BASE_URL": url,
        "ORCHESTRATOR_SENDGRID_WEBHOOK_KEYS": provider.shown(),
    }


def _life(
    step: str,
    number: int,
    provider: SendGrid | Twilio,
    steps: Steps,
    told: Path,
    place: tuple[Path, Path, int],
    environment: dict[str, str],
) -> int:
    """One that ends at that step, at its first or at its second message."""
    workspace, state, port = place
    told.unlink(missing_ok=True)
    at = {"BREAKPOINT": step, "BREAKPOINT_AT": str(1 + number % 2), "BREAKPOINT_TOLD": str(told)} if step in PLACES else {}
    path = os.pathsep.join([str(HERE / "breakpoint"), str(ROOT)])
    life = start(workspace, state, port=port, **environment, **at, PYTHONPATH=path)
    try:
        if step == TAKEN:
            provider.takes = lambda ident: _struck(life.pid, ident, told)
        with suppress(OSError, HTTPException, AssertionError):  # it may end before it answers, or before it listens
            life.listening()
            for _ in range(ORDERS):
                number += 1
                life.post([_identified(f"i{number}", f"user-{number % 7}"), order(f"o{number}", f"user-{number % 7}")])
        deadline = time.monotonic() + COMES_S
        while life.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        steps.missed[step] += life.process.poll() is None
    finally:
        provider.takes = None
        life.kill()
    steps.report.kills += 1
    if told.exists():
        steps.met[step] |= set(told.read_text().split())
    return number


def _identified(ident: str, user: str) -> dict[str, object]:
    found = identify(ident, user)
    return {**found, "traits": {**found["traits"], "phone": f"+3933312345{user[-1]}0"}}


def _struck(group: int, ident: str, told: Path) -> None:
    told.write_text(ident)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def driven(folder: Path, channel: str, times: int) -> dict[str, object]:
    """Run, and give the figures."""
    steps, taken = run(channel, times, folder)
    told = {"steps": steps.told(taken), "steps that a life did not come to": dict(steps.missed)}
    return {**told, **msgspec.to_builtins(steps.report)}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, channel=("email", "sms"), times=3))
