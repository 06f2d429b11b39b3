"""The edge's end of the socket to the engine: submits events and waits until they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count

from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.partition.frames import (
    Answers,
    Durable,
    Failed,
    Frame,
    FrameReader,
    Ready,
    Send,
    Stop,
    Stopped,
    Submitted,
    Switched,
    packed,
)

UNACKNOWLEDGED_EVENTS = 20_000
"""Events that may wait for the disk at once; more are told to come again."""
_RECEIVE_BYTES = 1 << 20

Dispatch = Callable[[Sequence[Outgoing]], Awaitable[None]]


class EngineGone(Unavailable):
    """The engine process has ended; nothing more becomes durable."""


class EngineLink:
    """One connection to the engine. `dispatch` gets the messages that have leave to go."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dispatch: Dispatch) -> None:
        self._reader, self._writer, self._dispatch = reader, writer, dispatch
        self._waiting: dict[int, asyncio.Future[list[bool] | None]] = {}
        """token → whether each event was a duplicate; None: the engine has gone."""
        self._tokens = count(1)
        self._pending = 0
        self._opened, self._stopped = asyncio.Event(), asyncio.Event()
        self.gone = False
        self.survey_key = b""
        """The key of the file; empty before the engine is ready."""
        self.failure: str | None = None
        """Why the engine could not start, in its own words."""

    @property
    def ready(self) -> bool:
        """Whether the engine decides what is submitted."""
        return self._opened.is_set() and not self.gone

    @property
    def was_ready(self) -> bool:
        """Whether the engine has ever been ready."""
        return self._opened.is_set()

    async def opened(self) -> None:
        """Return once the engine is ready."""
        await self._opened.wait()

    async def submit(self, events: Sequence[Event]) -> list[str]:
        """Return once the events are on disk: `accepted` or `duplicate` of each.

        Raises Overloaded, Unavailable while the engine is not ready yet, EngineGone when it has ended.
        """
        if self.gone or self._writer.is_closing():
            raise EngineGone
        if not self.ready:
            raise Unavailable
        if self._pending + len(events) > UNACKNOWLEDGED_EVENTS:
            raise Overloaded
        token, waiting = next(self._tokens), asyncio.get_running_loop().create_future()
        self._waiting[token] = waiting
        self._pending += len(events)
        try:
            self._writer.write(packed(Submitted(token, list(events))))
            await self._writer.drain()
            duplicates = await waiting
        except ConnectionError:
            raise EngineGone from None
        finally:
            self._pending -= len(events)
            self._waiting.pop(token, None)
        if duplicates is None:
            raise EngineGone
        return ["duplicate" if duplicate else "accepted" for duplicate in duplicates]

    async def answer(self, key: int, outcome: Outcome) -> None:
        """Tell the engine what became of an attempt. One that is gone calls it in doubt when it is back."""
        if not (self.gone or self._writer.is_closing()):
            self._writer.write(packed(Answers([(key, outcome)])))
            with suppress(ConnectionError):
                await self._writer.drain()

    async def switch(self, control: Control) -> None:
        """Pass an operator's switch on."""
        self._writer.write(packed(Switched(control)))
        await self._writer.drain()

    async def stop(self) -> None:
        """Tell the engine to give no more leave; returns once `dispatch` has got every message that has it."""
        if self.gone or self._writer.is_closing():
            return
        self._writer.write(packed(Stop()))
        if self.ready:  # one that is not finds this before its first turn
            await self._stopped.wait()

    async def run(self) -> None:
        """Read the engine's frames until it hangs up."""
        frames = FrameReader()
        try:
            while received := await self._reader.read(_RECEIVE_BYTES):
                for frame in frames.feed(received):
                    await self._take(frame)
        except ConnectionError:
            pass
        finally:
            self.gone = True
            self._stopped.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(None)

    async def _take(self, frame: Frame) -> None:
        match frame:
            case Durable(token, duplicates):
                waiting = self._waiting.get(token)
                if waiting is not None and not waiting.done():
                    waiting.set_result(duplicates)
            case Send(messages):
                await self._dispatch(messages)
            case Ready(_, survey_key):
                self.survey_key = survey_key
                self._opened.set()
            case Stopped():
                self._stopped.set()
            case Failed(message):
                self.failure = message
            case _:
                pass

    def close(self) -> None:
        """Hang up: the engine finishes what it has and ends."""
        self._writer.close()
