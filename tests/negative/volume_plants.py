"""Planted bugs in the accounts of volume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from orchestrator.delivery import volume
from orchestrator.delivery.volume import Tally, Volume
from tests.negative.planting import plant as plant_in
from tests.simulation.volume_world import VolumeWorld

plant = partial(plant_in, world=VolumeWorld)


@plant("V1", "V2", "V3")
@contextmanager
def what_is_granted_is_counted_once_it_has_left() -> Iterator[None]:
    """Of a batch of leave only the first is used at once."""
    real = Volume.grant
    with patch.object(Volume, "grant", lambda ours, campaign, count, now: real(ours, campaign, min(1, count), now)):
        yield


@plant("V1", "V2", "V3")
@contextmanager
def accounts_are_forgotten_at_a_restart() -> Iterator[None]:
    with patch.object(Volume, "remember", lambda *_: None):
        yield


@plant("V1", "V2", "V3")
@contextmanager
def each_worker_has_an_account_of_its_own() -> Iterator[None]:
    with patch.object(VolumeWorld, "of", lambda world, worker: world.accounts[worker]):
        yield


@plant("V1")
@contextmanager
def a_part_of_the_window_is_forgotten_when_it_begins_to_leave() -> Iterator[None]:
    real = Volume._tally

    def tally(ours: Volume, campaign: str, now: int) -> Tally:
        found = real(ours, campaign, now)
        oldest, approval = min(found.window, default=None), ours.rails[campaign].approval
        if oldest is not None and approval is not None and oldest * volume._part_ms(approval) < now - approval.within:
            del found.window[oldest]
        return found

    with patch.object(Volume, "_tally", tally):
        yield


@plant("V1", "V3")
@contextmanager
def whoever_published_may_approve() -> Iterator[None]:
    with patch.object(volume, "may_approve", lambda *_: True):
        yield


@plant("V2")
@contextmanager
def this_hour_is_its_own_measure() -> Iterator[None]:
    real = Volume._usual

    def usual(ours: Volume, rail: Any, tally: Tally, wanted: int) -> volume.Room:
        day = tally.at // volume.DAY_MS
        tally.days[day - 1] = max(tally.days.get(day - 1, 0), tally.days.get(day, 0))
        return real(ours, rail, tally, wanted)

    with patch.object(Volume, "_usual", usual):
        yield


@plant("V2")
@contextmanager
def a_breaker_that_tripped_is_closed_again_at_once() -> Iterator[None]:
    real = Volume.take_trips

    def take(ours: Volume) -> list[Any]:
        for tally in ours.tallies.values():
            tally.tripped = False
        return real(ours)

    with patch.object(Volume, "take_trips", take):
        yield


@plant("V3")
@contextmanager
def old_content_s_canary_is_the_new_one_s() -> Iterator[None]:
    real = Volume._tally

    def tally(ours: Volume, campaign: str, now: int) -> Tally:
        known = ours.tallies.get(campaign)
        if known is not None and known.content:
            known.content = ours.rails[campaign].content
        return real(ours, campaign, now)

    with patch.object(Volume, "_tally", tally):
        yield
