"""A breaker for each channel: a provider that fails, or asks for a pause, is left alone, and no message is burnt on it.

closed ─▶ (settings refused, or half of what was tried failed) open ─▶ (after a while) one probe ─▶ closed, or open longer

Every process that hands messages over has its own: it goes by what it hears itself.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import msgspec

from orchestrator.delivery.limits import (
    FAILURES_MIN,
    FAILURES_SHARE,
    OPEN_MAX_MS,
    OPEN_MS,
    OPEN_SETTINGS_MS,
    PROBE_MS,
    TRIED_KEPT,
    TRIED_MS,
)
from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.ledger import NOT_THERE
from orchestrator.domain.profile import Call, Message
from orchestrator.metrics import BREAKER_OPEN, Reading

BREAKER, THROTTLE = "breaker", "throttle"
BREAKERS = "breakers"
"""The name under which a state file notes those that are open."""


class Open(msgspec.Struct, frozen=True, array_like=True):
    """A channel that is left alone from then until then. `why`: its breaker, or its provider asked for it."""

    since: int
    until: int
    why: str


@dataclass(slots=True)
class Breaker:
    """Of one channel. Times are the engine's, in milliseconds."""

    tried: deque[tuple[int, bool]] = field(default_factory=lambda: deque(maxlen=TRIED_KEPT))
    """(when its end was heard, whether it failed)"""
    until: int = 0
    """It is open until then; 0: closed."""
    opened: int = 0
    """How often it has opened without closing."""
    probe: str = ""
    probed_at: int = 0
    asked_to_wait: int = 0
    """The provider's own word: nothing more before then."""
    since: int = 0
    """When it opened, or was asked to wait, last."""

    def lets(self, ident: str, now: int) -> tuple[int, str] | None:
        """None where this message may be tried now; else (from when on to ask again, why)."""
        if now < self.asked_to_wait:
            return self.asked_to_wait, THROTTLE
        if not self.until:
            return None
        if now < self.until:
            return self.until, BREAKER
        if self.probe and self.probe != ident and now < self.probed_at + PROBE_MS:
            return self.probed_at + PROBE_MS, BREAKER
        return None

    def goes(self, ident: str, now: int) -> None:
        """It has leave now: of an open breaker it is the probe."""
        if self.until:
            self.probe, self.probed_at = ident, now

    def heard(self, outcome: Outcome, now: int) -> None:
        """What became of an attempt, by its provider's word or silence."""
        if outcome.kind in NOT_THERE:
            return
        if outcome.result == "not_sent" and outcome.kind == THROTTLE and outcome.retry_at is not None:
            self.asked_to_wait, self.since = max(self.asked_to_wait, outcome.retry_at), now
            return
        settings = outcome.result == "refused" and outcome.kind == "config"
        failed = settings or outcome.result == "in_doubt" or (outcome.result == "not_sent" and outcome.kind == "unreachable")
        if outcome.result == "not_sent" and not failed:
            return
        self.tried.append((now, failed))
        if not failed:
            if self.until and (outcome.message_id == self.probe or now >= self.until):
                self._close()
        elif settings or self._fails(now) or outcome.message_id == self.probe:
            self._open(now, OPEN_SETTINGS_MS if settings else OPEN_MS)

    @property
    def stands(self) -> Open | None:
        """None where nothing keeps messages back. A breaker whose time is over waits for its probe."""
        if self.until and self.until >= self.asked_to_wait:
            return Open(self.since, self.until, BREAKER)
        return Open(self.since, self.asked_to_wait, THROTTLE) if self.asked_to_wait else None

    def _fails(self, now: int) -> bool:
        lately = [failed for at, failed in self.tried if at > now - TRIED_MS]
        return len(lately) >= FAILURES_MIN and sum(lately) >= FAILURES_SHARE * len(lately)

    def _open(self, now: int, first: int) -> None:
        if now < self.until:
            return  # attempts that were under way when it opened
        self.opened, self.since = self.opened + 1, now
        self.until, self.probe = now + min(OPEN_MAX_MS, first << min(self.opened - 1, 10)), ""
        self.tried.clear()

    def _close(self) -> None:
        self.until, self.opened, self.probe = 0, 0, ""
        self.tried.clear()


@dataclass(slots=True)
class Breakers:
    """Those of all channels of one process. Webhooks have none: each is asked again in its own time."""

    by_channel: dict[str, Breaker] = field(default_factory=dict)

    def lets(self, message: Message | Call, now: int) -> tuple[int, str] | None:
        """None where it may be tried now; else (from when on to ask again, why)."""
        breaker = self.by_channel.get(message.channel)
        return None if breaker is None else breaker.lets(message.id, now)

    def open(self) -> dict[str, Open]:
        """Those that are not closed, by channel."""
        return {name: stands for name, one in self.by_channel.items() if (stands := one.stands) is not None}

    def goes(self, message: Message | Call, now: int) -> None:
        """It has leave now."""
        breaker = self.by_channel.get(message.channel)
        if breaker is not None:
            breaker.goes(message.id, now)

    def heard(self, channel: str, given: Outcome | Receipt, now: int) -> None:
        """What became of an attempt on that channel."""
        if isinstance(given, Outcome):
            self.by_channel.setdefault(channel, Breaker()).heard(given, now)


noted = msgspec.json.Encoder(order="sorted").encode


def open_in(fact: bytes | None, now: int) -> dict[str, Open]:
    """Those that a file has noted, without what its provider asked for and is over."""
    return lasting({} if fact is None else msgspec.json.decode(fact, type=dict[str, Open]), now)


def lasting(found: dict[str, Open], now: int) -> dict[str, Open]:
    """Those of them that still are: a breaker whose time is over is open until its probe."""
    return {name: one for name, one in found.items() if one.why == BREAKER or now < one.until}


def readings_of(found: dict[str, Open]) -> list[Reading]:
    """The same on a page of metrics; where none is open, that is told of no channel."""
    told = [Reading(BREAKER_OPEN, 1, {"channel": name, "reason": one.why}) for name, one in found.items()]
    return told or [Reading(BREAKER_OPEN, 0, {"channel": "", "reason": ""})]
