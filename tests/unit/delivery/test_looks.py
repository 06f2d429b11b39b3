"""Looking for messages in doubt: what is found settles them, what is not counts only in the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from orchestrator.delivery.channel import Accepted, Channel, Refused, RenderedMessage
from orchestrator.delivery.dispatch import Dispatcher, Evidence
from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing

DOUBTED = 1_790_000_000_000
Found = Accepted | Refused | None


def _message(ident: str = "a", channel: str = "sms") -> Outgoing:
    return Outgoing(ident, 7, "c", "t", channel, "+391", "en", 0, {}, doubted=DOUBTED)


class Finding:
    """A channel that finds what it is told to, one answer a look; it never sends."""

    def __init__(self, *found: Found) -> None:
        self._found, self.asked = list(found), list[int]()

    async def find(self, message: RenderedMessage, doubted: int) -> Found:
        del message
        self.asked.append(doubted)
        return self._found.pop(0)


def _looked(channel: Any, looks: int = 3) -> list[tuple[int, Outcome]]:
    told: list[tuple[int, Outcome]] = []

    async def tell(key: int, outcome: Outcome) -> None:
        told.append((key, outcome))

    def render(message: Outgoing) -> RenderedMessage:
        return RenderedMessage(message.message_id, message.channel, message.to, "Hi", "c")

    async def look() -> None:
        dispatcher = Dispatcher({"sms": cast("Channel", channel)}, render, tell, evidence=Evidence([0.0] * looks))
        await dispatcher.dispatch([_message()])
        for _ in range(20):
            await asyncio.sleep(0)
        await dispatcher.finish()

    asyncio.run(look())
    return told


def test_what_is_found_is_accepted_and_nobody_looks_on() -> None:
    channel = Finding(None, Accepted("SM1"), Accepted("SM1"))
    ((key, outcome),) = _looked(channel)
    assert (key, outcome.result, outcome.provider_id, outcome.detail) == (7, "accepted", "SM1", "evidence")
    assert channel.asked == [DOUBTED, DOUBTED]


def test_that_it_is_not_there_counts_at_the_last_look() -> None:
    gone = Refused("reject", "not_found")
    ((_, outcome),) = _looked(Finding(gone, gone, gone))
    assert (outcome.result, outcome.kind) == ("refused", "lost")
    ((_, outcome),) = _looked(Finding(gone, gone, Accepted("SM1")))
    assert outcome.result == "accepted"


def test_what_cannot_be_told_is_left_to_its_time() -> None:
    assert _looked(Finding(None, None, None)) == []


def test_a_channel_that_cannot_look_is_not_asked_and_sends_nothing() -> None:
    assert _looked(object()) == []


def test_an_end_does_not_wait_for_looks() -> None:
    async def ends() -> None:
        async def tell(*_: object) -> None:
            raise AssertionError

        dispatcher = Dispatcher(
            {"sms": cast("Channel", Finding())}, lambda _: cast("Any", None), tell, evidence=Evidence([3_600.0])
        )
        await dispatcher.dispatch([_message()])
        await asyncio.wait_for(dispatcher.finish(), 1)

    asyncio.run(ends())
