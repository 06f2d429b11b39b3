"""SMTP: encryption, logins, codes and addresses beyond ASCII, against a real server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from aiosmtplib.errors import SMTPServerDisconnected
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.limits import SMTP_LETTERS
from channels.smtp import SmtpChannel
from orchestrator.delivery.channel import RUN_OUT, Accepted, Answer, InDoubt, NotSent, Refused, RenderedMessage
from tests.conformance.channel_faults import Provider, listening, smtp_server

MESSAGE = RenderedMessage("m1", "email", "ada@example.com", "Ciao", "welcome", {"from": "shop@example.org"}, "Ciao")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of localhost with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def send(message: RenderedMessage, settings: dict[str, Any], fault: str = "accept", **options: Any) -> tuple[Answer, Provider]:
    """Send through an aiosmtpd server with this fault and these options."""

    async def story() -> tuple[Answer, Provider]:
        provider = Provider({})
        async with smtp_server(fault, provider, **options) as port:
            given = {"host": "localhost", "port": port, "tls": "none", "hello_name": "localhost", **settings}
            channel = SmtpChannel(given, cast("aiohttp.ClientSession", None))
            async with asyncio.timeout(10):
                answer = await channel.send(message)
                await channel.close()
                return answer, provider

    return asyncio.run(story())


def test_implicit_tls_trusts_the_given_authority(certificate: Path) -> None:
    settings = {"tls": "implicit", "ca_file": str(certificate)}
    answer, _ = send(MESSAGE, settings, over_tls=server_side(certificate))
    assert answer == Accepted("<m1@example.org>")


def test_starttls_trusts_the_given_authority(certificate: Path) -> None:
    settings = {"tls": "starttls", "ca_file": str(certificate)}
    answer, _ = send(MESSAGE, settings, tls_context=server_side(certificate), require_starttls=True)
    assert answer == Accepted("<m1@example.org>")


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_an_unknown_authority_gets_nothing(certificate: Path, tls: str) -> None:
    server = server_side(certificate)
    options = {"over_tls": server} if tls == "implicit" else {"tls_context": server}
    answer, provider = send(MESSAGE, {"tls": tls}, **options)
    assert isinstance(answer, NotSent)
    assert provider.requests == 0


def test_a_server_without_starttls_is_a_matter_of_settings() -> None:
    answer, provider = send(MESSAGE, {"tls": "starttls"})
    assert isinstance(answer, Refused)
    assert answer.kind == "config"
    assert provider.requests == 0


def test_logs_in_where_it_is_told_to() -> None:
    def known(*given: Any) -> AuthResult:
        login = given[-1]
        return AuthResult(success=isinstance(login, LoginPassword) and login.password == b"secret", handled=False)

    options = {"authenticator": known, "auth_require_tls": False, "auth_required": True}
    answer, _ = send(MESSAGE, {"username": "us", "password": "secret"}, **options)
    assert answer == Accepted("<m1@example.org>")
    answer, _ = send(MESSAGE, {"username": "us", "password": "wrong"}, **options)
    assert isinstance(answer, Refused)
    assert answer.kind == "config"
    assert "wrong" not in str(answer)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("bad_request", Refused("suppress", "5.1.1", "rcpt: 550")),
        ("plain_550", Refused("suppress", "550", "rcpt: 550")),
        ("spam", Refused("reject", "5.7.1", "data: 554")),
        ("greylist", NotSent(5_000, "rcpt: 450")),
        ("throttle", NotSent(5_000, "mail: 421")),
    ],
)
def test_the_servers_code_says_why(fault: str, answer: Answer) -> None:
    assert send(MESSAGE, {}, fault)[0] == answer


def test_settings_override_the_table_of_codes() -> None:
    assert send(MESSAGE, {"codes": {"5.1.1": "reject"}}, "bad_request")[0] == Refused("reject", "5.1.1", "rcpt: 550")
    assert isinstance(send(MESSAGE, {"codes": {"5.7.1": "throttle"}}, "spam")[0], NotSent)


BEYOND = RenderedMessage("m1", "email", "àda@example.com", "Ciao", "welcome", {"from": "shop@example.org"}, "Ciao")


def test_an_address_beyond_ascii_goes_where_the_server_takes_it() -> None:
    answer, provider = send(BEYOND, {})
    assert answer == Accepted("<m1@example.org>")
    assert provider.received[0].to == "àda@example.com"


def test_an_address_beyond_ascii_is_refused_where_the_server_does_not() -> None:
    answer, provider = send(BEYOND, {}, "ascii_only")
    assert isinstance(answer, Refused)
    assert (answer.kind, answer.code) == ("reject", "smtputf8")
    assert provider.requests == 0


def test_bounces_go_to_the_return_path() -> None:
    assert isinstance(send(MESSAGE, {"return_path": "bounces@example.org"})[0], Accepted)


@pytest.mark.parametrize("greeting", [b"554 no\r\n", b"what\r\n", b"220 hi\r\n500 what\r\n"])
def test_a_server_that_will_not_talk_leaves_no_doubt(greeting: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, provider: Provider) -> None:
        del provider
        for line in greeting.splitlines(keepends=True):
            writer.write(line)
            await writer.drain()
            await reader.read(100)

    async def story() -> Answer:
        async with listening(talk, Provider({})) as port:
            settings = {"host": "127.0.0.1", "port": port, "tls": "none", "read_timeout": 2}
            return await SmtpChannel(settings, cast("aiohttp.ClientSession", None)).send(MESSAGE)

    answer = asyncio.run(story())
    assert isinstance(answer, NotSent) or (isinstance(answer, Refused) and answer.kind == "config")


# connections that are kept --------------------------------------------------------------------------------------------------


def exchanged(story: Callable[[SmtpChannel, Provider], Awaitable[None]], fault: str = "accept") -> Provider:
    """A story with one channel and its server; the provider counts connections as `attempts`."""

    async def told() -> Provider:
        provider = Provider({})
        async with smtp_server(fault, provider) as port, asyncio.timeout(20):
            given = {"host": "127.0.0.1", "port": port, "tls": "none", "hello_name": "localhost"}
            channel = SmtpChannel(given, cast("aiohttp.ClientSession", None))
            await story(channel, provider)
            await channel.close()
        return provider

    return asyncio.run(told())


def test_letters_share_a_connection() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        for number in range(30):
            answer = await channel.send(replace(MESSAGE, message_id=f"m{number}"))
            assert answer == Accepted(f"<m{number}@example.org>")

    provider = exchanged(story)
    assert provider.attempts == 1
    assert len(provider.received) == 30


def test_who_is_slow_to_greet_is_ready_for_the_next_attempt() -> None:
    async def story(channel: SmtpChannel, provider: Provider) -> None:
        for leave in (False, False, True):
            answer = await channel.send(replace(MESSAGE, leave=lambda holds=leave: holds))
            assert answer == (Accepted("<m1@example.org>") if leave else NotSent(5_000, RUN_OUT))
        assert (provider.attempts, [letter.to for letter in provider.received]) == (1, ["ada@example.com"])

    exchanged(story)


def test_as_many_connections_as_letters_at_once_and_no_more() -> None:
    async def story(channel: SmtpChannel, provider: Provider) -> None:
        for _ in range(3):
            answers = await asyncio.gather(*(channel.send(replace(MESSAGE, message_id=f"m{n}")) for n in range(10)))
            assert all(isinstance(answer, Accepted) for answer in answers)
            assert provider.attempts <= 10

    assert len(exchanged(story).received) == 30


def test_a_connection_takes_so_many_letters() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        for number in range(SMTP_LETTERS + 1):
            await channel.send(replace(MESSAGE, message_id=f"m{number}"))

    assert exchanged(story).attempts == 2


def test_a_kept_connection_that_the_server_has_closed_costs_nothing() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        await channel.send(MESSAGE)
        (kept,) = channel._kept._idle
        kept._client.transport.abort()  # type: ignore[union-attr]
        assert isinstance(await channel.send(replace(MESSAGE, message_id="m2")), Accepted)

    provider = exchanged(story)
    assert provider.attempts == 2
    assert [letter.headers["message-id"] for letter in provider.received] == ["<m1@example.org>", "<m2@example.org>"]


def test_a_kept_connection_whose_loss_shows_at_the_next_command_is_replaced_in_the_same_attempt() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        await channel.send(MESSAGE)
        (kept,) = channel._kept._idle

        async def gone(*_: object, **__: object) -> None:
            raise SMTPServerDisconnected("Connection lost")

        kept._client.mail = gone  # type: ignore[method-assign,assignment]
        assert isinstance(await channel.send(replace(MESSAGE, message_id="m2")), Accepted)

    provider = exchanged(story)
    assert (provider.attempts, len(provider.received)) == (2, 2)


def test_a_loss_after_the_text_has_begun_is_doubt_on_a_kept_connection_too() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        await channel.send(MESSAGE)
        (kept,) = channel._kept._idle

        async def gone(*_: object, **__: object) -> None:
            raise SMTPServerDisconnected("Connection lost")

        kept._client.data = gone  # type: ignore[method-assign,assignment]
        assert isinstance(await channel.send(replace(MESSAGE, message_id="m2")), InDoubt)

    assert exchanged(story).attempts == 1


def test_a_refused_recipient_spoils_nothing_for_the_next_letter() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        for number in range(3):
            assert isinstance(await channel.send(replace(MESSAGE, message_id=f"m{number}")), Refused)

    exchanged(story, "bad_request")


def test_nothing_is_kept_open_after_it_was_closed() -> None:
    async def story(channel: SmtpChannel, _provider: Provider) -> None:
        await channel.close()
        assert isinstance(await channel.send(MESSAGE), Accepted)
        assert channel._kept._idle == []

    exchanged(story)
