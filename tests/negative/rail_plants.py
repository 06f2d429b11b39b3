"""Planted bugs in the account of volume that a governor of workers holds, and in what workers say to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from orchestrator.delivery import leases, volume
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.leases import Leases
from orchestrator.delivery.lending import Lending
from orchestrator.delivery.permits import Kind
from orchestrator.delivery.volume import Volume
from tests.negative.planting import instead
from tests.negative.planting import plant as plant_in
from tests.simulation.rail_world import RailWorld

plant = partial(plant_in, world=RailWorld)


@plant("V1")
@contextmanager
def the_next_governor_does_not_know_what_campaigns_have_sent() -> Iterator[None]:
    with patch.object(Volume, "remember", lambda *_: None):
        yield


@plant("V1")
@contextmanager
def what_was_lent_is_noted_with_the_answer_after() -> Iterator[None]:
    """As if accounts were written now and then, apart from what they count."""
    real = Lending.notes
    late: dict[int, list[Any]] = {}

    def notes(ours: Lending) -> Any:
        waiting = late.setdefault(id(ours), [])
        waiting.append(real(ours))
        return waiting.pop(0) if len(waiting) > 5 else []

    fresh = instead(Budget, "__post_init__", after=lambda ours: late.pop(id(ours.lending), None))
    with fresh, patch.object(Lending, "notes", notes):
        yield


@plant("V1", "P2")
@contextmanager
def a_replaced_governor_goes_on_with_its_own_account() -> Iterator[None]:
    with patch.object(RailWorld, "fences", lambda _: False):
        yield


@plant("V1")
@contextmanager
def leave_of_one_campaign_is_any_campaign_s() -> Iterator[None]:
    with patch.object(leases, "kind_of", lambda one, _: Kind(one.channel, one.cls != "transactional")):
        yield


@plant("V1", seed=6)
@contextmanager
def what_is_given_back_twice_counts_twice() -> Iterator[None]:
    def settle(ours: Lending, ask: Any) -> None:
        for unused in ask.unused:
            lent = ours._lent.get((ask.worker, unused.number))
            if lent is not None and unused.kind in lent.kinds:
                ours.volume.take_back(lent.kinds[unused.kind], unused.count)

    with patch.object(Lending, "settle", settle):
        yield


@plant("V1")
@contextmanager
def leave_is_given_back_though_its_message_may_have_left() -> Iterator[None]:
    real = Leases._let_go

    def let_go(ours: Leases, message_id: str) -> None:
        leave = ours._leave.get(message_id)
        if leave is not None:
            ours._leave[message_id] = replace(leave, looked=False)
        real(ours, message_id)

    with patch.object(Leases, "_let_go", let_go):
        yield


@plant("V1", "P3")
@contextmanager
def what_is_given_back_is_used_as_well() -> Iterator[None]:
    real = Leases.request

    def request(ours: Leases) -> bytes | None:
        for kind, granted in ours._granted.items():
            for lease in granted.leases:
                ours._unused[lease.number, kind] = leases._Unused(ours.clock(), lease.left)
        return real(ours)

    with patch.object(Leases, "request", request):
        yield


@plant("V1")
@contextmanager
def each_worker_is_told_of_the_same_room() -> Iterator[None]:
    """What is lent in one answer is counted once the answer is said."""
    real, waiting = Lending.lend, list[Any]()
    notes = Lending.notes

    def all_notes(ours: Lending) -> Any:
        while waiting:
            real(*waiting.pop(0))
        return notes(ours)

    with patch.object(Lending, "lend", lambda *given: waiting.append(given)), patch.object(Lending, "notes", all_notes):
        yield


@plant("V1")
@contextmanager
def a_new_governor_hears_old_approvals_again() -> Iterator[None]:
    real = Lending.recall

    def recall(ours: Lending, name: str, value: bytes) -> None:
        real(ours, name, value)
        ours.applied = 0

    with patch.object(Lending, "recall", recall):
        yield


@plant("V1")
@contextmanager
def whoever_let_it_go_live_may_approve_more() -> Iterator[None]:
    with patch.object(volume, "may_approve", lambda *_: True):
        yield


@plant("V1", seed=11)
@contextmanager
def the_governor_does_not_hear_what_went_badly() -> Iterator[None]:
    with patch.object(Volume, "saw_in_all", lambda *_: None):
        yield


@plant("V1")
@contextmanager
def rails_that_are_not_known_stop_nothing() -> Iterator[None]:
    """A governor without them grants, instead of asking for them."""

    def lay(_ours: Lending, _told: Any) -> None:
        return

    with patch.object(Lending, "lay", lay), patch.object(Lending, "room", lambda *_: 1 << 60):
        yield


@plant("V4", "P5", seed=6)
@contextmanager
def leave_that_nobody_used_counts_as_used() -> Iterator[None]:
    with patch.object(Volume, "take_back", lambda *_: None):
        yield


@plant("V4", "P5", seed=6)
@contextmanager
def a_worker_never_gives_back() -> Iterator[None]:
    real = Leases._forget

    def forget(ours: Leases, now: int) -> None:
        real(ours, now)
        ours._unused.clear()

    with patch.object(Leases, "_forget", forget):
        yield


@plant("V4", seed=4)
@contextmanager
def a_breaker_trips_on_leave_that_may_come_back() -> Iterator[None]:
    with patch.object(Lending, "_is_out", lambda *_: False):
        yield


@plant("V4", "P5", seed=4)
@contextmanager
def a_campaign_that_is_full_is_looked_at_no_more() -> Iterator[None]:
    """Its messages wait for ever, though leave comes back."""
    with instead(Leases, "_answered", after=lambda ours, *_: _for_ever(ours)):
        yield


def _for_ever(ours: Leases) -> None:
    ours._full = {campaign: (until + 10**9, why) for campaign, (until, why) in ours._full.items()}
