"""What people write back over Kafka: a door takes it, the home of the number knows whose it is, and their own home decides."""

from __future__ import annotations

import asyncio
import http.client
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

from aiokafka import TopicPartition
from twilio.request_validator import RequestValidator

from channels.twilio_callbacks import SIGNATURE
from orchestrator.domain.input import Event
from orchestrator.insight.accepted import given_of
from orchestrator.partition.engine import home_of
from orchestrator.stores.kafka.records import read_journal
from tests.integration.serving import identify, order, track
from tests.integration.test_kafka_governor import place
from tests.integration.workers import PARTITIONS, Intake, Place, Worker, governed, records, sent, until

__all__ = ["place"]

PUBLIC, TOKEN, OURS = "https://shop.example", "a token of Twilio", "+15550001111"
SETTINGS = {"ORCHESTRATOR_ADDRESS_KEY": "an address key of many letters"}
DOOR = {**SETTINGS, "ORCHESTRATOR_SMS": "twilio", "ORCHESTRATOR_PUBLIC_URL": PUBLIC, "ORCHESTRATOR_TWILIO_AUTH_TOKEN": TOKEN}
NUMBERS = {f"u{number}": f"+1555000222{number}" for number in range(6)}
CALL_BACK = """\
campaign: call-back
stage: retention
class: transactional
on: {event: SMS Received}
then:
  - send: {template: receipt, channel: email}
"""


def by_sms(workspace: Path) -> None:
    """Receipts go by SMS; who writes back gets one by email."""
    for name, old, new in (
        ("campaigns/receipt.yaml", "channel: email", "channel: sms"),
        ("profile.yaml", "email: {type: string}", "email: {type: string}, phone: {type: string}"),
        ("senders.yaml", "shop: {", f"shop: {{sms: {{from: '{OURS}'}}, "),
        ("policies.yaml", "[receipt]", "[receipt, call-back]"),
    ):
        path = workspace / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    (workspace / "campaigns/call-back.yaml").write_text(CALL_BACK, encoding="utf-8")
    for part in ("sms.txt", "email.txt"):
        (workspace / "templates/receipt" / part).write_text("Your order\n", encoding="utf-8")


def write(intake: Intake, sender: str, body: str, ident: str) -> int:
    """Somebody writes to our number; Twilio tells the door."""
    form = {"From": sender, "To": OURS, "Body": body, "MessageSid": ident, "SmsStatus": "received"}
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/v1/receipts/twilio", form)
    headers = {"content-type": "application/x-www-form-urlencoded", SIGNATURE: signature}
    connection = http.client.HTTPConnection("127.0.0.1", intake.port, timeout=30)
    try:
        connection.request("POST", "/v1/receipts/twilio", urlencode(form), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def told(place: Place) -> Counter[tuple[str, str]]:
    """(user, event) → how often it was decided."""
    places = [TopicPartition(place.topics.journal, number) for number in range(PARTITIONS)]
    rows = [read_journal(one) for each in places for one in asyncio.run(records(place.brokers, each))]
    events = [given for row in rows if row.key and isinstance(given := given_of(row.given), Event)]
    return Counter((one.user_id or "", one.name) for one in events)


def test_a_stop_withdraws_consents_and_a_text_is_an_event_though_the_worker_that_wrote_is_gone(place: Place) -> None:
    by_sms(place.workspace)
    elsewhere = [home_of(f"u:{user}", PARTITIONS) for user in NUMBERS]
    assert len(set(elsewhere)) > 1
    intake = Intake(place, settings=DOOR).listens()
    first, second = (Worker(place, number, settings=SETTINGS) for number in range(2))
    try:
        with governed(place):
            first.ready()
            for user, number in NUMBERS.items():
                known = {**identify(f"i-{user}", user), "traits": {"phone": number, "email": f"{user}@shop.example"}}
                consent = track(f"c-{user}", user, "Consent Given", topic="news", channel="sms")
                assert intake.post([known, consent, order(f"o-{user}", user)])[0] == 200
            until(lambda: len({one["to"] for one in sent(place) if one["channel"] == "sms"}) == len(NUMBERS), "a text to each")
            first.kill()
            shutil.rmtree(first.folder / "shell", ignore_errors=True)
            second.ready()
            for again in range(2):  # Twilio tells it twice
                assert {write(intake, number, "STOP", f"SM-{user}") for user, number in NUMBERS.items()} == {200}, again
            until(
                lambda: sum(told(place)[user, "Consent Withdrawn"] for user in NUMBERS) >= 2 * len(NUMBERS), "consents to end"
            )
            assert write(intake, NUMBERS["u1"], "START", "SM-start") == 200
            until(lambda: told(place)["u1", "SMS Received"] == 2, "the START as an event")
            until(lambda: told(place)["u1", "Consent Given"] == 3, "what the STOP had ended to be given back")
            until(
                lambda: len([one for one in sent(place) if one["channel"] == "email"]) >= len(NUMBERS), "an answer to each text"
            )
        found = told(place)
        assert {user: found[user, "SMS Received"] for user in NUMBERS} == {user: 1 + (user == "u1") for user in NUMBERS}
        assert {found[user, "Consent Withdrawn"] for user in NUMBERS} == {2}, "of news, and of offers, which is assumed"
        assert write(intake, "+15550009999", "Hello", "SM-stranger") == 200, "whom nobody has written to"
    finally:
        for process in (intake, first, second):
            process.kill()
