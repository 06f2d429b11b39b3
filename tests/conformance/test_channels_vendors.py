"""Our requests against what the vendors publish: their OpenAPI documents and their official packages."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import jsonschema
import pytest
import yaml
from sendgrid.helpers.mail import Content, CustomArg, From, Header, Mail, MimeType, Personalization, ReplyTo, To
from twilio.http.http_client import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.sendgrid import SendGridChannel
from channels.twilio import TwilioChannel
from orchestrator.delivery.channel import Accepted, RenderedMessage
from tests.conformance.channel_cases import SENDGRID_ANSWERS, TWILIO_ANSWERS, read_sendgrid, read_twilio
from tests.conformance.channel_faults import http_provider

SPECS = Path(__file__).parents[3] / "shared" / "corpora" / "vendor-specs"
ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "a" * 32

EMAIL = RenderedMessage(
    message_id="m-1f3a",
    channel="email",
    to="ada@example.com",
    body_text="Ciao",
    campaign="welcome",
    sender={"from": "shop@example.org", "name": "The Shop", "reply_to": "care@example.org"},
    subject="È qui",
    body_html="<p>Ciao</p>",
    headers={"List-Unsubscribe": "<https://shop.example.org/u/t>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)
SMS = RenderedMessage("m-1f3a", "sms", "+393331234567", "Ciao, è partito!", "welcome", {"from": "+390212345678"})


def spec(name: str) -> dict[str, Any]:
    path = SPECS / name
    if not path.exists():
        pytest.skip("the vendors' OpenAPI documents are not here")
    found: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    return found


def sent_to_sendgrid(message: RenderedMessage) -> tuple[str, dict[str, Any]]:
    async def story() -> tuple[str, dict[str, Any]]:
        async with (
            http_provider("accept", {"api_key": "SG.a.b"}, SENDGRID_ANSWERS, read_sendgrid) as provider,
            aiohttp.ClientSession() as session,
        ):
            assert await SendGridChannel(provider.settings, session).send(message) == Accepted("abc.123")
            ((head, body),) = provider.raw
        return head.decode(), json.loads(body)

    return asyncio.run(story())


def sent_to_twilio(message: RenderedMessage, **settings: Any) -> tuple[str, dict[str, str]]:
    async def story() -> tuple[str, dict[str, str]]:
        given = {"account_sid": ACCOUNT, "auth_token": "t0ken", **settings}
        async with (
            http_provider("accept", given, TWILIO_ANSWERS, read_twilio) as provider,
            aiohttp.ClientSession() as session,
        ):
            assert await TwilioChannel(provider.settings, session).send(message) == Accepted("SM123")
            ((head, body),) = provider.raw
        form = parse_qs(body.decode("ascii"), strict_parsing=True)
        return head.decode(), {name: value for name, (value,) in form.items()}

    return asyncio.run(story())


def sendgrid_schema() -> dict[str, Any]:
    """The schema of a send, its one known defect mended: top-level `custom_args` is an object, not a string."""
    components = spec("tsg_mail_v3.yaml")["components"]
    schema: dict[str, Any] = components["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    schema["properties"]["custom_args"] = {"type": "object"}
    return {**schema, "components": components}


@pytest.mark.parametrize(
    "message",
    [EMAIL, replace(EMAIL, body_html=""), replace(EMAIL, body_text=""), replace(EMAIL, headers={}, sender={"from": "a@b.it"})],
    ids=["whole", "text only", "html only", "bare"],
)
def test_a_sendgrid_request_is_what_their_document_describes(message: RenderedMessage) -> None:
    schema = sendgrid_schema()
    head, body = sent_to_sendgrid(message)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)
    assert set(body) <= set(schema["properties"])
    assert set(body["personalizations"][0]) <= set(schema["properties"]["personalizations"]["items"]["properties"])
    assert head.startswith("POST /v3/mail/send HTTP/1.1\r\n")
    assert "Authorization: Bearer SG.a.b\r\n" in head


MESSAGES = [
    EMAIL,
    replace(EMAIL, body_html=""),
    replace(EMAIL, body_text=""),
    replace(EMAIL, subject=""),
    replace(EMAIL, headers={}, sender={"from": "a@b.it"}),
    replace(
        EMAIL, sender={"from": "a@b.it", "name": 'Ünï, "quoted" <x@y.z>'}, subject="\u202e «\\» \U0001f600", body_text="a\ud800"
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=["whole", "text only", "html only", "no subject", "bare", "odd"])
def test_a_sendgrid_request_is_what_their_own_builder_makes(message: RenderedMessage) -> None:
    _, body = sent_to_sendgrid(message)
    assert body == built_by_sendgrid(message)


def built_by_sendgrid(message: RenderedMessage) -> dict[str, Any]:
    """Addresses are set after construction: the builder's constructors parse a string without a name as `Name <address>`."""
    mail, person = Mail(), Personalization()
    mail.from_email, to = From(), To()
    mail.from_email.email, mail.from_email.name, to.email = message.sender["from"], message.sender.get("name"), message.to
    if "reply_to" in message.sender:
        mail.reply_to = ReplyTo()
        mail.reply_to.email = message.sender["reply_to"]
    person.add_to(to)
    person.add_custom_arg(CustomArg("message_id", message.message_id))
    for name, value in message.headers.items():
        person.add_header(Header(name, value))
    mail.add_personalization(person)
    if message.subject:
        mail.subject = message.subject
    for kind, text in ((MimeType.text, message.body_text), (MimeType.html, message.body_html)):
        if text:
            mail.add_content(Content(kind, text.encode("utf-8", "replace").decode()))
    built: dict[str, Any] = mail.get()
    return built


