"""The contract between the engine and its channels.

An adapter turns one `RenderedMessage` into one request and the answer into one `Outcome`; it decides no policy, keeps no
state about messages and retries nothing. Adapters live in `channels/`, are found by the entry-point group
`orchestrator.channels`, and pass the conformance suite in `tests/conformance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import aiohttp

RUN_OUT = "its leave had run out"
"""What is said of a message that came too late to its channel."""
Kind = Literal["reject", "suppress", "config", "throttle", "answer"]
"""Why a provider refused: this message, this recipient, our settings, our rate; or its answer is none."""


def _holds() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """What goes out, in full. `message_id` is ours and opaque; no personal data may travel beside address and body."""

    message_id: str
    channel: str
    """`email`, `sms` or `webhook`."""
    to: str
    """An address; a webhook's URL."""
    body_text: str
    campaign: str
    sender: Mapping[str, str] = field(default_factory=dict)
    """`from`, `name`, `reply_to`, … as in senders.yaml."""
    subject: str = ""
    body_html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Extra message headers (List-Unsubscribe, List-Unsubscribe-Post)."""
    reference: str = ""
    """What finds its profile when the provider speaks of it later; opaque, and to be sent along."""
    trace: str = ""
    """The `traceparent` of this attempt, for a webhook to pass on; empty where nothing is traced."""
    leave: Callable[[], bool] = field(default=_holds, compare=False, repr=False)
    """Whether it may still go: a channel that waits before its first byte looks again, from any thread, and answers NotSent."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. `provider_id` is its name for the message, where it gave one; `answer` what a webhook said."""

    provider_id: str | None = None
    answer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider answered that it did not and will not take it."""

    kind: Kind
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not taken, and safe to try again from `retry_after_ms` on."""

    retry_after_ms: int
    detail: str = ""
    kind: Literal["", "throttle", "unreachable"] = ""
    """`throttle`: the provider asks us to wait so long, on the whole channel. `unreachable`: nobody answered."""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Bytes left and no clear answer came back: it may have been taken."""

    detail: str = ""


Answer = Accepted | Refused | NotSent | InDoubt


class Finder(Protocol):
    """A channel that can look for a message of which nobody knows whether it was taken."""

    async def find(self, message: RenderedMessage, doubted: int) -> Accepted | Refused | None:
        """Whether the provider has it, by its words, its recipient and its time; None where that cannot be told now.

        `doubted` is when it came into doubt. Refused, of the code `not_found`: it is certainly not there.
        """
        ...


class Channel(Protocol):
    """One provider. `settings` come from configuration, secrets already resolved.

    An adapter that keeps connections open has `async def close(self) -> None` too, and lets go of them there.
    """

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None: ...

    async def send(self, message: RenderedMessage) -> Answer:
        """Make exactly one attempt. Never raises for what a network or provider does; bounded by its timeouts."""
        ...


async def close(channel: Channel) -> None:
    """Let the channel go of what it keeps open, if it keeps anything. Nothing is sent through it after."""
    closing = getattr(channel, "close", None)
    if closing is not None:
        await closing()
