"""SendGrid's event webhook against the official verifier, and what is made of its events."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook

from channels.limits import EVENTS_MAX
from channels.sendgrid_events import SIGNATURE, TIMESTAMP, SendGridEvents
from orchestrator.domain.receipts import WORDS
from orchestrator.errors import UsageError
from orchestrator.intake.listener import Called

NOW = 1_790_000_000_000
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
MINE = {"message_id": "a" * 24, "reference": "2-77"}


def shown(key: ec.EllipticCurvePrivateKey) -> str:
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def called(body: bytes, key: ec.EllipticCurvePrivateKey = KEY, at: int = NOW // 1_000, **headers: str) -> Called:
    signature = b64encode(key.sign(str(at).encode() + body, ec.ECDSA(SHA256()))).decode()
    return Called("https://shop.example/v1/receipts/sendgrid", {SIGNATURE: signature, TIMESTAMP: str(at), **headers}, body, NOW)


def listener(**more: Any) -> SendGridEvents:
    return SendGridEvents({"api_key": "SG.x", "webhook_keys": shown(KEY), **more})


def event(name: str, **more: Any) -> dict[str, Any]:
    return {"event": name, "timestamp": NOW // 1_000 - 5, "email": "ada@example.com", "sg_event_id": name, **MINE, **more}


def read(*events: Any) -> Any:
    return listener().read(called(json.dumps(events).encode()))


def test_what_sendgrid_signed_is_believed_and_nothing_else() -> None:
    body = json.dumps([event("delivered")]).encode()
    good = called(body)
    assert listener().signed(good)
    assert not listener().signed(called(body, OTHER))
    assert not listener().signed(Called(good.url, good.headers, body + b" ", NOW))
    assert not listener().signed(Called(good.url, {}, body, NOW))
    for junk in ("", "not base64!", "AAAA", "x" * 5_000):
        assert not listener().signed(called(body, **{SIGNATURE: junk}))


def test_keys_rotate_with_an_overlap() -> None:
    body = b"[]"
    both = listener(webhook_keys=f"{shown(OTHER)}, {shown(KEY)}")
    assert both.signed(called(body)) and both.signed(called(body, OTHER))  # noqa: PT018 - both at once


def test_a_signature_ends_with_its_age() -> None:
    body, day = b"[]", 86_400
    assert listener().signed(called(body, at=NOW // 1_000 - 2 * day))
    assert not listener().signed(called(body, at=NOW // 1_000 - 4 * day))
    assert not listener(webhook_age="60").signed(called(body, at=NOW // 1_000 - 61))
    assert not listener().signed(called(body, at=NOW // 1_000 + 4 * day))


@settings(max_examples=60, deadline=None)
@given(body=st.text(max_size=200), at=st.integers(NOW // 1_000 - 1_000, NOW // 1_000), broken=st.booleans())
def test_it_agrees_with_the_official_verifier(*, body: str, at: int, broken: bool) -> None:
    one = called(body.encode(), at=at)
    told = body + ("x" if broken else "")
    theirs = EventWebhook(shown(KEY)).verify_signature(told, one.headers[SIGNATURE], str(at))
    assert listener().signed(Called(one.url, one.headers, told.encode(), NOW)) == theirs == (not broken)


def test_without_keys_nobody_is_listened_to() -> None:
    assert not SendGridEvents({"api_key": "SG.x"}).ready
    with pytest.raises(UsageError, match="webhook_keys"):
        SendGridEvents({"webhook_keys": "AAAA"})


@pytest.mark.parametrize(
    ("sent", "word", "lists"),
    [
        (event("processed"), "processed", ""),
        (event("deferred"), "deferred", ""),
        (event("delivered"), "delivered", ""),
        (event("open"), "opened", ""),
        (event("bounce", type="bounce", status="5.1.1"), "bounced", "bounce"),
        (event("bounce", type="blocked", reason="550 later"), "blocked", ""),
        (event("dropped", reason="Bounced Address"), "dropped", "bounce"),
        (event("dropped", reason="Spam Reporting Address"), "dropped", "complaint"),
        (event("dropped", reason="Recipient List over Package Quota"), "dropped", ""),
        (event("spamreport"), "complained", "complaint"),
        (event("unsubscribe"), "unsubscribed", "unsubscribed"),
        (event("group_unsubscribe", asm_group_id=3), "unsubscribed", "unsubscribed"),
    ],
)
def test_each_event_is_one_of_our_words(sent: dict[str, Any], word: str, lists: str) -> None:
    (heard,) = read(sent).heard
    assert (heard.receipt.word, heard.suppresses, heard.to) == (word, lists, "ada@example.com")
    assert (heard.home, heard.key, heard.receipt.message_id) == (2, 77, "a" * 24)
    assert heard.receipt.word in WORDS


def test_times_codes_and_links_are_read() -> None:
    click, bounce, future = read(
        event("click", url="https://shop.example/x?y=1", timestamp=NOW - 7),
        event("bounce", status="5.7.1"),
        event("open", timestamp=NOW // 1_000 + 86_400),
    ).heard
    assert (click.receipt.url, click.receipt.occurred_at) == ("https://shop.example/x?y=1", NOW - 7)
    assert bounce.receipt.code == "5.7.1"
    assert future.receipt.occurred_at == NOW


@pytest.mark.parametrize(
    ("sent", "machine"),
    [
        (event("open", sg_machine_open=True), True),
        (event("open", useragent="Mozilla/5.0 (Macintosh)"), False),
        (event("click", url="https://x.example", useragent="Barracuda Sentinel (EE)"), True),
        (event("click", url="https://x.example", useragent="Mozilla/5.0"), False),
    ],
)
def test_machines_are_told_from_people(sent: dict[str, Any], *, machine: bool) -> None:
    (heard,) = read(sent).heard
    assert heard.receipt.machine is machine


def test_one_broken_element_keeps_the_others_and_strangers_are_counted_apart() -> None:
    strange = [event("open", timestamp="when"), event("delivered", reference="../x"), event("new")]
    told = read(event("delivered"), {"event": 7}, "nonsense", *strange)
    assert ([one.receipt.word for one in told.heard], told.foreign, told.broken) == (["delivered"], 2, 3)


@pytest.mark.parametrize("body", [b"{}", b"", b"[", b"\xff", b"[" + b"{}," * EVENTS_MAX + b"{}]"])
def test_what_is_no_list_of_events_is_refused_whole(body: bytes) -> None:
    with pytest.raises(ValueError, match="events"):
        listener().read(called(body))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=9), x),
        max_leaves=9,
    )
)
def test_no_element_raises(junk: Any) -> None:
    read(junk, {**MINE, "event": junk, "timestamp": junk}, event("open", useragent=junk))
