"""What workers and the governor say to each other: one asks for so many messages of a kind, the other grants some of them.

Questions, operators' switches and campaigns' rails stand in one log, in one order. So whoever answers a question has met every
switch that was turned before it was asked, however late that is. A lease's life counts from the question, by the clock of the
worker that asked: no two clocks need agree.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from orchestrator.delivery.volume import Rail
from orchestrator.domain.input import Control


class Kind(msgspec.Struct, frozen=True, array_like=True):
    """What a lease is for: messages of a campaign and a sender on a channel, transactional ones or marketing.

    Webhooks' have no campaign.
    """

    channel: str
    marketing: bool
    campaign: str = ""
    sender: str = ""


class Count(msgspec.Struct, frozen=True, array_like=True):
    """So many messages of a kind."""

    kind: Kind
    count: int


class Want(msgspec.Struct, frozen=True, array_like=True):
    """So many messages of a kind, of which `due` really wait; for the others more are only likely to come.

    `weight` is for how many each counts: an SMS may be several.
    """

    kind: Kind
    count: int
    due: int = 0
    weight: int = 1


class Unused(msgspec.Struct, frozen=True, array_like=True):
    """So many of what the question of that number was granted will never be used, in all as far as is known."""

    number: int
    kind: Kind
    count: int


class Ask(msgspec.Struct, frozen=True, tag_field="input", tag="ask", omit_defaults=True):
    """A worker's question. It is told apart by its `number`; one that wants nothing asks whether anybody is there.

    What is `unused`, how many messages of a campaign went `badly` in its life so far, and how much `more` texts were than they
    were counted for is said until a question is answered.
    """

    worker: str
    number: int
    wants: list[Want] = []
    unused: list[Unused] = []
    badly: dict[str, int] = {}
    more: list[Count] = []


class Rails(msgspec.Struct, frozen=True, tag_field="input", tag="rails", omit_defaults=True):
    """What each campaign of a program may do by itself, from here on. `by` let it go live.

    `published` to all; else a worker says what it found live in a partition, which counts where nothing was published.
    """

    program: str
    by: str
    rails: list[Rail]
    published: bool = False

    def after(self, known: Iterable[Rail]) -> Rails:
        """The same, where whoever let a campaign go live as it is stays the one who did."""
        before = {rail.campaign: rail for rail in known}
        kept = [
            msgspec.structs.replace(rail, publisher=self._publisher(rail, before.get(rail.campaign))) for rail in self.rails
        ]
        return msgspec.structs.replace(self, rails=kept)

    def _publisher(self, rail: Rail, before: Rail | None) -> str:
        return before.publisher if before is not None and before.content == rail.content else self.by


class Lease(msgspec.Struct, frozen=True, array_like=True):
    """The answer to one question of one worker."""

    worker: str
    number: int
    granted: list[Count] = []


class Shut(msgspec.Struct, frozen=True, array_like=True):
    """A campaign of which nothing more may go for so long, and why."""

    campaign: str
    why: str
    wait_ms: int


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the governor says at once to all who have asked. Without rails it grants nothing: whoever knows them says them."""

    leases: list[Lease]
    killed: bool = False
    shut: list[Shut] = []
    rails: str = ""
    """The program whose rails hold."""


encode = msgspec.msgpack.Encoder().encode
_question = msgspec.msgpack.Decoder(Ask | Control | Rails).decode
answer = msgspec.msgpack.Decoder(Answer).decode
rails = msgspec.msgpack.Decoder(Rails).decode
number = msgspec.msgpack.Decoder(int).decode


def question(record: bytes) -> Ask | Control | Rails | None:
    """One record of the log of questions and switches; None where it is neither: whoever wrote it gets no answer."""
    try:
        found: Ask | Control | Rails = _question(record)
    except msgspec.MsgspecError:
        return None
    return found
