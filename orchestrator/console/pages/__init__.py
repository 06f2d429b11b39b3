"""The pages, one file each. `PLACES` is every path that somebody who is logged in may ask for."""

from orchestrator.console.asked import Place
from orchestrator.console.pages import (
    acting,
    approvals,
    audit,
    campaign,
    campaigns,
    customer,
    doubts,
    engine,
    hour,
    letters,
    measure,
    measures,
    messages,
    rejects,
    wheel,
)

_ROOMS = (
    wheel,
    hour,
    campaigns,
    campaign,
    measures,
    measure,
    customer,
    messages,
    doubts,
    approvals,
    letters,
    rejects,
    engine,
    audit,
    acting,
)
PLACES: tuple[Place, ...] = tuple(place for room in _ROOMS for place in room.PLACES)
