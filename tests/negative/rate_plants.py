"""Planted bugs in the rates of channels, accounts and senders, and in how texts are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import msgspec

from orchestrator import config
from orchestrator.delivery import governor, leases
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.permits import Kind
from orchestrator.delivery.rates import ACCOUNT, Rate, Rates
from tests.negative.planting import plant as plant_in
from tests.simulation.rate_world import RateWorld

plant = partial(plant_in, world=RateWorld)


@plant("R1")
@contextmanager
def a_text_counts_once_however_long_it_is() -> Iterator[None]:
    with patch.object(Rates, "more", lambda *_: 0):
        yield


@plant("R1")
@contextmanager
def what_a_text_was_more_is_forgotten() -> Iterator[None]:
    """The next one of its template counts as it did, and that is all."""
    real = Rates.more

    def more(ours: Rates, change: Any, given: Any) -> int:
        real(ours, change, given)
        return 0

    with patch.object(Rates, "more", more):
        yield


@plant("R1")
@contextmanager
def an_account_s_rate_is_each_of_its_channels() -> Iterator[None]:
    real = Rates.of

    def of(ours: Rates, channel: str, sender: str) -> tuple[Rate, ...]:
        found = real(ours, channel, sender)
        return tuple(Rate(f"{one.name}/{channel}", one.most) if one.name.startswith(ACCOUNT) else one for one in found)

    with patch.object(Rates, "of", of):
        yield


@plant("R1")
@contextmanager
def of_several_rates_the_widest_holds() -> Iterator[None]:
    real = Rates.of

    def of(ours: Rates, channel: str, sender: str) -> tuple[Rate, ...]:
        return (max(real(ours, channel, sender), key=lambda rate: rate.most),)

    with patch.object(Rates, "of", of):
        yield


@plant("R1")
@contextmanager
def senders_rates_are_not_read() -> Iterator[None]:
    real = config._rates

    def rates(found: Mapping[str, str], adapters: Any) -> dict[str, int]:
        return real({name: value for name, value in found.items() if not name.endswith("SENDER_RATES")}, adapters)

    with patch.object(config, "_rates", rates):
        yield


@plant("R2")
@contextmanager
def those_that_wait_for_a_slow_sender_stand_before_all_others() -> Iterator[None]:
    embedded, of_workers = (patch.object(where, "sender_is_bounded", lambda _: False) for where in (governor, leases))
    with embedded, of_workers:
        yield


@plant("R3")
@contextmanager
def everybody_pays_what_marketing_owes() -> Iterator[None]:
    real_add, real_owe = Governor._add, Budget._owe

    def add(ours: Governor, rates: Any, count: int, *, marketing: bool) -> None:
        real_add(ours, rates, count, marketing=marketing and count == 1)

    def owe(ours: Budget, kind: Kind, count: int, now: int) -> None:
        real_owe(ours, msgspec.structs.replace(kind, marketing=False), count, now)

    with patch.object(Governor, "_add", add), patch.object(Budget, "_owe", owe):
        yield
