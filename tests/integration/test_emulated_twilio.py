"""Against a Twilio that remembers and signs: status callbacks, texts to us, and looking for what is in doubt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from channels.twilio import TwilioChannel
from orchestrator.delivery.channel import Accepted, Refused, RenderedMessage
from orchestrator.domain.input import Event, Receipt
from tests.integration.emulated_twilio import NUMBER, Twilio, emulated, free_port, installed
from tests.integration.serving import Serve, inputs_of, order, serving, track, until
from tests.integration.small_workspace import write_workspace

WHY_NOT = installed()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "installed")
ADA = "+15550002222"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Twilio, Serve, Path]]:
    """`serve` that sends its receipts by SMS, and Twilio, which know each other's addresses."""
    workspace, state, port = write_workspace(tmp_path / "workspace"), tmp_path / "state" / "state.sqlite", free_port()
    state.parent.mkdir()
    _by_sms(workspace)
    door = f"http://127.0.0.1:{port}"
    with emulated(tmp_path, f"{door}/v1/receipts/twilio") as twilio:
        told = {f"ORCHESTRATOR_TWILIO_{name.upper()}": value for name, value in twilio.settings.items()}
        told |= {"ORCHESTRATOR_SMS": "twilio", "ORCHESTRATOR_PUBLIC_URL": door}
        with serving(workspace, state, port=port, **told) as life:
            yield twilio, life, state


def _by_sms(workspace: Path) -> None:
    campaign = workspace / "campaigns" / "receipt.yaml"
    campaign.write_text(campaign.read_text().replace("channel: email", "channel: sms"))
    profile = workspace / "profile.yaml"
    profile.write_text(profile.read_text().replace("email: {type: string}", "email: {type: string}, phone: {type: string}"))
    senders = workspace / "senders.yaml"
    senders.write_text(senders.read_text().replace("shop: {", f"shop: {{sms: {{from: '{NUMBER}'}}, "))
    (workspace / "templates" / "receipt" / "sms.txt").write_text("Your order {{ event.properties.order_id }}\n")


def _ordered(life: Serve, number: int) -> None:
    identify = {"type": "identify", "messageId": f"i{number}", "userId": "ada", "traits": {"phone": ADA}}
    assert life.post([identify, order(f"o{number}", "ada")]).status == 200


def _heard(state: Path) -> list[str]:
    return [given.word for _, given in inputs_of(state, "ada") if isinstance(given, Receipt)]


def _events(state: Path) -> list[Event]:
    return [given for _, given in inputs_of(state, "ada") if isinstance(given, Event)]


def test_what_becomes_of_a_text_is_told_signed_and_believed(both: tuple[Twilio, Serve, Path]) -> None:
    twilio, life, state = both
    _ordered(life, 1)
    (message,) = until(twilio.listed, "a text at Twilio")
    for status in ("sent", "delivered"):
        twilio.becomes(message["sid"], status)
    until(lambda: {"sent", "delivered"} <= set(_heard(state)), "both callbacks")
    (told,) = [event for event in _events(state) if event.name == "SMS Delivered"]
    assert (told.properties["campaign"], told.properties["channel"]) == ("receipt", "sms")


def test_a_text_to_us_is_an_event_and_a_stop_ends_what_we_send(both: tuple[Twilio, Serve, Path]) -> None:
    twilio, life, state = both
    _ordered(life, 1)
    until(twilio.listed, "a text at Twilio")
    twilio.texted(ADA, "where is it?")
    until(lambda: [e for e in _events(state) if e.name == "SMS Received"], "the text as an event")
    twilio.texted(ADA, "Please stop texting me")
    until(lambda: len([e for e in _events(state) if e.name == "SMS Received"]) > 1, "the wish for an end")
    twilio.texted(ADA, "STOP")
    until(lambda: len([e for e in _events(state) if e.name == "SMS Received"]) > 2, "the STOP")
    before = len([one for one in twilio.listed() if one["direction"] != "inbound"])
    _ordered(life, 2)
    assert life.post([track("x", "ada", "Order Paid", order_id="O-o2")]).status == 200
    until(lambda: any(event.name == "Order Paid" for event in _events(state)), "the payment")
    assert len([one for one in twilio.listed() if one["direction"] != "inbound"]) == before


def test_what_is_in_doubt_is_found_by_its_words_or_known_not_to_be_there(tmp_path: Path) -> None:
    with emulated(tmp_path, "http://127.0.0.1:9/") as twilio:
        found = asyncio.run(_look(twilio))
    assert isinstance(found[0], Accepted)
    assert found[0].provider_id == found[1]
    assert isinstance(found[2], Refused)
    assert found[2].code == "not_found"
    assert found[3] is None, "another text went there just then: nobody can tell"


async def _look(twilio: Twilio) -> tuple[object, object, object, object]:
    now = time.time_ns() // 1_000_000
    ours = RenderedMessage("a", "sms", ADA, "Hi", "c", {"from": NUMBER})
    other, stranger = replace(ours, body_text="Ho"), replace(ours, to="+15550003333")
    async with aiohttp.ClientSession() as session:
        channel = TwilioChannel(twilio.settings, session)
        accepted = await channel.send(ours)
        assert isinstance(accepted, Accepted)
        looks = [await channel.find(one, now) for one in (ours, stranger, other)]
    return looks[0], accepted.provider_id, looks[1], looks[2]
