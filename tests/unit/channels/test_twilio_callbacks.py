"""Twilio's callbacks against the official validator, with both of its schemes, and what is made of them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.twilio_callbacks import SCHEME, SIGNATURE, TwilioCallbacks
from orchestrator.domain.receipts import WORDS
from orchestrator.intake.listener import Called

LETTERS = st.characters(codec="utf-8")
NOW = 1_790_000_000_000
URL = f"https://shop.example/v1/receipts/twilio?message_id={'a' * 24}&reference=2-77"
TOKEN, SHARED = "t" * 32, "webhooks_sharedkey_1"
STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+391", "From": "+392", "AccountSid": "AC1"}


def listener(**more: Any) -> TwilioCallbacks:
    return TwilioCallbacks({"account_sid": "AC1", "auth_token": TOKEN, **more})


def signed(form: dict[str, str], url: str = URL, by: str = TOKEN, scheme: str = "", algorithm: str = "HMAC_SHA1") -> Called:
    signature = RequestValidator(by).compute_signature(url, form, algorithm)
    headers = {SIGNATURE: signature, "content-type": "application/x-www-form-urlencoded"} | ({SCHEME: scheme} if scheme else {})
    return Called(url, headers, urlencode(form).encode(), NOW)


@settings(max_examples=150, deadline=None)
@given(
    form=st.dictionaries(st.text(LETTERS, min_size=1, max_size=6), st.text(LETTERS, max_size=20)),
    url=st.sampled_from([URL, "https://shop.example:8443/x", "http://shop.example/x?a=b%20c", "https://shop.example:443/y"]),
    wrong=st.booleans(),
)
def test_it_agrees_with_the_official_validator(*, form: dict[str, str], url: str, wrong: bool) -> None:
    one = signed(form, url, "other" if wrong else TOKEN)
    theirs = RequestValidator(TOKEN).validate(url, form, one.headers[SIGNATURE])
    assert listener().signed(one) == theirs == (not wrong)


def test_a_changed_url_or_parameter_is_noticed() -> None:
    good = signed(STATUS)
    assert listener().signed(good)
    assert not listener().signed(Called(good.url.replace("2-77", "2-78"), good.headers, good.body, NOW))
    assert not listener().signed(Called(good.url, good.headers, good.body + b"&x=1", NOW))
    assert not listener().signed(Called(good.url, {}, good.body, NOW))
    assert not listener().signed(Called(good.url.replace("https", "http"), good.headers, good.body, NOW))


def test_shared_keys_are_another_scheme_with_secrets_of_their_own() -> None:
    told = f"key={SHARED},algorithm=HMAC_SHA256"
    ours = listener(webhook_shared_keys=f"{SHARED}=hush,other=quiet")
    assert ours.signed(signed(STATUS, by="hush", scheme=told, algorithm="HMAC_SHA256"))
    assert not ours.signed(signed(STATUS, by="quiet", scheme=told, algorithm="HMAC_SHA256"))
    assert not ours.signed(signed(STATUS, by=TOKEN, scheme=told, algorithm="HMAC_SHA256"))
    assert not ours.signed(signed(STATUS, by="hush"))
    assert not ours.signed(signed(STATUS, by="hush", scheme=f"key={SHARED},algorithm=MD5"))
    assert not listener().signed(signed(STATUS, by="hush", scheme=told, algorithm="HMAC_SHA256"))


def test_tokens_rotate_with_an_overlap() -> None:
    both = listener(webhook_tokens=f"new, {TOKEN}")
    assert all(both.signed(signed(STATUS, by=token)) for token in ("new", TOKEN))


def test_a_body_that_is_no_form_is_known_by_its_hash() -> None:
    body = b'{"a":1}'
    url = f"{URL}&bodySHA256={sha256(body).hexdigest()}"
    headers = {SIGNATURE: RequestValidator(TOKEN).compute_signature(url, {}), "content-type": "application/json"}
    assert RequestValidator(TOKEN).validate(url, body.decode(), headers[SIGNATURE])
    assert listener().signed(Called(url, headers, body, NOW))
    assert not listener().signed(Called(url, headers, b'{"a":2}', NOW))


@pytest.mark.parametrize(
    ("status", "code", "word", "lists"),
    [
        ("queued", "", "processed", ""),
        ("sent", "", "sent", ""),
        ("delivered", "", "delivered", ""),
        ("undelivered", "30003", "undelivered", ""),
        ("undelivered", "30005", "undelivered", "invalid"),
        ("failed", "21610", "undelivered", "stop"),
        ("canceled", "", "dropped", ""),
    ],
)
def test_each_status_is_one_of_our_words(status: str, code: str, word: str, lists: str) -> None:
    (heard,) = listener().read(signed(STATUS | {"MessageStatus": status} | ({"ErrorCode": code} if code else {}))).heard
    receipt = heard.receipt
    assert (receipt.word, receipt.code, heard.suppresses, heard.to) == (word, code, lists, "+391")
    assert (heard.home, heard.key, receipt.message_id, receipt.provider_id) == (2, 77, "a" * 24, "SM1")
    assert receipt.word in WORDS


def test_the_table_of_codes_is_data() -> None:
    (heard,) = (
        listener(codes="30003=suppress").read(signed(STATUS | {"MessageStatus": "undelivered", "ErrorCode": "30003"})).heard
    )
    assert heard.suppresses == "invalid"


def test_a_text_to_us_is_read() -> None:
    form = {"MessageSid": "SM2", "SmsStatus": "received", "From": "+391", "To": "+392", "Body": "STOP", "OptOutType": "STOP"}
    (text,) = listener().read(signed(form, "https://shop.example/v1/receipts/twilio")).texts
    assert (text.sender, text.to, text.body, text.opt_out_type, text.provider_id) == ("+391", "+392", "STOP", "STOP", "SM2")


def test_what_is_about_no_message_of_ours_is_foreign() -> None:
    told = listener().read(signed(STATUS, "https://shop.example/v1/receipts/twilio"))
    assert (told.foreign, told.heard) == (1, ())
    assert listener().read(signed(STATUS | {"MessageStatus": "dancing"})).broken == 1


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200), signature=st.text(max_size=40), scheme=st.text(max_size=40))
def test_nothing_raises_before_it_is_signed(body: bytes, signature: str, scheme: str) -> None:
    assert not listener(webhook_shared_keys="a=b").signed(Called(URL, {SIGNATURE: signature, SCHEME: scheme}, body, NOW))
