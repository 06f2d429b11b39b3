"""Receipts on Kafka: the door of an `intake` brings them to the partition that their message came from."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import Any

import pytest
from aiokafka import TopicPartition

from orchestrator.domain.input import Event
from orchestrator.insight.accepted import given_of
from orchestrator.stores.kafka.records import read_journal
from tests.integration.fault_proxy import SendGrid, signed
from tests.integration.serving import identify, order
from tests.integration.test_kafka_governor import place
from tests.integration.workers import PARTITIONS, Intake, Place, Worker, governed, records, sent, until

__all__ = ["place"]

KEY = "an address key of many letters"
USERS = [f"u{number}" for number in range(6)]


@pytest.fixture
def provider() -> SendGrid:
    """Only its key is used: the messages leave by the file channel."""
    return SendGrid(1)


def _told(intake: Intake, provider: SendGrid, *events: dict[str, Any]) -> int:
    body = json.dumps(events).encode()
    connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=30)
    try:
        connection.request("POST", "/v1/receipts/sendgrid", body, signed(provider.key, body))
        return connection.getresponse().status
    finally:
        connection.close()


def test_receipts_reach_their_profiles_and_list_their_addresses(place: Place, provider: SendGrid) -> None:
    settings = {
        "ORCHESTRATOR_EMAIL": "sendgrid",
        "ORCHESTRATOR_SENDGRID_API_KEY": "SG.test",
        "ORCHESTRATOR_SENDGRID_WEBHOOK_KEYS": provider.shown(),
        "ORCHESTRATOR_ADDRESS_KEY": KEY,
    }
    intake = Intake(place, settings=settings).listens()
    workers = [Worker(place, number, settings={"ORCHESTRATOR_ADDRESS_KEY": KEY}) for number in range(2)]
    try:
        with governed(place):
            for worker in workers:
                worker.ready()
            assert intake.post([one for u in USERS for one in (identify(f"i-{u}", u), order(f"o-{u}", u))])[0] == 200
            until(lambda: len(_receipts(place)) == len(USERS), "a message to each")
            for one in _receipts(place):
                event = {"message_id": one["message_id"], "reference": one["reference"], "email": one["to"], "timestamp": 1}
                heard = [{**event, "event": word, "sg_event_id": word} for word in ("open", "delivered", "bounce")]
                assert _told(intake, provider, *heard[:2], *heard) == 200
            wanted = {(u, name) for u in USERS for name in ("Email Delivered", "Email Opened", "Email Bounced")}
            until(lambda: wanted <= _events(place), "all of it as events")
            assert len({one["reference"].partition("-")[0] for one in _receipts(place)}) > 1, "of several partitions"
            assert intake.post([order("again", "u1")])[0] == 200
            until(lambda: ("u1", "again") in _events(place), "the order to be decided")
            assert len(_receipts(place)) == len(USERS), "who has bounced gets nothing any more"
    finally:
        for process in (intake, *workers):
            process.kill()


def test_who_does_not_sign_is_not_believed(place: Place, provider: SendGrid) -> None:
    settings = {"ORCHESTRATOR_EMAIL": "sendgrid", "ORCHESTRATOR_SENDGRID_WEBHOOK_KEYS": SendGrid(2).shown()}
    intake = Intake(place, settings=settings).listens()
    try:
        assert _told(intake, provider, {"event": "delivered"}) == 403
        assert 'orchestrator_receipts_total{outcome="unsigned",provider="sendgrid"} 1.0' in intake.page("metrics")[1]
    finally:
        intake.kill()


def _receipts(place: Place) -> list[dict[str, Any]]:
    return [one for one in sent(place) if one["campaign"] == "receipt"]


def _events(place: Place) -> set[tuple[str, str]]:
    """(user, name) of every event that was decided, and (user, id) of those that were sent to us."""
    rows = [
        read_journal(one)
        for number in range(PARTITIONS)
        for one in asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number)))
    ]
    events = [given for row in rows if row.key and isinstance(given := given_of(row.given), Event)]
    return {(one.user_id or "", told) for one in events for told in (one.name, one.message_id)}
