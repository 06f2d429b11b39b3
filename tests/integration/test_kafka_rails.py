"""Volume rails on a real broker: two workers, a governor that is killed and moved, one account of what a campaign has sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.test_kafka_governor import letters, working
from tests.integration.test_kafka_orders import told
from tests.integration.workers import Place, governed, sent, settled, until

OVER, MORE = 20, 10
PEOPLE = 60
FAST = {"ORCHESTRATOR_EMAIL_RATE": "400"}


@pytest.fixture
def place(brokers: str, tmp_path: Path) -> Place:
    return Place(brokers, tmp_path)


def railed(place: Place, policy: str, setting: str = "") -> None:
    """The offer goes out once to everybody who orders, under that rail."""
    policies = place.workspace / "policies.yaml"
    policies.write_text(policies.read_text(encoding="utf-8").replace("breaker: none", policy), encoding="utf-8")
    offer = place.workspace / "campaigns/offer.yaml"
    once = offer.read_text(encoding="utf-8").split("  - id: another")[0]
    offer.write_text(once.replace("topic: offers\n", f"topic: offers\n{setting}"), encoding="utf-8")


def offers(place: Place) -> list[str]:
    found = [one["message_id"] for one in sent(place) if one["campaign"] == "offer"]
    assert len(found) == len(set(found))
    return found


def receipts(place: Place) -> int:
    return sum(one["campaign"] == "receipt" for one in sent(place))


def test_an_envelope_holds_over_two_workers_and_a_governor_that_was_killed(place: Place) -> None:
    railed(place, "breaker: none", f"approval: {{over: {OVER}, within: 1d}}\n")
    with working(place, 2):
        with governed(place, **FAST) as governor:
            letters(place, PEOPLE)
            until(lambda: len(offers(place)) > OVER // 4, "some offers")
            governor.kill()
        with governed(place, **FAST):
            settled(place)
            assert receipts(place) == PEOPLE
            before = len(offers(place))
            assert OVER // 4 < before <= OVER
            told(place, "approve", "offer", "--up-to", str(MORE), "--for", "1h", "--by", "bob")
            until(lambda: len(offers(place)) >= before + MORE, "what was approved")
            settled(place)
            assert len(offers(place)) == before + MORE


def test_a_breaker_pauses_its_campaign_in_every_partition_until_somebody_lets_it_go_on(place: Place) -> None:
    railed(place, f"breaker: {{at_least: {OVER}, times: 5, over: 28d}}")
    with governed(place, **FAST) as governor, working(place, 2):
        letters(place, PEOPLE)
        until(lambda: receipts(place) == PEOPLE, "the receipts, which no breaker looks at")
        until(lambda: "breaker pauses offer" in governor.said(), "the breaker to trip")
        settled(place)
        gone = len(offers(place))
        assert OVER // 2 < gone <= OVER
        ended = told(place, "resume", "--campaign", "offer", "--yes", "--by", "bob")
        assert sum(one["messages"] for one in ended["waiting"]) == PEOPLE - gone
        until(lambda: len(offers(place)) == PEOPLE, "the others")
