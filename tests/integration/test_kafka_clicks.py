"""Tracked links over Kafka: a worker signs them, any door leads on, and the home of the customer decides the click."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.partition.engine import home_of
from tests.integration.serving import order
from tests.integration.test_kafka_governor import place
from tests.integration.test_kafka_replies import told
from tests.integration.workers import PARTITIONS, Intake, Place, Worker, governed, sent, until

__all__ = ["place"]

PUBLIC = "https://links.shop.example"
SETTINGS = {
    "ORCHESTRATOR_ADDRESS_KEY": "an address key of many letters",
    "ORCHESTRATOR_SURVEY_KEY": "a survey key of many letters",
    "ORCHESTRATOR_PUBLIC_URL": PUBLIC,
}
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
USERS = [f"u{number}" for number in range(4)]
THANKS = """\
campaign: thanks
stage: retention
class: transactional
on: {event: Email Link Clicked}
then:
  - send: {template: letter, channel: email}
"""


def tracking(workspace: Path) -> None:
    """Receipts have a link that is tracked; who follows it gets a letter."""
    policies = workspace / "policies.yaml"
    written = policies.read_text(encoding="utf-8").replace("[receipt]", "[receipt, thanks]")
    policies.write_text(f"{written}links: {{track: true, utm: {{source: shop}}}}\n", encoding="utf-8")
    (workspace / "campaigns/thanks.yaml").write_text(THANKS, encoding="utf-8")
    (workspace / "templates/receipt/email.txt").write_text("See https://shop.example/orders.\n", encoding="utf-8")


@pytest.fixture
def town(place: Place) -> Iterator[tuple[Place, Intake]]:
    """Two workers, their governor, and a door."""
    tracking(place.workspace)
    intake = Intake(place, settings=SETTINGS).listens()
    workers = [Worker(place, number, settings=SETTINGS) for number in range(2)]
    try:
        with governed(place):
            for worker in workers:
                worker.ready()
            yield place, intake
    finally:
        for process in (intake, *workers):
            process.kill()


def follow(intake: Intake, link: str, agent: str = PERSON) -> tuple[int, str]:
    """(status, where it leads on)"""
    connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=30)
    try:
        connection.request("GET", link.removeprefix(PUBLIC), headers={"User-Agent": agent})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("location", "")
    finally:
        connection.close()


def links(place: Place) -> dict[str, str]:
    """address → the link in its receipt"""
    found = {
        one["to"]: re.search(rf"{PUBLIC}/l/[\w-]+", one["body_text"]) for one in sent(place) if one["campaign"] == "receipt"
    }
    return {to: match[0] for to, match in found.items() if match is not None}


def ordering(who: dict[str, Any], name: str) -> dict[str, Any]:
    event = {**order(f"o-{name}", name), "context": {"traits": {"email": f"{name}@shop.example"}}}
    event.pop("userId")
    return {**event, **who}


def test_a_click_at_any_door_is_decided_where_its_customer_is_now(town: tuple[Place, Intake]) -> None:
    place, intake = town
    device = next(f"d{n}" for n in range(99) if home_of(f"a:d{n}", PARTITIONS) != home_of("u:known", PARTITIONS))
    orders = [*(ordering({"userId": user}, user) for user in USERS), ordering({"anonymousId": device}, "device")]
    assert intake.post(orders)[0] == 200
    until(lambda: len(links(place)) == len(USERS) + 1, "a link to each")
    found = links(place)
    assert len(set(found.values())) == len(found)
    assert len({home_of(f"u:{user}", PARTITIONS) for user in USERS}) > 1
    both = {"type": "identify", "messageId": "both", "userId": "known", "anonymousId": device}
    assert intake.post([both])[0] == 200
    until(lambda: told(place)["known", ""] == 1, "the device to be somebody's")
    where = "https://shop.example/orders?utm_medium=email&utm_campaign=receipt&utm_source=shop"
    for user in USERS[1:]:
        assert follow(intake, found[f"{user}@shop.example"]) == (302, where)
    assert follow(intake, found["u0@shop.example"], "Barracuda Sentinel") == (302, where)
    assert follow(intake, found["device@shop.example"]) == (302, where)
    assert follow(intake, found["u0@shop.example"][:-3] + "AAA")[0] == 404
    clicked = {*USERS[1:], "known"}
    until(lambda: {user for user, name in told(place) if name == "Email Link Clicked"} == clicked, "each click")
    until(lambda: told(place)["u0", "Email Prefetched"] == 1, "what a machine followed")
    thanked = {f"{user}@shop.example" for user in USERS[1:]} | {"device@shop.example"}
    until(lambda: {one["to"] for one in sent(place) if one["campaign"] == "thanks"} >= thanked, "a letter to whoever clicked")
    until(place.drained, "all inputs to be decided")
    letters = [one["to"] for one in sent(place) if one["campaign"] == "thanks"]
    assert sorted(letters) == sorted(thanked), json.dumps(letters)
