"""The edge's end of the socket to the engine: submits events and waits until they are durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count

from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.suppression import Word
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.metrics import ACKNOWLEDGE_SECONDS, ACKNOWLEDGED, BY_NAME, LAG, Counts, Reading
from orchestrator.partition.frames import (
    Answers,
    Counted,
    Durable,
    Failed,
    Frame,
    FrameReader,
    Ready,
    Said,
    Send,
    Stop,
    Stopped,
    Submitted,
    packed,
)
from orchestrator.partition.host import HERE
from orchestrator.partition.identities import Addressed

UNACKNOWLEDGED_EVENTS = 20_000
"""Events that may wait for the disk at once; more are told to come again."""
_RECEIVE_BYTES = 1 << 20

Dispatch = Callable[[Sequence[Outgoing]], Awaitable[None]]


class EngineGone(Unavailable):
    """The engine process has ended; nothing more becomes durable."""


class EngineLink:
    """One connection to the engine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[list[bool] | None]] = {}
        """token → whether each event was a duplicate; None: the engine has gone."""
        self._tokens = count(1)
        self._pending = 0
        self._counts, self._counted = Counts(ACKNOWLEDGED, ACKNOWLEDGE_SECONDS), list[Reading]()
        self._opened, self._stopped = asyncio.Event(), asyncio.Event()
        self.gone = False
        self.survey_key = self.address_key = b""
        """The keys of the file; empty before the engine is ready."""
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

    def readings(self) -> list[Reading]:
        """What the page of metrics tells of the engine, as it said last, and of the way to it."""
        return [*self._counted, *self._counts.readings(), Reading(LAG, self._pending, {"partition": HERE})]

    async def opened(self) -> None:
        """Return once the engine is ready."""
        await self._opened.wait()

    async def submit(self, events: Sequence[Event]) -> list[str]:
        """Return once the events are on disk: `accepted` or `duplicate` of each.

        Raises Overloaded, Unavailable while the engine is not ready yet, EngineGone when it has ended.
        """
        return ["duplicate" if duplicate else "accepted" for duplicate in await self._submit(events, ())]

    async def receive(self, heard: Sequence[Addressed]) -> None:
        """Return once these receipts are on disk. Raises as `submit`."""
        await self._submit((), [(one.key, one.receipt) for one in heard])

    async def _submit(self, events: Sequence[Event], receipts: Sequence[tuple[int, Receipt]]) -> list[bool]:
        number = len(events) + len(receipts)
        if self.gone or self._writer.is_closing():
            raise EngineGone
        if not self.ready:
            raise Unavailable
        if self._pending + number > UNACKNOWLEDGED_EVENTS:
            raise Overloaded
        token, waiting = next(self._tokens), self._future()
        self._waiting[token] = waiting
        self._pending += number
        began = time.perf_counter()
        try:
            self._writer.write(packed(Submitted(token, list(events), list(receipts))))
            await self._writer.drain()
            duplicates = await waiting
        except ConnectionError:
            raise EngineGone from None
        finally:
            self._pending -= number
            self._waiting.pop(token, None)
        if duplicates is None:
            raise EngineGone
        self._counts.add(ACKNOWLEDGED, 1)
        self._counts.add(ACKNOWLEDGE_SECONDS, time.perf_counter() - began)
        return duplicates

    def _future(self) -> asyncio.Future[list[bool] | None]:
        return asyncio.get_running_loop().create_future()

    async def tell(self, address: bytes, event: Event) -> None:
        """Return once what somebody has written to us is on disk. Raises as `say`."""
        await self._say((), [(address, event)])

    async def say(self, words: Sequence[Word]) -> list[bool]:
        """Return once these words about addresses are on disk; of each, whether it changed anything.

        Raises Unavailable while the engine is not ready yet, EngineGone when it has ended.
        """
        return await self._say(words, ())

    async def _say(self, words: Sequence[Word], texts: Sequence[tuple[bytes, Event]]) -> list[bool]:
        if self.gone or self._writer.is_closing():
            raise EngineGone
        if not self.ready:
            raise Unavailable
        token, waiting = next(self._tokens), asyncio.get_running_loop().create_future()
        self._waiting[token] = waiting
        try:
            self._writer.write(packed(Said(token, list(words), list(texts))))
            await self._writer.drain()
            known = await waiting
        except ConnectionError:
            raise EngineGone from None
        finally:
            self._waiting.pop(token, None)
        if known is None:
            raise EngineGone
        return [not one for one in known]

    async def answer(self, key: int, outcome: Outcome) -> None:
        """Tell the engine what became of an attempt. One that is gone calls it in doubt when it is back."""
        if not (self.gone or self._writer.is_closing()):
            self._writer.write(packed(Answers([(key, outcome)])))
            with suppress(ConnectionError):
                await self._writer.drain()

    async def stop(self) -> None:
        """Tell the engine to give no more leave; returns once `dispatch` has got every message that has it."""
        if self.gone or self._writer.is_closing():
            return
        self._writer.write(packed(Stop()))
        if self.ready:  # one that is not finds this before its first turn
            await self._stopped.wait()

    async def run(self, dispatch: Dispatch) -> None:
        """Read the engine's frames until it hangs up; `dispatch` gets the messages that have leave to go."""
        frames = FrameReader()
        try:
            while received := await self._reader.read(_RECEIVE_BYTES):
                for frame in frames.feed(received):
                    await self._take(frame, dispatch)
        except ConnectionError:
            pass
        finally:
            self.gone = True
            self._stopped.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(None)

    async def _take(self, frame: Frame, dispatch: Dispatch) -> None:
        match frame:
            case Durable(token, duplicates):
                waiting = self._waiting.get(token)
                if waiting is not None and not waiting.done():
                    waiting.set_result(duplicates)
            case Send(messages):
                await dispatch(messages)
            case Ready(_, survey_key, address_key):
                self.survey_key, self.address_key = survey_key, address_key
                self._opened.set()
            case Counted(readings):
                self._counted = [Reading(BY_NAME[name], value, labels) for name, value, labels in readings]
            case Stopped():
                self._stopped.set()
            case Failed(message):
                self.failure = message
            case _:
                pass

    def close(self) -> None:
        """Hang up: the engine finishes what it has and ends."""
        self._writer.close()
