"""Ninety days of a shop's normal life trip no breaker: a weekly rhythm, a sale day, and real orders where they are at hand."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from orchestrator.delivery.volume import Rail, Volume
from orchestrator.domain.policies import Breaker

HOUR, DAY, DAYS = 3_600_000, 86_400_000, 90
START = 1_764_547_200_000
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 10, 9, 8, 8, 9, 10, 12, 13, 12, 9, 5, 2)
BY_WEEKDAY = (1.0, 0.95, 0.95, 1.0, 1.15, 1.3, 1.2)
SALE_DAY, SALE = 60, 4.0
SHARED = Path(__file__).parents[4] / "shared/data/events"


def trips(hours: list[tuple[int, int]]) -> list[str]:
    """What the breaker says of so many messages at these hours, spread over each; a tripped one is looked at and let go on."""
    account = Volume()
    account.lay([Rail("c", breaker=Breaker())])
    for hour, count in hours:
        for minute in range(60):
            share = count * (minute + 1) // 60 - count * minute // 60
            at = hour * HOUR + minute * 60_000
            granted = min(share, account.room("c", at, share).count) if share else 0
            account.grant("c", granted, at)
    return [trip.reason for trip in account.take_trips()]


@pytest.mark.parametrize("busiest", [20, 60, 180])
@pytest.mark.parametrize("seed", range(5))
def test_a_week_s_rhythm_and_a_sale_day_are_normal(busiest: int, seed: int) -> None:
    rng, hours = Random(seed), list[tuple[int, int]]()
    for day in range(DAYS):
        much = BY_WEEKDAY[day % 7] / max(BY_WEEKDAY) * (SALE if day == SALE_DAY else 1.0)
        for hour, weight in enumerate(BY_HOUR):
            mean = busiest * weight / max(BY_HOUR) * much
            hours.append((START // HOUR + day * 24 + hour, max(0, round(rng.gauss(mean, mean**0.5)))))
    assert trips(hours) == []


def test_ten_times_the_usual_is_not() -> None:
    usual = [(START // HOUR + hour, 100) for hour in range(24 * 30)]
    [reason] = trips([*usual, (START // HOUR + 24 * 31, 1_000)])
    assert "its busiest hour of the 28 days before had 102" in reason


@pytest.mark.parametrize("name", ["cdnow_sample", "uci_online_retail"])
def test_real_orders_with_a_message_each_are_normal(name: str) -> None:
    path = SHARED / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"needs the public data beside the repository: {path.name} is not there")
    found = Counter[int]()
    with gzip.open(path) as lines:
        for line in lines:
            event = json.loads(line)
            if event.get("event") == "Order Completed":
                at = datetime.fromisoformat(event["timestamp"]).astimezone(UTC)
                found[int(at.timestamp() * 1_000) // HOUR] += 1
    assert found.total() > 1_000
    days = Counter[int]()
    for hour, count in found.items():
        days[hour // 24] += count
    busiest = max(days, key=lambda first: sum(days[day] for day in range(first, first + DAYS)))
    hours = sorted((hour, count) for hour, count in found.items() if busiest <= hour // 24 < busiest + DAYS)
    assert trips(hours) == []
