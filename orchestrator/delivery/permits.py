"""What workers and the governor say to each other: one asks for so many messages of a kind, the other grants some of them.

Questions and operators' switches stand in one log, in one order. So whoever answers a question has met every switch that was
turned before it was asked, however late that is. A lease's life counts from the question, by the clock of the worker that
asked: no two clocks need agree.
"""

from __future__ import annotations

import msgspec

from orchestrator.domain.input import Control


class Kind(msgspec.Struct, frozen=True, array_like=True):
    """What a lease is for: messages of a channel, transactional ones or marketing."""

    channel: str
    marketing: bool


class Count(msgspec.Struct, frozen=True, array_like=True):
    """So many messages of a kind."""

    kind: Kind
    count: int


class Ask(msgspec.Struct, frozen=True, tag_field="input", tag="ask"):
    """A worker's question. It is told apart by its `number`; one that wants nothing asks whether anybody is there."""

    worker: str
    number: int
    wants: list[Count] = []


class Lease(msgspec.Struct, frozen=True, array_like=True):
    """The answer to one question of one worker."""

    worker: str
    number: int
    granted: list[Count] = []


class Answer(msgspec.Struct, frozen=True):
    """What the governor says at once to all who have asked."""

    leases: list[Lease]
    killed: bool = False


encode = msgspec.msgpack.Encoder().encode
_question = msgspec.msgpack.Decoder(Ask | Control).decode
answer = msgspec.msgpack.Decoder(Answer).decode


def question(record: bytes) -> Ask | Control | None:
    """One record of the log of questions and switches; None where it is neither: whoever wrote it gets no answer."""
    try:
        found: Ask | Control = _question(record)
    except msgspec.MsgspecError:
        return None
    return found
