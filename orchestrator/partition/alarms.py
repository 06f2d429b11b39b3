"""What a live engine counts for the alarms of its campaigns, and keeps with what it decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from orchestrator.domain.alarms import Tally, decode, done_by, encode, expectations
from orchestrator.domain.campaign import SENDS, Campaign, Send
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided

ALARMS = "alarms"
"""The name under which a file notes which tallies it has."""
Fact = Callable[[str], bytes | None]


def fact_of(name: str) -> str:
    """The name under which it notes one."""
    return f"alarm/{name}"


def tallies_in(fact: Fact) -> list[Tally]:
    """What a file has counted for the alarms of its live program."""
    listed = fact(ALARMS)
    names = [] if listed is None else msgspec.json.decode(listed, type=list[str])
    return [decode(found) for name in names if (found := fact(fact_of(name))) is not None]


class Tallies:
    """Of one engine. It changes memory; whoever commits takes `notes` along."""

    def __init__(self, fact: Fact) -> None:
        self._tallies = {tally.name: tally for tally in tallies_in(fact)}
        self._changed: set[str] = set()
        self._channels: dict[str, frozenset[str]] = {}
        """campaign → the channels that its messages leave by."""
        self._listed = set(self._tallies)
        self._told_at = 0
        self._untold, self._heard = True, bool(self._tallies)

    def lay(self, program: Program) -> None:
        """Count for the alarms of this program; what was counted by the same span goes on."""
        known, self._tallies = self._tallies, {}
        self._channels = {name: channels_of(campaign) for name, campaign in program.campaigns.items()}
        for campaign in program.campaigns.values():
            for tally in expectations(campaign):
                before = known.get(tally.name)
                if before is not None and before.per == tally.per:
                    tally.since, tally.parts, tally.spans, tally.held = before.since, before.parts, before.spans, before.held
                if tally != before:
                    self._changed.add(tally.name)
                self._tallies[tally.name] = tally

    def count(self, decided: Iterable[Decided], now: int, controls: Controls) -> None:
        """Count what was decided; `now`: when whatever was not counted yet, or was held back till then, begins to be."""
        for tally in self._tallies.values():
            if tally.hold(now, held=self._holds(tally, controls)):
                self._changed.add(tally.name)
            if not tally.since:
                tally.since = now
                self._changed.add(tally.name)
        for one in decided if self._tallies else ():
            for campaign, of in done_by(one.decision):
                its = self._tallies.get(f"{of}/{campaign}")
                if its is not None:
                    its.add(one.now)
                    self._changed.add(its.name)

    def _holds(self, tally: Tally, controls: Controls) -> bool:
        """Whether a switch is on by which none of its messages leaves. Runs begin all the same."""
        if tally.of != SENDS:
            return False
        channels = self._channels[tally.campaign]
        shut = bool(channels) and channels <= controls.channels
        return controls.kill or controls.paused or shut or tally.campaign in controls.campaigns

    def notes(self) -> Iterator[tuple[str, bytes]]:
        """What the file must know anew."""
        if self._listed != set(self._tallies):
            self._listed = set(self._tallies)
            self._untold = True
            yield ALARMS, msgspec.json.encode(sorted(self._listed))
        for name in sorted(self._changed & self._listed):
            self._untold = True
            yield fact_of(name), encode(self._tallies[name])
        self._changed.clear()

    def take_told(self, now: int, every: int) -> bytes | None:
        """All of them, for whoever judges over several partitions; None where that was told already, or a moment ago."""
        if not (self._untold and (self._tallies or self._heard)) or now < self._told_at + every:
            return None
        self._untold, self._told_at, self._heard = False, now, bool(self._tallies)
        return encode_all(list(self._tallies.values()))


def channels_of(campaign: Campaign) -> frozenset[str]:
    """Those that its messages may leave by."""
    return frozenset(channel for node in campaign.steps.nodes if isinstance(node.verb, Send) for channel in node.verb.channels)


encode_all = msgspec.msgpack.Encoder().encode
decode_all = msgspec.msgpack.Decoder(list[Tally]).decode
"""The tallies of a partition as another process hears them."""
