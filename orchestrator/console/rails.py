"""How much each campaign may send by itself now, and what holds it where that is nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.authoring import Workspace
from orchestrator.bootstrap.rails import PUBLISHED, published_of, rails_of
from orchestrator.console.asked import Asked
from orchestrator.delivery.volume import Rail, Tally, Volume, fact_of, may_approve, tally_of


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign and what its rail says of it now."""

    campaign: str
    publisher: str
    why: str
    """`approval`, `canary`, `breaker`; empty where nothing holds it."""
    until: int | None
    hour: int
    left: int
    window: int
    envelope: int | None
    mine: bool
    """Who asks let it go live, so somebody else has to approve."""


def held(asked: Asked, live: Workspace) -> Iterator[Held]:
    """Every campaign that has a rail, by name."""
    reader = asked.reader
    rails = rails_of(live, published_of(reader.fact(PUBLISHED)))
    for rail in rails:
        if rail.approval is None and rail.breaker is None and rail.canary is None:
            continue
        fact = reader.fact(fact_of(rail.campaign))
        tally = Tally(rail.campaign) if fact is None else tally_of(fact)
        volume = Volume()
        volume.lay([rail])
        volume.remember(tally)
        yield _held(rail, tally, volume, asked)


def _held(rail: Rail, tally: Tally, volume: Volume, asked: Asked) -> Held:
    room = volume.room(rail.campaign, asked.now, 0)
    return Held(
        rail.campaign,
        rail.publisher,
        room.why if room.count <= 0 else "",
        room.until if room.count <= 0 else None,
        tally.hour(asked.now // 60_000),
        max(0, room.count),
        sum(tally.window.values()),
        rail.approval.over if rail.approval is not None else None,
        not may_approve(rail, asked.account.name),
    )
