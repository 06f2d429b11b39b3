"""The door where providers tell: what is signed is kept whole or not at all, and what is not is nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from channels.sendgrid_events import SendGridEvents
from channels.twilio_callbacks import SIGNATURE, TwilioCallbacks
from orchestrator.domain.input import Event
from orchestrator.domain.suppression import Word, hashed
from orchestrator.errors import Unavailable
from orchestrator.intake.limits import RECEIPTS_MAX_BYTES
from orchestrator.intake.receipts import ReceiptDoor, receipt_routes
from orchestrator.intake.replies import Replies
from orchestrator.partition.identities import Addressed
from tests.unit.channels.test_sendgrid_events import KEY, NOW, OTHER, called, event, shown

PUBLIC = "https://shop.example"
ADDRESS_KEY = b"k" * 16
TOKEN = "t" * 32


class Engine:
    """What stands behind the door: keeps what it is told, or is away."""

    def __init__(self) -> None:
        self.receipts: list[Addressed] = []
        self.words: list[Word] = []
        self.texts: list[tuple[bytes, Event]] = []
        self.away = False

    async def receive(self, heard: Sequence[Addressed]) -> None:
        self._there()
        self.receipts += heard

    async def say(self, words: Sequence[Word]) -> list[bool]:
        self._there()
        self.words += words
        return [True] * len(words)

    async def tell(self, address: bytes, event: Event) -> None:
        self._there()
        self.texts.append((address, event))

    def _there(self) -> None:
        if self.away:
            raise Unavailable


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def door(engine: Engine) -> ReceiptDoor:
    listeners = {
        "sendgrid": SendGridEvents({"webhook_keys": shown(KEY)}),
        "twilio": TwilioCallbacks({"auth_token": TOKEN}),
    }
    replies = Replies(lambda: ADDRESS_KEY, engine.say)
    return ReceiptDoor(listeners, PUBLIC, engine.receive, engine.say, lambda: ADDRESS_KEY, replies, engine.tell, lambda: NOW)


def post(door: ReceiptDoor, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=receipt_routes(door)))
        async with httpx.AsyncClient(transport=transport, base_url="http://inside:8080") as client:
            return await client.post(path, content=body, headers=headers)

    return asyncio.run(ask())


def by_sendgrid(door: ReceiptDoor, *events: Any, key: Any = KEY) -> httpx.Response:
    one = called(json.dumps(events).encode(), key)
    return post(door, "/v1/receipts/sendgrid", one.body, dict(one.headers))


def by_twilio(door: ReceiptDoor, form: dict[str, str], query: str = "") -> httpx.Response:
    path = f"/v1/receipts/twilio{query}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers[SIGNATURE] = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
    return post(door, path, urlencode(form).encode(), headers)


def counted(door: ReceiptDoor) -> dict[tuple[str, str], float]:
    return {(one.labels["provider"], one.labels["outcome"]): one.value for one in door.counts.readings() if one.value}


def test_receipts_find_their_partition_and_key(door: ReceiptDoor, engine: Engine) -> None:
    assert by_sendgrid(door, event("delivered"), event("open")).status_code == 200
    assert [(one.home, one.key, one.receipt.word) for one in engine.receipts] == [(2, 77, "delivered"), (2, 77, "opened")]
    assert counted(door) == {("sendgrid", "heard"): 2}


def test_what_is_not_signed_is_not_believed_and_counted(door: ReceiptDoor, engine: Engine) -> None:
    assert by_sendgrid(door, event("delivered"), key=OTHER).status_code == 403
    assert post(door, "/v1/receipts/twilio", b"MessageStatus=delivered", {}).status_code == 403
    assert engine.receipts == []
    assert counted(door) == {("sendgrid", "unsigned"): 1, ("twilio", "unsigned"): 1}


def test_one_bad_element_keeps_the_others(door: ReceiptDoor, engine: Engine) -> None:
    assert by_sendgrid(door, event("delivered"), 7, {"event": "open"}).status_code == 200
    assert len(engine.receipts) == 1
    assert counted(door)["sendgrid", "broken"] == 2


def test_a_hard_bounce_lists_the_address_before_the_receipt_is_kept(door: ReceiptDoor, engine: Engine) -> None:
    by_sendgrid(door, event("bounce", type="bounce"), event("bounce", type="blocked", email="bob@example.com"))
    (word,) = engine.words
    assert (word.address, word.kind, word.channel) == (hashed(ADDRESS_KEY, "email", "ada@example.com"), "bounce", "email")
    assert "ada" not in repr(engine.receipts)


def test_nothing_is_answered_that_is_not_kept(door: ReceiptDoor, engine: Engine) -> None:
    engine.away = True
    answer = by_sendgrid(door, event("delivered"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_the_public_address_is_configured_and_not_what_the_request_says(door: ReceiptDoor, engine: Engine) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+391"}
    assert by_twilio(door, form, f"?message_id={'a' * 24}&reference=2-77").status_code == 200
    assert [one.receipt.word for one in engine.receipts] == ["delivered"]


def test_a_text_is_an_event_and_a_stop_is_heeded_and_answered(door: ReceiptDoor, engine: Engine) -> None:
    form = {"MessageSid": "SM9", "SmsStatus": "received", "From": "+39333", "To": "+39444", "Body": "Basta"}
    answer = by_twilio(door, form)
    assert answer.status_code == 200
    assert "<Message>Non riceverai altri messaggi" in answer.text
    ((address, text),) = engine.texts
    assert (address, text.name, text.properties) == (
        hashed(ADDRESS_KEY, "sms", "+39333"),
        "SMS Received",
        {"text": "Basta", "to": "+39444"},
    )
    assert [word.kind for word in engine.words] == ["stop"]


def test_what_twilio_has_answered_itself_is_not_answered_again(door: ReceiptDoor, engine: Engine) -> None:
    form = {
        "MessageSid": "SM9",
        "SmsStatus": "received",
        "From": "+39333",
        "To": "+39444",
        "Body": "STOP",
        "OptOutType": "STOP",
    }
    assert "<Message>" not in by_twilio(door, form).text
    assert engine.words


def test_bodies_are_bounded(door: ReceiptDoor) -> None:
    assert post(door, "/v1/receipts/sendgrid", b"x" * (RECEIPTS_MAX_BYTES + 1), {}).status_code == 400


def test_who_is_not_known_has_no_door(engine: Engine) -> None:
    listeners = {"sendgrid": SendGridEvents({})}
    replies = Replies(lambda: ADDRESS_KEY, engine.say)
    shut = ReceiptDoor(listeners, PUBLIC, engine.receive, engine.say, lambda: ADDRESS_KEY, replies, engine.tell, lambda: NOW)
    assert receipt_routes(shut) == []