def test_a_body_that_breaks_their_document_is_noticed() -> None:
    _, body = sent_to_sendgrid(EMAIL)
    body["from"] = "shop@example.org"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, sendgrid_schema(), jsonschema.Draft202012Validator)


def test_our_id_comes_back_with_every_sendgrid_event() -> None:
    _, body = sent_to_sendgrid(EMAIL)
    assert body["personalizations"][0]["custom_args"] == {"message_id": "m-1f3a"}
    assert "custom_args" not in body


def test_nobody_is_named_in_sendgrids_custom_args_or_categories() -> None:
    _, body = sent_to_sendgrid(EMAIL)
    assert "ada" not in json.dumps(body["personalizations"][0]["custom_args"])
    assert "categories" not in body


TWILIO_SETTINGS: list[dict[str, Any]] = [
    {},
    {"messaging_service_sid": SERVICE},
    {"validity_period": 3600, "status_callback": "https://hooks.example.org/twilio?shop=1"},
]


@pytest.mark.parametrize("settings", TWILIO_SETTINGS, ids=["number", "service", "everything"])
def test_a_twilio_request_is_what_their_document_describes(settings: dict[str, Any]) -> None:
    operation = spec("twilio_api_v2010.yaml")["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    head, form = sent_to_twilio(SMS, **settings)
    typed = {name: int(value) if schema["properties"][name]["type"] == "integer" else value for name, value in form.items()}
    jsonschema.validate({**typed}, schema, jsonschema.Draft202012Validator)
    assert head.startswith(f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n")
    assert "Content-Type: application/x-www-form-urlencoded\r\n" in head


class Recorder(HttpClient):  # type: ignore[misc]  # untyped package
    """In place of the official package's transport: keeps what it would send."""

    def __init__(self) -> None:
        super().__init__(None, is_async=False)
        self.seen: dict[str, Any] = {}

    def request(self, method: str, url: str, **rest: Any) -> Response:
        self.seen = {"method": method, "url": url, **rest}
        return Response(201, '{"sid": "SM123"}')


@pytest.mark.parametrize("settings", TWILIO_SETTINGS, ids=["number", "service", "everything"])
def test_a_twilio_request_is_the_one_that_the_official_package_makes(settings: dict[str, Any]) -> None:
    recorder = Recorder()
    given: dict[str, Any] = {"to": SMS.to, "body": SMS.body_text}
    if "messaging_service_sid" in settings:
        given["messaging_service_sid"] = SERVICE
    else:
        given["from_"] = SMS.sender["from"]
    if "validity_period" in settings:
        given |= {"validity_period": 3600, "status_callback": "https://hooks.example.org/twilio?shop=1&message_id=m-1f3a"}
    Client(ACCOUNT, "t0ken", http_client=recorder).messages.create(**given)
    head, form = sent_to_twilio(SMS, **settings)
    assert form == {name: str(value) for name, value in recorder.seen["data"].items()}
    assert recorder.seen["url"] == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert aiohttp.BasicAuth.decode(head.partition("Authorization: ")[2].split("\r\n")[0])[:2] == recorder.seen["auth"]
