"""What the owner of a partition takes of its inputs where a crowd of timers comes first: the others are given again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from orchestrator.domain.input import Event, Outcome
from orchestrator.errors import RejectedEvent
from orchestrator.partition.live import Answered, Arrival, Turn
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.inputs import told
from orchestrator.stores.kafka.owner import Owner, Place, Surrounded
from orchestrator.stores.kafka.store import Keeper
from orchestrator.stores.kafka.topics import Topics
from orchestrator.stores.kafka.writer import Batch


class Given(msgspec.Struct):
    """A record of the inputs."""

    offset: int
    value: bytes
    key: bytes = b""
    topic: str = "in"
    partition: int = 0
    timestamp: int = 0


@dataclass
class Tired:
    """In an engine's place: takes so many arrivals of each turn."""

    takes: list[int]
    traces: None = None
    asked: list[list[str]] = field(default_factory=list)
    heard: int = 0
    dead: int = 0

    @property
    def tallies(self) -> Tired:
        return self

    @property
    def engine(self) -> Tired:
        return self

    def take_told(self, _wall: int, _every: int) -> None:
        return None

    def take_passed(self) -> list[Any]:
        return []

    def turn(self, arrivals: list[Arrival], answers: list[Answered], _wall: int, **_: Any) -> Turn:
        self.asked.append([one.event.message_id for one in arrivals])
        most = self.takes.pop(0)
        whole = most >= len(arrivals)
        self.heard += len(answers) if whole else 0
        return Turn(taken=min(most, len(arrivals)), answered=whole)


@dataclass
class Working:
    """In the place of a program's work, and of what keeps it."""

    live: Tired
    batches: list[tuple[Batch, int]] = field(default_factory=list)

    def read(self, record: bytes, _received_at: int, where: str) -> Event:
        name = record.decode()
        if name == "bad":
            raise RejectedEvent("no event; send JSON")
        if name == "thing":
            return Event(where, 0, name="Dropped", received_at=1)
        return Event(name, 0, name="E", user_id="u", received_at=1)

    async def dispatch(self, _messages: object) -> None:
        return None

    def fill(self, batch: Batch, offset: int) -> bool:
        self.batches.append((batch, offset))
        return False


def owned(folder: Path, takes: list[int], monkeypatch: pytest.MonkeyPatch) -> tuple[Owner, Working]:
    monkeypatch.setattr("orchestrator.stores.kafka.owner.Writer", lambda *_: None)
    surrounded = Surrounded(None, None)  # type: ignore[arg-type]
    owner, work = Owner(Place("b:1", "in", "g", Topics.of("g"), folder, 2), 0, surrounded), Working(Tired(takes))
    owner._work = owner._keeper = work  # type: ignore[assignment]
    return owner, work


def test_what_is_not_taken_is_given_again_with_what_follows_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, work = owned(tmp_path, [1, 9], monkeypatch)
    rest = told(Event("elsewhere", 0, name="Dropped", received_at=1))[1]
    values = (b"one", b"bad", b"thing", b"bad", rest)
    records = [Given(10 + number, value) for number, value in enumerate(values)]
    owner._answers.append(Answered(1, Outcome("m", "accepted")))

    async def story() -> None:
        await owner.turn(records, 5, caught_up=True)
        assert (owner.next, work.live.heard, len(owner._answers)) == (12, 0, 1)
        await owner.turn(records[2:], 5, caught_up=True)

    asyncio.run(story())
    (first, reached), (second, end) = work.batches
    rejects, other = TopicPartition(Topics.of("g").rejected, 0), TopicPartition("in", 1)
    assert (reached, end, work.live.heard) == (12, 15, 1)
    assert {place: len(entries) for place, entries in first.records.items()} == {rejects: 1}
    assert {place: len(entries) for place, entries in second.records.items()} == {rejects: 1, other: 1}
    assert work.live.asked == [["one", "in/0/12", "elsewhere"], ["in/0/12", "elsewhere"]]


class Hanging:
    """A writer whose broker does not answer its end."""

    async def close(self) -> None:
        await asyncio.Event().wait()


def test_an_owner_that_is_cancelled_while_it_lets_go_lets_go_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that slept is fenced, and hears of its rebalance meanwhile: with its file held, its partition stood still."""
    owner, _ = owned(tmp_path, [], monkeypatch)
    owner._writer = Hanging()  # type: ignore[assignment]
    owner._keeper = Keeper(Cache(tmp_path / "in-0.sqlite", 0), owner.place.topics, 0)

    async def cancelled() -> None:
        closing = asyncio.ensure_future(owner.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        assert closing.cancelled()

    asyncio.run(cancelled())
    Cache(tmp_path / "in-0.sqlite", 0).close()
