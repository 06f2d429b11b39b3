"""The engine's loop at its socket, in this process."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import load_program
from orchestrator.delivery.governor import Governor
from orchestrator.domain.input import Event
from orchestrator.domain.profile import unseal
from orchestrator.insight.accepted import given_of
from orchestrator.partition.engine import Engine
from orchestrator.partition.frames import Counted, Durable, Frame, FrameReader, Ready, Stop, Stopped, Submitted, packed
from orchestrator.partition.host import Host
from orchestrator.partition.live import Answered, Arrival, Live, Outbox, Turn
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.integration.small_workspace import write_workspace


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """The engine's process switches cyclic collection off for good."""
    yield
    gc.unfreeze()
    gc.enable()


class Closing(Live):
    """An engine whose edge hangs up while the first turn is under way, having sent one thing more."""

    edge: socket.socket
    last: bytes = b""

    def turn(self, arrivals: Sequence[Arrival], answers: Sequence[Answered], wall: int, **given: Any) -> Turn:
        turn = super().turn(arrivals, answers, wall, **given)
        if self.last:
            self.edge.sendall(self.last)
            self.edge.close()
            self.last = b""
        return turn


def live(tmp_path: Path) -> tuple[Closing, MemoryFile]:
    file, outbox = MemoryFile(), Outbox()
    program = load_program(write_workspace(tmp_path))
    return Closing(Engine([file.partition(0)], Surroundings(program, Governor(), outbox)), outbox), file


def submitted(token: int) -> bytes:
    now = time.time_ns() // 1_000_000  # the loop's own clock is the wall's
    traits, properties = {"email": "ada@example.com"}, {"order_id": str(token), "total": 10}
    who = Event(f"i-{token}", now, type="identify", user_id="ada", received_at=now, traits=traits)
    event = Event(f"m-{token}", now, name="Order Completed", user_id="ada", received_at=now, properties=properties)
    return packed(Submitted(token, [who, event]))


def states(file: MemoryFile) -> list[str]:
    """The states of the messages that have not ended."""
    return [message.state for _, stored in file.every_profile() for message in unseal(stored.sealed).messages]


def frames(edge: socket.socket) -> list[Frame]:
    """What the engine has said."""
    received = b""
    while more := edge.recv(1 << 16):
        received += more
    return list(FrameReader().feed(received))


def journaled(file: MemoryFile) -> list[str]:
    inputs = (given_of(row.given) for row in file.journal)
    return [given.message_id for given in inputs if isinstance(given, Event) and given.type == "track"]


def test_what_the_edge_sent_before_it_hung_up_is_still_taken_in(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        engine, file = live(tmp_path)
        engine.edge, engine.last = ours, submitted(2)
        ours.sendall(submitted(1))
        Host(engine, theirs).run()
    assert journaled(file) == ["m-1", "m-2"]


def test_an_edge_that_dies_with_something_unread_ends_the_engine_in_order(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        engine, file = live(tmp_path)
        theirs.sendall(b"unread")
        ours.sendall(submitted(1))
        ours.close()
        Host(engine, theirs).run()
    assert journaled(file) == ["m-1"]


def test_an_edge_that_died_before_the_engine_was_ready_ends_it_in_order(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        engine, file = live(tmp_path)
        Host(engine, theirs).run()
    assert journaled(file) == []


def test_told_to_stop_it_still_decides_and_gives_no_more_leave(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        engine, file = live(tmp_path)
        ours.sendall(packed(Stop()) + submitted(1))
        ours.shutdown(socket.SHUT_WR)
        Host(engine, theirs).run()
        theirs.close()
        said = frames(ours)
    assert [type(frame) for frame in said if not isinstance(frame, Counted)] == [Ready, Stopped, Durable]
    assert states(file) == ["planned"]


def test_nothing_gets_leave_when_the_edge_has_gone(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        engine, file = live(tmp_path)
        ours.sendall(submitted(1))
        ours.close()
        Host(engine, theirs).run()
    assert journaled(file) == ["m-1"]
    assert states(file) == ["planned"]


def test_events_that_a_crowd_of_timers_comes_before_are_decided_after_it_and_acknowledged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.partition.live.BATCH", 7)
    now = time.time_ns() // 1_000_000
    begun = [
        Event(f"c-{number}", now, name="Course Begun", user_id=f"u{number}", received_at=now - 9_000) for number in range(60)
    ]
    two = [Event(f"o-{late}", now, name="Letter Wanted", user_id="ada", received_at=now - late) for late in (8_000, 1_000)]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        engine, file = live(tmp_path)
        ours.sendall(packed(Submitted(1, begun)) + packed(Submitted(2, two)))
        ours.shutdown(socket.SHUT_WR)
        Host(engine, theirs).run()
        theirs.close()
        said = frames(ours)
    assert [frame for frame in said if isinstance(frame, Durable)] == [Durable(1, [False] * 60), Durable(2, [False] * 2)]
    timers = [row.seq for row in file.journal if row.clock == now - 5_000]
    before, after = (row.seq for row in file.journal if row.clock in (now - 8_000, now - 1_000))
    assert len(timers) == 60
    assert before < timers[0] < timers[-1] < after
