"""From leave to outcome: render, look at the leave once more, one attempt through the channel, tell the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from orchestrator.delivery.channel import RUN_OUT, Accepted, Answer, Channel, InDoubt, NotSent, Refused, RenderedMessage
from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import OrchestratorError

AT_ONCE = 50
"""Attempts under way on one channel; the shared session pools as many connections."""
RETRY_MS = 1_000
"""When a message whose leave ran out before its turn asks again."""

Render = Callable[[Outgoing], RenderedMessage]
"""Raises an OrchestratorError for a template that cannot be rendered for this message."""
Tell = Callable[[int, Outcome], Awaitable[None]]
Holds = Callable[[str], bool]
"""Whether the leave of the message with that id still holds, by whoever gave it."""


class Dispatcher:
    """Hands messages over. Every message given to it gets exactly one outcome, unless the process dies: then it is in doubt."""

    def __init__(self, channels: Mapping[str, Channel], render: Render, tell: Tell, holds: Holds = lambda _: True) -> None:
        self._channels, self._render, self._tell, self._holds = channels, render, tell, holds
        self._turns = {name: asyncio.Semaphore(AT_ONCE) for name in channels}
        self._tasks: set[asyncio.Task[None]] = set()

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        """Start an attempt for each message."""
        for message in messages:
            task = asyncio.create_task(self._attempt(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for every attempt under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attempt(self, message: Outgoing) -> None:
        channel = self._channels.get(message.channel)
        if channel is None:
            outcome = Outcome(message.message_id, "refused", kind="config", detail=f"no adapter for {message.channel}")
        else:
            async with self._turns[message.channel]:
                outcome = outcome_of(message.message_id, await self._send(channel, message), _wall())
        await self._tell(message.key, outcome)

    async def _send(self, channel: Channel, message: Outgoing) -> Answer:
        try:
            rendered = self._render(message)
        except OrchestratorError as error:
            return Refused("reject", "render", str(error))

        def leave() -> bool:
            return _wall() <= message.not_after and self._holds(message.message_id)

        return await channel.send(replace(rendered, leave=leave)) if leave() else NotSent(RETRY_MS, RUN_OUT)


def outcome_of(message_id: str, answer: Answer, now: int) -> Outcome:
    """What the engine hears of a channel's answer."""
    match answer:
        case Accepted(provider_id, said):
            return Outcome(message_id, "accepted", provider_id=provider_id, answer=None if said is None else dict(said))
        case Refused(kind, code, detail):
            return Outcome(message_id, "refused", kind=kind, detail=f"{code} {detail}".strip())
        case NotSent(retry_after_ms, detail):
            return Outcome(message_id, "not_sent", detail=detail, retry_at=now + retry_after_ms)
        case InDoubt(detail):
            return Outcome(message_id, "in_doubt", detail=detail)


def _wall() -> int:
    return time.time_ns() // 1_000_000
