"""What a provider asks for by 429 holds for its whole channel, from its header to the governor: nothing leaves before then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp
import pytest

from channels.sendgrid import SendGridChannel
from channels.twilio import TwilioChannel
from orchestrator.delivery.channel import Answer, RenderedMessage
from orchestrator.delivery.dispatch import outcome_of
from orchestrator.delivery.leases import Leases
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Refusal
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import Message
from orchestrator.partition.live import Answered
from tests.conformance.channel_cases import read_sendgrid, read_twilio
from tests.conformance.channel_faults import http_provider
from tests.museum.hall import START, Hall

WAIT_S = 40
SENT = {"sendgrid": {"api_key": "SG.a.b"}, "twilio": {"account_sid": "AC1", "auth_token": "t"}}
BUSY = {"sendgrid": b'{"errors": [{"message": "too many requests"}]}', "twilio": b'{"code": 20429, "status": 429}'}
HEADERS: dict[str, Callable[[], dict[str, str]]] = {
    "retry-after": lambda: {"Retry-After": str(WAIT_S)},
    "reset-at": lambda: {"X-RateLimit-Reset": str(int(time.time()) + WAIT_S)},
    "reset-in": lambda: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(WAIT_S)},
}


async def answer_of(provider: str, headers: dict[str, str]) -> Answer:
    """What the real adapter makes of such a 429."""
    read = read_sendgrid if provider == "sendgrid" else read_twilio
    answers = {"throttle": (429, headers, BUSY[provider])}
    async with http_provider("throttle", SENT[provider], answers, read) as there, aiohttp.ClientSession() as session:
        if provider == "sendgrid":
            channel, sms = SendGridChannel(there.settings, session), RenderedMessage("m", "email", "a@e.example", "Hi", "c")
            return await channel.send(RenderedMessage("m", "email", sms.to, "Hi", "c", {"from": "s@e.example"}, "Hi"))
        texting = TwilioChannel(there.settings, session)
        return await texting.send(RenderedMessage("m", "sms", "+393331234567", "Hi", "c", {"from": "+390212345"}))


class Busy(Hall):
    """Its provider answers the first message so, and takes all others."""

    said: Answer | None = None

    def _hand_over(self, outgoing: Outgoing) -> None:
        if self.said is None:
            super()._hand_over(outgoing)
            return
        answer, self.said = self.said, None
        self._answers.append(Answered(outgoing.key, outcome_of(outgoing.message_id, answer, self.now)))


@pytest.mark.parametrize("provider", SENT)
@pytest.mark.parametrize("header", HEADERS)
def test_nothing_leaves_an_embedded_engine_before_its_provider_said(provider: str, header: str) -> None:
    hall = Busy()
    hall.said = asyncio.run(answer_of(provider, HEADERS[header]()))
    people = hall.meet(20)
    hall.begin(people[:1])
    hall.run(5_000)
    assert hall.said is None
    asked = hall.now
    hall.begin(people[1:])
    hall.run(120_000)
    assert len(hall.sent_at) == len(people)
    assert min(hall.sent_at) >= asked + (WAIT_S - 3) * 1_000
    assert min(hall.sent_at) <= asked + (WAIT_S + 3) * 1_000


@pytest.mark.parametrize("provider", SENT)
def test_a_worker_asks_no_leave_for_that_channel_before_then(provider: str) -> None:
    answer, leases = asyncio.run(answer_of(provider, HEADERS["reset-at"]())), Leases("w", lambda: 0)
    one = Message("m", "e", "c", "s", "t", "marketing", ["email"], START, START + 10**9, 1, channel="email")
    change = MessageChange(one.id, one.campaign, one.step, one.channel, one.template, one.cls, START, "planned")
    leases.hear_of(change, outcome_of("another", answer, START), START)
    verdict = leases.ask(one, START, START)
    assert isinstance(verdict, Refusal)
    assert verdict.why == "throttle"
    assert verdict.retry_at is not None
    assert verdict.retry_at >= START + (WAIT_S - 2) * 1_000
