"""Recorded history to compare two workspaces over: an invented shop's year, and the real orders once for each of many towns."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from importlib import resources
from pathlib import Path
from typing import Any

EVENTS_A_CUSTOMER = 40
_BEGIN = dt.datetime(2025, 1, 1, 8, tzinfo=dt.UTC)
_YEAR_S = 365 * 86_400
_KINDS = {
    "Product Viewed": 62,
    "Product Added": 9,
    "Cart Updated": 10,
    "Checkout Started": 4,
    "Order Completed": 6,
    "Order Delivered": 5,
    "Survey Answered": 2,
    "Ticket Opened": 1,
    "Ticket Closed": 1,
}
"""event → how often of a hundred"""


def write_shop(path: Path, events: int, each: int = EVENTS_A_CUSTOMER) -> Path:
    """A year of a shop in JSON Lines, in order of time, so many events for `each` customer on average.

    Some come back more often; one call in three names a browser.
    """
    dice = random.Random(1)
    customers = max(1, events // each)
    with path.open("w", encoding="utf-8") as out:
        for number in range(events):
            newcomer = number < customers
            customer = number if newcomer else int(customers * dice.random() ** 1.5)
            name = "Signed Up" if newcomer else dice.choices([*_KINDS], [*_KINDS.values()])[0]
            at = _BEGIN + dt.timedelta(seconds=_YEAR_S * number // events)
            out.write(json.dumps(_call(name, number, customer, at, dice)) + "\n")
    return path


def _call(name: str, number: int, customer: int, at: dt.datetime, dice: random.Random) -> dict[str, Any]:
    browser = {"anonymousId": f"b-{customer}"} if number % 3 == 0 else {}
    who = {"messageId": f"m-{number}", "userId": f"c-{customer}", **browser}
    what = {"type": "track", "event": name, "properties": _properties(name, number, customer, dice)}
    return {**what, **who, "timestamp": at.isoformat().replace("+00:00", "Z")}


def _properties(name: str, number: int, customer: int, dice: random.Random) -> dict[str, Any]:
    total, cart, product = round(dice.uniform(5, 250), 2), f"k-{customer}-{number // 50_000}", f"P-{number % 97}"
    return {
        "Signed Up": {"source": "footer"},
        "Product Viewed": {"product_id": product, "price": total, "category": "equipment"},
        "Product Added": {"cart_id": cart, "product_id": product, "price": total, "quantity": 1},
        "Cart Updated": {"cart_id": cart, "total": total, "currency": "EUR"},
        "Checkout Started": {"order_id": f"o-{number}", "value": total, "currency": "EUR"},
        "Order Completed": {"order_id": f"o-{number}", "cart_id": cart, "total": total, "currency": "EUR"},
        "Order Delivered": {"order_id": f"o-{number - 7}"},
        "Survey Answered": {"survey": "csat-delivery", "score": dice.randint(1, 5), "order_id": f"o-{number - 9}"},
        "Ticket Opened": {"ticket_id": f"t-{customer}", "kind": dice.choice(["complaint", "question", "cancellation"])},
        "Ticket Closed": {"ticket_id": f"t-{customer}", "outcome": "stayed"},
    }[name]


def write_orders(path: Path, towns: int) -> Path:
    """The real orders of the sample so many times, each time of other customers."""
    sample = resources.files("orchestrator.insight.sample") / "cdnow_sample.jsonl.gz"
    with sample.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as lines, path.open("w") as out:
        for line in lines:
            out.writelines(line.replace('"cdnow-', f'"cdnow-{town}-') for town in range(towns))
    return path
