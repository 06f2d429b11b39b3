"""A replay under way: lines in, decisions watched, and at the end where everybody stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire, sampled
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.program import Program
from orchestrator.intake.files import Accepted
from orchestrator.partition.engine import Engine, Watch
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Store, Stored

BATCH = 1_000
"""Events in one commit."""


class Replaying:
    """Feeds recorded events to the production loop in virtual time: every timer due is fired, every message is accepted.

    `watch` sees the decisions of each commit, `look` each message as a channel would; `samples` are what webhooks answer.
    """

    def __init__(
        self,
        program: Program,
        stores: Sequence[Store],
        watch: Watch,
        look: Callable[[Outgoing], None] | None = None,
        samples: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        around = Surroundings(program, OpenGovernor(), VirtualWire(look, sampled(samples or {})), Controls(addresses=False))
        self._engine = Engine(stores, around, watch)
        self._pending = 0
        self.clock = self._engine.clock
        self.events = 0
        self.duplicates = 0

    @property
    def dead(self) -> int:
        """Inputs that became dead letters."""
        return self._engine.dead

    def take(self, line: Accepted, *, counts: bool = True) -> bool:
        """Decide one event at its arrival; says whether a commit was due and done. `counts`: no other replay counts it."""
        decision = self._engine.feed(line.event, line.arrival)
        self.clock = max(self.clock, line.arrival)
        if decision is not None and decision.duplicate:
            self.duplicates += counts
        else:
            self.events += counts
        self._pending += 1
        if self._pending < BATCH:
            return False
        self._engine.commit()
        self._pending = 0
        return True

    def finish(self, until: int | None = None) -> None:
        """Let the clock run on until then, and commit."""
        self.clock = self.clock if until is None else max(self.clock, until)
        self._engine.advance(self.clock)
        self._engine.commit()


@dataclass(slots=True)
class Standing:
    """Where everybody stands: profiles by stage, their names by key, the runs under way by campaign."""

    stages: dict[str, int]
    names: dict[int, str] = field(default_factory=dict)
    under_way: Counter[str] = field(default_factory=Counter)
    weight: int = 0
    """The digest of all decisions as a number: those of disjoint sets of profiles add up, modulo 2^128."""

    @property
    def digest(self) -> str:
        return digest_of(self.weight)


def digest_of(weight: int) -> str:
    """The digest as it is written."""
    return f"{weight % (1 << 128):032x}"


def standing(program: Program, profiles: Iterable[tuple[int, Stored]]) -> Standing:
    """Look at every profile once."""
    found = Standing(dict.fromkeys((*program.wheel.stages, *program.wheel.outside), 0))
    for key, stored in profiles:
        profile = unseal(stored.sealed)
        found.names[key] = profile.name
        found.stages[profile.stage] = found.stages.get(profile.stage, 0) + 1
        found.under_way.update(run.campaign for run in profile.runs if not run.ended)
        found.weight = (found.weight + _weight(profile)) % (1 << 128)
    return found


def _weight(profile: Profile) -> int:
    """A profile's share of the digest: its decisions in its own order; shares add up in any order."""
    name = profile.name.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name + b"\0" + profile.digest, digest_size=16).digest(), "big")
