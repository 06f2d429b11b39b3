"""The webhook adapter: signatures, answers, and where it goes and where not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels.addresses import Target, is_public, looked_up, target_of
from channels.webhook import WebhookChannel, answer_of, signature
from orchestrator.delivery.channel import Accepted, Answer, NotSent, Refused, RenderedMessage
from orchestrator.errors import UsageError
from tests.conformance.channel_faults import Provider, Received, http_provider

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the specification
URL = "https://hooks.example.org/codes"
ANSWERS = {"accept": (200, {}, b'{"code": "X"}')}


def test_the_signature_is_that_of_the_reference_library() -> None:
    """Made with standardwebhooks 1.1.0."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", {}),
        (b" \n", {}),
        (b'{"code": "X"}', {"code": "X"}),
        (b"[]", None),
        (b"null", None),
        (b"<html>", None),
        (b'{"n": NaN}', None),
        (b'{"s": "\\ud800"}', None),
        (b'{"n": 9007199254740993}', None),
        (b"\xff", None),
        (b'{"a":' * 500 + b"1" + b"}" * 500, None),
        (b'{"s": "' + b"x" * 4_089 + b'"}', None),
    ],
)
def test_what_is_an_answer(body: bytes, answer: Any) -> None:
    assert answer_of(body) == answer


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "168.63.129.16", "::", "::1", "fe80::1",  # noqa: S104
        "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1", "nonsense", "",
        "::7f00:1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::a00:1", "fec0::1", "192.0.0.192",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["hooks.example.org", "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example/#x", "https://a b", "https://a.example:99999",
     "https://a.example/\r\nX: y", "https://\u0430.example", "file:///etc/passwd", "https://[::1", "//a.example"],
)  # fmt: skip
def test_what_is_no_url_of_a_webhook(url: str) -> None:
    assert isinstance(target_of(url), str)


def test_a_url_taken_apart() -> None:
    assert target_of("https://A.example/x?y") == Target("https", "a.example", 443, "a.example")
    assert target_of("http://[2001:db8::1]:81/x") == Target("http", "2001:db8::1", 81, "[2001:db8::1]:81")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "localhost"])
def test_loopback_in_any_spelling_is_found_by_looking_up(host: str) -> None:
    assert not any(map(is_public, asyncio.run(looked_up(host, 443))))


Resolving = Callable[[str, int], Coroutine[Any, Any, list[str]]]


def asked(url: str, settings: Mapping[str, Any], resolve: Resolving) -> tuple[Answer, Provider]:
    """One call to a server on loopback; `{port}` in the URL is its port."""

    async def story() -> tuple[Answer, Provider]:
        async with here() as there, aiohttp.ClientSession() as session:
            port = there.settings["base_url"].rpartition(":")[2]
            channel = WebhookChannel(settings, session, resolve)
            to = url.replace("{port}", port)
            message = RenderedMessage("m-1", "webhook", to, '{"kind":"TEN"}', "win-back", {"name": "codes"})
            return await channel.send(message), there

    return asyncio.run(story())


def here() -> Any:
    return http_provider("accept", {}, ANSWERS, lambda body: Received("", body.decode()))


async def loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_it_sends_exactly_the_body_signed_and_gets_the_answer() -> None:
    secrets = {"codes": f"{SECRET} whsec_{base64.b64encode(b'new' * 8).decode()}"}
    settings = {"allow_private": "true", "secrets": secrets}
    answer, there = asked("http://hooks.example.org:{port}/codes?a=%2F", settings, loopback)
    assert answer == Accepted("m-1", {"code": "X"})
    ((head, body),) = there.raw
    assert body == b'{"kind":"TEN"}'
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    assert lines[0] == "POST /codes?a=%2F HTTP/1.1"
    assert headers["host"].startswith("hooks.example.org:")
    assert (headers["webhook-id"], headers["content-type"]) == ("m-1", "application/json")
    signed = f"m-1.{headers['webhook-timestamp']}.".encode() + body
    wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in _keys(secrets["codes"])]
    assert headers["webhook-signature"] == " ".join(f"v1,{one}" for one in wanted)


def test_what_is_sent_is_verified_by_the_reference_library_with_either_secret() -> None:
    other = f"whsec_{base64.b64encode(b'new' * 8).decode()}"
    settings = {"allow_private": "true", "secrets": {"codes": f"{SECRET} {other}"}}
    _, there = asked("http://hooks.example.org:{port}/codes", settings, loopback)
    ((head, body),) = there.raw
    lines = head.decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    for secret in (SECRET, other):
        assert Webhook(secret).verify(body, headers) == {"kind": "TEN"}
    for spoilt in ({**headers, "webhook-id": "m-2"}, {**headers, "webhook-timestamp": "1614265330"}):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, spoilt)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


def _keys(secret: str) -> list[bytes]:
    return [base64.b64decode(one.removeprefix("whsec_")) for one in secret.split()]


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://hooks.example.org:{port}/", False),
        ("http://hooks.example.org:{port}/", False),
        ("https://127.0.0.1:{port}/", False),
    ],
)
def test_it_does_not_go_inside_whatever_a_name_says(url: str, *, private: bool) -> None:
    answer, there = asked(url, {"allow_private": private}, loopback)
    assert isinstance(answer, Refused)
    assert answer.kind == "config"
    assert there.attempts == 0


def test_plain_http_to_the_internet_is_not_asked_at_all() -> None:
    async def public(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    answer, _ = asked("http://hooks.example.org/", {"allow_private": True}, public)
    assert isinstance(answer, Refused)


def test_the_next_address_is_tried_where_the_first_takes_no_connection() -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    answer, there = asked("http://hooks.example.org:{port}/", {"allow_private": True, "connect_timeout": 2}, two)
    assert isinstance(answer, Accepted)
    assert there.requests == 1


def test_a_name_that_is_not_found_is_asked_for_later() -> None:
    async def none(_host: str, _port: int) -> list[str]:
        raise OSError

    answer, _ = asked(URL, {}, none)
    assert isinstance(answer, NotSent)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"senders": {"codes": {"webhook": {"url": "http://a.example"}}}}, "'codes' whose url does not do: plain http"),
        ({"senders": {"codes": {"webhook": {"url": "a.example"}}}}, "'codes' whose url does not do: it is not a URL"),
        ({"secrets": {"codes": "whsec_???"}}, "one of 'codes' that is not `whsec_` and base64"),
        ({"allow_privat": True}, "'allow_privat' is unknown"),
    ],
)
def test_what_cannot_be_asked_is_told_at_the_start(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        WebhookChannel(settings, None)  # type: ignore[arg-type]
    assert named in str(caught.value)
    assert "whsec_?" not in str(caught.value)
