"""From leave to outcome: render, look at the leave once more, one attempt through the channel, tell the engine."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from orchestrator.delivery.channel import RUN_OUT, Accepted, Answer, Channel, InDoubt, NotSent, Refused, RenderedMessage
from orchestrator.delivery.departures import Departures
from orchestrator.domain.input import Outcome
from orchestrator.domain.ledger import CUT_OFF, LOST
from orchestrator.domain.outgoing import Outgoing, reference_of
from orchestrator.domain.sms import size_of
from orchestrator.errors import OrchestratorError
from orchestrator.tracing import SEND, Tracing, parent_in

AT_ONCE = 50
"""Attempts under way on one channel; the shared session pools as many connections."""
RETRY_MS = 1_000
"""When a message whose leave ran out before its turn asks again."""

LOOKS_S = (5.0, 55.0, 240.0, 480.0)
"""Waits before each look for a message in doubt, from its doubt on; all before a doubt's usual time is over."""
LOOKS_MAX = 1_000
"""Messages that are looked for at once; others end by their time."""
EVIDENCE = "evidence"

_log = logging.getLogger(__name__)

Find = Callable[[RenderedMessage, int], Awaitable[Accepted | Refused | None]]
Render = Callable[[Outgoing], RenderedMessage]
"""Raises an OrchestratorError for a template that cannot be rendered for this message."""
Tell = Callable[[int, Outcome], Awaitable[None]]
Dead = Callable[[Outgoing, str], Awaitable[None]]
"""Lists the address of a message that its provider will never take, for what that provider's code says."""
Holds = Callable[[Outgoing], bool]
"""Whether the message may still leave, by whoever gave it leave and by the operators' switches."""
Reaches = Callable[[str], bool]
"""Whether anything may be sent to that address here: a safe list may say that others are real people."""
Counted = Callable[[str, str], None]
"""Hears of each attempt: (channel, result)."""
_ADDRESSED = ("email", "sms")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is asked of messages in doubt."""

    waits: Sequence[float] = LOOKS_S
    """Before each look for one at its provider."""
    departures: Departures | None = None
    """Of who alone hands these messages over."""


_USUAL = Evidence()


class Dispatcher:
    """Hands messages over. Every message given to it gets exactly one outcome, unless the process dies: then it is in doubt."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        render: Render,
        tell: Tell,
        holds: Holds = lambda _: True,
        reaches: Reaches = lambda _: True,
        home: int = 0,
        dead: Dead | None = None,
        evidence: Evidence = _USUAL,
    ) -> None:
        """`home` is the number of the partition that the messages come from, `dead` hears of refused addresses."""
        self._channels, self._render, self._tell, self._holds, self._reaches = channels, render, tell, holds, reaches
        self._home, self._dead = home, dead
        self._waits, self._departures = evidence.waits, evidence.departures
        self.counted: Counted = lambda _channel, _result: None
        self.tracing: Tracing | None = None
        self._turns = {name: asyncio.Semaphore(AT_ONCE) for name in channels}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._segments: dict[str, int] = {}
        """SMS under way → as how many each goes."""

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        """Start an attempt for each message, or a look for it."""
        doubted = [message for message in messages if message.doubted]
        if doubted:
            self._watch(self._looks, self._settle(doubted))
        for message in messages:
            if not message.doubted:
                self._watch(self._tasks, self._attempt(message))

    def _watch(self, tasks: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _settle(self, doubted: Sequence[Outgoing]) -> None:
        """What never came to its channel was cut off before; for the others their provider is asked."""
        never = [] if self._departures is None else await asyncio.to_thread(self._departures.without, doubted)
        for message in never:
            await self._tell(message.key, Outcome(message.message_id, "refused", kind=CUT_OFF, detail=EVIDENCE))
        for message in doubted:
            if message not in never:
                self._begin_look(message)

    def _begin_look(self, message: Outgoing) -> None:
        """Where the channel can look for what is in doubt, and not too many wait for that."""
        find = getattr(self._channels.get(message.channel), "find", None)
        if find is not None and len(self._looks) < LOOKS_MAX:
            self._watch(self._looks, self._look(message, find))

    async def _look(self, message: Outgoing, find: Find) -> None:
        """Look a few times. That it is not there counts at the last look only: providers are slow to tell."""
        for number, wait in enumerate(self._waits, 1):
            await asyncio.sleep(wait)
            try:
                rendered = self._render(message)
            except OrchestratorError:
                return
            found = await find(rendered, message.doubted)
            if isinstance(found, Accepted):
                await self._tell(message.key, Outcome(message.message_id, "accepted", found.provider_id, detail=EVIDENCE))
                return
            if isinstance(found, Refused) and number == len(self._waits):
                await self._tell(message.key, Outcome(message.message_id, "refused", kind=LOST, detail=EVIDENCE))

    async def finish(self) -> None:
        """Wait for every attempt under way; nobody is looked for any more."""
        for task in self._looks:
            task.cancel()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attempt(self, message: Outgoing) -> None:
        channel = self._channels.get(message.channel)
        if channel is None:
            outcome = Outcome(message.message_id, "refused", kind="config", detail=f"no adapter for {message.channel}")
        else:
            async with self._turns[message.channel]:
                answer = await self._traced(channel, message)
            _told(message, answer)
            if isinstance(answer, Refused) and answer.kind == "suppress" and self._dead is not None:
                await self._dead(message, answer.code)
            outcome = outcome_of(message.message_id, answer, _wall(), self._segments.pop(message.message_id, 1))
        self.counted(message.channel, outcome.result)
        await self._tell(message.key, outcome)

    async def _traced(self, channel: Channel, message: Outgoing) -> Answer:
        """Make the attempt, and tell of it under the trace of what cleared the message."""
        parent = parent_in(message.trace) if self.tracing is not None and message.trace else None
        if parent is None or self.tracing is None:
            return await self._send(channel, message)
        at, began = self.tracing.begun(parent), time.time_ns()
        answer = await self._send(channel, message, self.tracing.header(at))
        its = {"orchestrator.campaign": message.campaign, "orchestrator.channel": message.channel}
        its |= {"orchestrator.message_id": message.message_id, "orchestrator.answer": type(answer).__name__}
        error = "" if isinstance(answer, Accepted) else code_of(answer)
        self.tracing.tell(SEND, at, (began, time.time_ns()), parent=parent, attributes=its, error=error)
        return answer

    async def _send(self, channel: Channel, message: Outgoing, trace: str = "") -> Answer:
        if message.channel in _ADDRESSED and not self._reaches(message.to):
            return Refused("reject", "safe_list", "ORCHESTRATOR_SAFE_LIST does not name this address")
        try:
            rendered = self._render(structs.replace(message, home=self._home))
        except OrchestratorError as error:
            return Refused("reject", "render", str(error))
        if message.channel == "sms":
            self._segments[message.message_id] = size_of(rendered.body_text).count

        def leave() -> bool:
            return _wall() <= message.not_after and self._holds(message)

        if not leave():
            return NotSent(RETRY_MS, RUN_OUT)
        try:
            if self._departures is not None:
                self._departures.note(message.message_id, message.not_after)
        except OSError as error:
            return NotSent(RETRY_MS, f"its departure cannot be noted: {error.strerror}")
        given = replace(rendered, leave=leave, reference=reference_of(self._home, message.key), trace=trace)
        try:
            return await channel.send(given)
        except Exception as error:  # noqa: BLE001 - a fault of its own: bytes may have left, and an outcome there must be
            _log.exception("the adapter of a channel failed", extra={"channel": message.channel})
            return InDoubt(f"the adapter failed: {type(error).__name__}")


def code_of(answer: Answer) -> str:
    """What kept it from being taken, by its code: what a provider says in words may quote an address."""
    match answer:
        case Refused(kind, code):
            return f"{kind} {code}"
        case NotSent(kind=kind):
            return f"not_sent {kind}".strip()
        case InDoubt():
            return "in_doubt"
        case _:
            return ""


def _told(message: Outgoing, answer: Answer) -> None:
    """Log what went wrong."""
    if isinstance(answer, Refused | InDoubt):
        its = {"campaign": message.campaign, "channel": message.channel, "message_id": message.message_id}
        its |= {"trace_id": message.trace.partition("-")[2].partition("-")[0], "error": code_of(answer)}
        _log.warning("a message was refused" if isinstance(answer, Refused) else "an attempt is in doubt", extra=its)


def outcome_of(message_id: str, answer: Answer, now: int, segments: int = 1) -> Outcome:
    """What the engine hears of a channel's answer; `segments` is as how many SMS it went, if it did."""
    match answer:
        case Accepted(provider_id, said):
            told = None if said is None else dict(said)
            return Outcome(message_id, "accepted", provider_id=provider_id, answer=told, segments=segments)
        case Refused(kind, code, detail):
            return Outcome(message_id, "refused", kind=kind, detail=f"{code} {detail}".strip())
        case NotSent(retry_after_ms, detail, kind):
            return Outcome(message_id, "not_sent", kind=kind, detail=detail, retry_at=now + retry_after_ms)
        case InDoubt(detail):
            return Outcome(message_id, "in_doubt", detail=detail, segments=segments)


def _wall() -> int:
    return time.time_ns() // 1_000_000
