"""One campaign's account, asked by hand."""

from __future__ import annotations

from orchestrator.delivery.volume import Given, Rail, Volume
from orchestrator.domain.input import Control

START = 1_764_547_200_000
"""Midnight, UTC."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def volume(**rail: object) -> Volume:
    found = Volume()
    found.lay([Rail("c", **{"content": "one", "publisher": "ada", **rail})])  # type: ignore[arg-type]
    return found


def take(account: Volume, wanted: int, now: int) -> Given:
    """So many, which there must be room for."""
    assert account.room("c", now, wanted).count >= wanted
    given = account.grant("c", wanted, now)
    assert given is not None
    return given


def left(account: Volume, now: int) -> int:
    return account.room("c", now, 0).count


def approve(up_to: int, until: int, actor: str = "ben") -> Control:
    return Control("approve", on=True, campaign="c", actor=actor, up_to=up_to, until=until)


def resume() -> Control:
    return Control("pause", on=False, campaign="c")


def kept(account: Volume) -> list[str]:
    return [name for name, _ in account.notes()]
