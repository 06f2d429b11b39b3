"""The edge's end of the socket to its engine, in this process."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Sequence

import pytest

from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.intake.edge import Unavailable
from orchestrator.intake.link import EngineGone, EngineLink
from orchestrator.partition.frames import Durable, Ready, packed

EVENT = Event("m-1", 1_000, name="Order Completed", user_id="ada", received_at=1_000)


async def dispatch(_messages: Sequence[Outgoing]) -> None:
    """Nothing is sent here."""


async def linked(ours: socket.socket) -> EngineLink:
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    return EngineLink(reader, writer, dispatch)


def test_an_outcome_for_an_engine_that_has_died_is_dropped() -> None:
    async def tell() -> None:
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        theirs.close()
        for _ in range(3):
            await link.answer(1, Outcome("m-1", "accepted"))
            await asyncio.sleep(0)
        await link.run()
        await link.answer(1, Outcome("m-1", "accepted"))
        link.close()

    asyncio.run(tell())


def test_events_wait_for_the_disk_and_hear_when_the_engine_dies() -> None:
    async def submit() -> list[str]:
        ours, theirs = socket.socketpair()
        link = await linked(ours)
        with pytest.raises(Unavailable):
            await link.submit([EVENT])
        reading = asyncio.create_task(link.run())
        theirs.sendall(packed(Ready("p")))
        while not link.ready:  # noqa: ASYNC110 - a flag is what the link offers
            await asyncio.sleep(0)
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
        link.ready = True
        theirs.close()
        submitted = [asyncio.create_task(link.submit([EVENT])) for _ in range(10)]
        await link.run()
        for one in submitted:
            with pytest.raises(EngineGone):
                await one
        link.close()
        del submitted, one
        gc.collect()
        return said

    assert asyncio.run(submit()) == []
