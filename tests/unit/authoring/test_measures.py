"""Mistakes in a measure, one at a time: each is found where it was made (`¦` marks the character)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.authoring import check
from tests.unit.insight.measured import event, write

HEAD = "measure: it\ndefinition: {en: What it is.}\n"
CATALOGUE = {
    "events/order-completed.yaml": event("Order Completed", "cart", "total"),
    "events/cart-updated.yaml": event("Cart Updated", "cart"),
    "events/listed.yaml": "event: Listed\nkeys: {product: 'properties.products[].id'}\n",
    "segments.yaml": 'regulars: {if: {">=": [{var: profile.features.orders}, 2]}}\n',
    "tables/costs.csv": "month,cost\n2026-01,100\n",
}
PLANTS = [
    ("E201", "unit: number\nmean: {of: Order Completed, value: properties.total, ¦wher: {total: 1}}"),
    ("E202", "unit: share\nshare: {of: Order Completed, ¦then: Cart Updated}"),
    ("E202", "unit: share\n¦share: {of: Order Completed}"),
    ("E202", "unit: share\n¦wheel: {among: [new]}"),
    ("E202", "unit: share\n¦wheel: {among: [new], left: [lost], kept: [lost]}"),
    ("E202", "unit: money\n¦ratio: {first: Order Completed}"),
    ("E203", "unit: share\nwheel: {among: ¦new, left: [lost]}"),
    ("E204", "unit: ¦money\ncohort: {of: Order Completed, again: Order Completed}"),
    ("E204", "unit: share\nfunnel: {steps: [Cart Updated, Order Completed], within: ¦3 days}"),
    ("E204", "unit: time\ntime: {of: Listed, to: Listed, key: ¦product}"),
    ("E204", "unit: money\nclv: {of: Order Completed, value: ¦traits.total}"),
    ("E205", "unit: share\nshare: {of: Order Completed, that: {total: 1}, within: 1d, ¦without: Cart Updated}"),
    ("E205", "unit: share\nruns: {ended: [done]}\n¦cohort: {of: Order Completed, again: Order Completed}"),
    ("E301", "unit: share\nfunnel: {steps: [Cart Updated, ¦Order Complete], within: 3d}"),
    ("E302", "unit: time\ntime: {of: Cart Updated, to: Order Completed, key: ¦card}"),
    ("E303", "unit: share\nmoves: {from: [new], to: [¦boght]}"),
    ("E305", "unit: points\nlift: {campaigns: [¦welcome]}"),
    ("E306", "unit: share\nshare: {of: Order Completed, that: {¦totl: 1}}"),
    ("E306", "unit: money\nclv: {of: Order Completed, value: ¦properties.totl}"),
    ("E308", "unit: money\nratio: {table: ¦cost, column: cost, first: Order Completed}"),
    ("E308", "unit: money\nratio: {table: costs, column: ¦costs, first: Order Completed}"),
    ("E313", "unit: count\ncount: {of: Order Completed}"),
]


@pytest.mark.parametrize(("code", "text"), PLANTS)
def test_a_mistake_in_a_measure_is_found_where_it_was_made(code: str, text: str, tmp_path: Path) -> None:
    whole = HEAD + text
    if code == "E313":
        whole = whole.replace("measure: it", "measure: ¦first")
    before, _, _ = whole.partition("¦")
    first = "unit: count\ncount: {of: Order Completed}\n"
    workspace = write(tmp_path, {**CATALOGUE, "first": first, "measures/it.yaml": whole.replace("¦", "") + "\n"})
    (found,) = check(workspace)
    assert (found.code, found.file) == (code, "measures/it.yaml")
    assert (found.line, found.column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert found.severity == "error"


def test_measures_without_a_mistake_are_none(tmp_path: Path) -> None:
    texts = (text.replace("¦", "") for code, text in PLANTS if code == "E313")
    files = {f"one{number}": f"{text}\n" for number, text in enumerate(texts)}
    assert check(write(tmp_path, {**CATALOGUE, **files})) == []
