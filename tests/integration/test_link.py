"""The edge's end of the socket to its engine, in this process."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from orchestrator.bootstrap.edge import _finish
from orchestrator.delivery.channel import Answer, RenderedMessage
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import Unavailable
from orchestrator.intake.link import EngineGone, EngineLink
from orchestrator.partition.frames import Durable, Failed, Ready, Send, Stop, Stopped, packed

EVENT = Event("m-1", 1_000, name="Order Completed", user_id="ada", received_at=1_000)
MESSAGE = Outgoing("m-1", 1, "offer", "offer", "email", "ada@example.com", "en", 2_000, {})


async def dispatch(_messages: Sequence[Outgoing]) -> None:
    """Nothing is sent here."""


async def linked(ours: socket.socket) -> EngineLink:
    return EngineLink(*await asyncio.open_unix_connection(sock=ours))


def test_an_outcome_for_an_engine_that_has_died_is_dropped() -> None:
    async def tell() -> None:
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        theirs.close()
        for _ in range(3):
            await link.answer(1, Outcome("m-1", "accepted"))
            await asyncio.sleep(0)
        await link.run(dispatch)
        await link.answer(1, Outcome("m-1", "accepted"))
        link.close()

    asyncio.run(tell())


def test_events_wait_for_the_disk_and_hear_when_the_engine_dies() -> None:
    async def submit() -> list[str]:
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        with pytest.raises(Unavailable):
            await link.submit([EVENT])
        reading = asyncio.create_task(link.run(dispatch))
        theirs.sendall(packed(Ready("p")))
        await link.opened()
        submitted = [asyncio.create_task(link.submit([EVENT])) for _ in range(2)]
        await asyncio.sleep(0)
        theirs.sendall(packed(Durable(1, [False])))
        verdicts = await submitted[0]
        theirs.close()
        with pytest.raises(EngineGone):
            await submitted[1]
        await reading
        with pytest.raises(EngineGone):
            await link.submit([EVENT])
        link.close()
        return verdicts

    assert asyncio.run(submit()) == ["accepted"]


def test_a_broken_socket_is_an_engine_that_has_gone_and_nothing_else_is_said() -> None:
    async def submit() -> list[object]:
        said: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        reading = asyncio.create_task(link.run(dispatch))
        theirs.sendall(packed(Ready("p")))
        await link.opened()
        theirs.close()
        submitted = [asyncio.create_task(link.submit([EVENT])) for _ in range(10)]
        await reading
        for one in submitted:
            with pytest.raises(EngineGone):
                await one
        link.close()
        del submitted, one
        gc.collect()
        return said

    assert asyncio.run(submit()) == []


def test_stopping_ends_when_every_message_with_leave_is_here() -> None:
    async def stop() -> tuple[list[Outgoing], bytes]:
        given: list[Outgoing] = []

        async def take(messages: Sequence[Outgoing]) -> None:
            given.extend(messages)

        ours, theirs = socket.socketpair()
        link = await linked(ours)
        reading = asyncio.create_task(link.run(take))
        theirs.sendall(packed(Ready("p")))
        await link.opened()
        stopping = asyncio.create_task(link.stop())
        await asyncio.sleep(0)
        asked = theirs.recv(100)
        theirs.sendall(packed(Send([MESSAGE])) + packed(Stopped()))
        await stopping
        link.close()
        await reading
        theirs.close()
        await link.stop()
        assert link.was_ready
        return given, asked

    assert asyncio.run(stop()) == ([MESSAGE], packed(Stop()))


def test_why_an_engine_could_not_start_is_kept() -> None:
    async def start() -> str | None:
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        theirs.sendall(packed(Failed("the file is another engine's")))
        theirs.close()
        await link.run(dispatch)
        link.close()
        return link.failure

    assert asyncio.run(start()) == "the file is another engine's"


class Silent:
    """A channel that never answers."""

    async def send(self, _message: RenderedMessage) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


def test_an_attempt_that_does_not_end_is_given_up_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def end() -> list[Outcome]:
        told: list[Outcome] = []

        async def tell(_key: int, outcome: Outcome) -> None:
            told.append(outcome)

        ours, theirs = socket.socketpair()
        link = await linked(ours)
        content = RenderedMessage("m-1", "email", "ada@example.com", "Hello", "offer")
        dispatcher = Dispatcher({"email": Silent()}, lambda _message: content, tell)
        await dispatcher.dispatch([replace(MESSAGE, not_after=1 << 60)])
        await asyncio.sleep(0)
        await _finish(link, dispatcher, within_s=0.0)
        link.close()
        theirs.close()
        return told

    assert asyncio.run(end()) == []
    assert caplog.messages == ["attempts still under way after 0 s are given up: their messages are in doubt"]


def test_an_engine_that_is_not_ready_yet_finds_the_stop_before_its_first_turn() -> None:
    async def stop() -> bytes:
        ours, theirs = socket.socketpair()
        with theirs:
            link = await linked(ours)
            await link.stop()
            link.close()
            return theirs.recv(1_000)

    assert asyncio.run(stop()) == packed(Stop())
