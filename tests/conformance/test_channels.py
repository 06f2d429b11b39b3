"""What every channel adapter must do, whoever wrote it; `channel_cases.CASES` lists them.

Providers are real servers on loopback. The laws: one attempt and never two; never an exception for what a network or provider
does; `NotSent` only where nothing can have been taken; an answer within the timeouts; nothing left behind.
"""

from __future__ import annotations

import asyncio
import json
import time
import unicodedata
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orchestrator.delivery.channel import Accepted, Channel, NotSent, Refused, RenderedMessage, close
from tests.conformance.channel_cases import CASES, FAULTS, ChannelCase
from tests.conformance.channel_faults import Provider

NAUGHTY = Path(__file__).parents[3] / "shared" / "corpora" / "naughty-strings" / "blns.json"
CONNECT_S, READ_S = 0.4, 0.4
SLACK_S = 1.5
LINK = "<https://shop.example.org/u/" + "t" * 150 + ">, <mailto:leave@shop.example.org?subject=" + "s" * 80 + ">"

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_fault = pytest.mark.parametrize(
    ("case", "fault"), [pytest.param(c, f, id=f"{c.name}-{f}") for c in CASES for f in c.faults]
)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run one test's story, bounded, and see that it leaves no task behind."""

    async def story() -> None:
        async with asyncio.timeout(60):
            await coroutine
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


@asynccontextmanager
async def standing(case: ChannelCase, fault: str, folder: Path) -> AsyncIterator[tuple[Channel, Provider]]:
    """The adapter and its provider, which behaves as `fault` says."""
    async with case.provider(fault, folder) as provider, aiohttp.ClientSession() as session:
        timeouts = {"connect_timeout": CONNECT_S, "read_timeout": READ_S} if case.network else {}
        channel = case.make({**provider.settings, **timeouts}, session)
        yield channel, provider
        await close(channel)


def message(case: ChannelCase, **changes: Any) -> RenderedMessage:
    plain = RenderedMessage(
        message_id="m-1f3a",
        channel=case.channel,
        to=case.recipient,
        body_text="Ciao Ada,\nil tuo ordine parte oggi. A presto!\n",
        campaign="welcome",
        sender=case.sender,
    )
    if case.channel == "email":
        links = {"List-Unsubscribe": LINK, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        plain = replace(plain, subject="Il tuo ordine è partito", body_html="<p>Ciao <b>Ada</b></p>", headers=links)
    return replace(plain, **changes)


def squeezed(text: str) -> str:
    """Text without what a header or a line ending may change: white space and control characters."""
    kept = (c for c in text.encode("utf-8", "replace").decode() if unicodedata.category(c) not in ("Cc", "Zl", "Zp"))
    return "".join("".join(kept).split())


@each_fault
def test_answers_each_fault_as_its_class_demands(case: ChannelCase, fault: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with standing(case, fault, tmp_path) as (channel, provider):
            began = time.monotonic()
            answer = await channel.send(message(case))
            assert time.monotonic() - began < CONNECT_S + 3 * READ_S + SLACK_S
            assert isinstance(answer, case.faults[fault]), answer
        if case.network:
            assert provider.attempts == (0 if fault == "refuse_connection" else 1)
        assert provider.requests <= 1

    run(story())


@each_case
def test_a_case_over_a_network_meets_every_fault(case: ChannelCase) -> None:
    assert not case.network or set(FAULTS) <= set(case.faults)


@each_case
def test_sends_exactly_one_whole_message(case: ChannelCase, tmp_path: Path) -> None:
    async def story() -> None:
        async with standing(case, "accept", tmp_path) as (channel, provider):
            wanted = message(case)
            answer = await channel.send(wanted)
        assert isinstance(answer, Accepted)
        assert answer.provider_id
        assert provider.requests == 1
        (got,) = provider.received
        assert (got.to, squeezed(got.text), squeezed(got.subject)) == (
            wanted.to,
            squeezed(wanted.body_text),
            squeezed(wanted.subject),
        )
        headers = {name.lower(): value for name, value in got.headers.items()}
        assert all(headers[name.lower()] == value for name, value in wanted.headers.items())

    run(story())


@each_case
def test_a_throttled_message_says_when_to_try_again(case: ChannelCase, tmp_path: Path) -> None:
    if "throttle" not in case.faults:
        pytest.skip("a folder has no rate")

    async def story() -> None:
        async with standing(case, "throttle", tmp_path) as (channel, _):
            answer = await channel.send(message(case))
        assert isinstance(answer, NotSent)
        assert answer.retry_after_ms == 7_000 if case.http else answer.retry_after_ms > 0

    run(story())


@each_case
def test_refused_credentials_are_a_matter_of_settings(case: ChannelCase, tmp_path: Path) -> None:
    if "unauthorised" not in case.faults:
        pytest.skip("a folder has no credentials")

    async def story() -> None:
        async with standing(case, "unauthorised", tmp_path) as (channel, _):
            answer = await channel.send(message(case))
        assert isinstance(answer, Refused)
        assert answer.kind == "config"

    run(story())


@each_case
def test_answers_name_nobody(case: ChannelCase, tmp_path: Path) -> None:
    async def story() -> None:
        for fault in case.faults:
            folder = tmp_path / fault
            folder.mkdir()
            async with standing(case, fault, folder) as (channel, _):
                answer = await channel.send(message(case))
            assert case.recipient.strip("+") not in str(answer)
            assert "+391" not in str(answer)

    run(story())


@each_case
def test_no_text_breaks_it_or_arrives_changed(case: ChannelCase, tmp_path: Path) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the corpus of naughty strings is not here")
    naughty: list[str] = [*json.loads(NAUGHTY.read_text()), "\ud800 lone", "nul \0 here", "\x85\u2028\u2029", "=?utf-8?q?x?="]

    async def story() -> None:
        async with standing(case, "accept", tmp_path) as (channel, provider):
            subject = {"subject": True} if case.channel == "email" else {}
            for text in naughty:
                answer = await channel.send(message(case, body_text=text or "-", **dict.fromkeys(subject, text)))
                assert isinstance(answer, Accepted), (answer, text)
        assert [squeezed(got.text) for got in provider.received] == [squeezed(text or "-") for text in naughty]
        if subject:
            assert [squeezed(got.subject) for got in provider.received] == [squeezed(text)[:500] for text in naughty]

    run(story())


@each_case
def test_no_address_breaks_it_or_becomes_another(case: ChannelCase, tmp_path: Path) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the corpus of naughty strings is not here")
    naughty: list[str] = [*json.loads(NAUGHTY.read_text()), "\ud800", "a@b\r\nRCPT TO:<eve@example.com>", "a@b,eve@example.com"]
    addresses = [a for text in naughty for a in (text, f"{text}@example.com", f"a@{text}")]

    async def story() -> None:
        async with standing(case, "accept", tmp_path) as (channel, provider):
            accepted = [a for a in addresses if isinstance(await channel.send(message(case, to=a)), Accepted)]
        if case.network:
            assert provider.requests <= len(addresses)
            assert [got.to for got in provider.received] == accepted

    run(story())


EVIL = "x\r\nBcc: eve@example.com\r\n\r\nbody"


@each_case
@pytest.mark.parametrize(
    "changes",
    [
        {"subject": EVIL},
        {"to": "ada@example.com\r\nBcc: eve@example.com"},
        {"to": "ada@example.com>\nRCPT TO:<eve@example.com"},
        {"to": "ada@example.com, eve@example.com"},
        {"sender": {"from": "shop@example.org", "name": EVIL}},
        {"sender": {"from": "shop@example.org\r\nBcc: eve@example.com"}},
        {"sender": {"from": "shop@example.org", "reply_to": "a@example.com\nBcc: eve@example.com"}},
        {"headers": {"List-Unsubscribe": EVIL}},
        {"headers": {"X-A: b\r\nBcc": "eve@example.com"}},
        {"headers": {"Bcc": "eve@example.com"}},
        {"message_id": "m\r\nBcc: eve@example.com"},
        {"message_id": "../../m"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_no_field_can_smuggle_a_header_or_a_recipient(case: ChannelCase, changes: dict[str, Any], tmp_path: Path) -> None:
    async def story() -> None:
        async with standing(case, "accept", tmp_path) as (channel, provider):
            answer = await channel.send(message(case, **changes))
        assert isinstance(answer, Accepted | Refused)
        for got in provider.received if case.network else ():
            assert got.to == case.recipient
            assert "bcc" not in {name.lower() for name in got.headers}
            assert "\n" not in got.subject

    run(story())
    letters = list(tmp_path.rglob("*.eml"))
    assert all(path.parent == tmp_path / "out" / "email" for path in letters)
    assert not any("\nBcc:" in path.read_text() for path in letters)


@each_case
@pytest.mark.parametrize("fault", ["hang", "hang_after_request"])
def test_a_cancelled_send_leaves_nothing_behind(case: ChannelCase, fault: str, tmp_path: Path) -> None:
    if fault not in case.faults:
        pytest.skip("this provider cannot hang there")

    async def story() -> None:
        async with case.provider(fault, tmp_path) as provider, aiohttp.ClientSession() as session:
            channel = case.make(provider.settings, session)
            before = asyncio.all_tasks()
            sending = asyncio.create_task(channel.send(message(case)))
            await provider.asked.wait()
            servers = asyncio.all_tasks() - before - {sending}
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert asyncio.all_tasks() - before <= servers
            async with asyncio.timeout(2):
                await provider.gone.wait()
            assert provider.attempts == 1

    run(story())


@each_case
def test_sends_share_one_session(case: ChannelCase, tmp_path: Path) -> None:
    if not case.http:
        pytest.skip("this adapter does not speak HTTP")

    async def story() -> None:
        async with standing(case, "accept", tmp_path) as (channel, provider):
            for _ in range(5):
                assert isinstance(await channel.send(message(case)), Accepted)
        assert (provider.attempts, provider.requests) == (1, 5)

    run(story())


@each_case
def test_waiting_for_the_pool_is_not_sent(case: ChannelCase, tmp_path: Path) -> None:
    if not case.http:
        pytest.skip("this adapter does not speak HTTP")

    async def story() -> None:
        connector = aiohttp.TCPConnector(limit=1)
        async with case.provider("hang", tmp_path) as provider, aiohttp.ClientSession(connector=connector) as session:
            slow = case.make({**provider.settings, "read_timeout": 20}, session)
            sending = asyncio.create_task(slow.send(message(case)))
            await provider.asked.wait()
            quick = case.make({**provider.settings, "connect_timeout": 0.1}, session)
            assert isinstance(await quick.send(message(case)), NotSent)
            assert provider.requests == 1
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    run(story())
