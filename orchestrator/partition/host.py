"""The engine process: a plain synchronous loop between one socket to the edge and one store."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from orchestrator.domain.input import Control, Refusal
from orchestrator.domain.profile import Call, Message
from orchestrator.partition.frames import (
    Answers,
    Durable,
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
from orchestrator.partition.live import BATCH, Answered, Arrival, Live

IDLE_S = 0.5
"""The longest sleep without a look at the clock."""
RECEIVE_BYTES = 1 << 20
GC_EVERY_TURNS = 5_000
"""Cyclic collection runs between turns, never inside one."""


ASK_AGAIN_MS = 1_000
"""When a message that finds the engine ending asks again: at the next start."""


class NoLeave:
    """The permits of an engine that is ending: what it handed over now would have nobody to hear its outcome."""

    def ask(self, _message: Message | Call, now: int, _wall: int) -> Refusal:
        return Refusal("permit", now + ASK_AGAIN_MS)


@dataclass(slots=True)
class _Inbox:
    """What the edge has sent and no turn has taken yet."""

    batches: deque[Submitted] = field(default_factory=deque)
    answers: deque[Answered] = field(default_factory=deque)
    controls: deque[Control] = field(default_factory=deque)

    def put(self, frame: Frame) -> None:
        match frame:
            case Submitted():
                self.batches.append(frame)
            case Answers():
                self.answers.extend(Answered(key, outcome) for key, outcome in frame.answers)
            case Switched():
                self.controls.append(frame.control)
            case _:
                pass

    def __len__(self) -> int:
        return len(self.batches) + len(self.answers) + len(self.controls)


class Host:
    """Runs one live engine until the edge hangs up. `stopping`: what comes in is still decided, nothing goes out any more."""

    def __init__(self, live: Live, edge: socket.socket, survey_key: bytes = b"") -> None:
        self._live = live
        self._survey_key = survey_key
        self._edge = edge
        self._reader = FrameReader()
        self._inbox = _Inbox()
        self._open = True
        self._stopping = False

    def run(self) -> None:
        """Serve until the edge has gone and everything received is durable."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._say(Ready(self._live.engine.around.program.name, self._survey_key))
        turns = 0
        while self._open or len(self._inbox):
            self._receive(self._patience())
            self._turn()
            turns += 1
            if turns % GC_EVERY_TURNS == 0:
                gc.collect()

    def _patience(self) -> float:
        """How long nothing needs doing, in seconds."""
        if len(self._inbox):
            return 0.0
        if self._stopping:
            return IDLE_S
        if self._live.busy:
            return 0.0
        due = self._live.next_due()
        return IDLE_S if due is None else min(IDLE_S, max(0.0, due / 1000 - time.time()))

    def _receive(self, patience: float) -> None:
        """Take in what has arrived, waiting so long for the first byte."""
        while self._open and len(self._inbox) < BATCH:
            readable, _, _ = select.select([self._edge], [], [], patience)
            if not readable:
                return
            received = self._read()
            if not received:
                self._open = False
                self._stop()
                return
            for frame in self._reader.feed(received):
                self._take(frame)
            patience = 0.0

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Stop):
            self._stop()
            self._say(Stopped())
        else:
            self._inbox.put(frame)

    def _stop(self) -> None:
        self._stopping = True
        self._live.engine.around.permits = NoLeave()

    def _read(self) -> bytes:
        """What the edge sent; empty when it has gone, in order or not."""
        try:
            return self._edge.recv(RECEIVE_BYTES)
        except ConnectionError:
            return b""

    def _turn(self) -> None:
        inbox = self._inbox
        while inbox.controls:
            self._live.control(inbox.controls.popleft())
        taken: list[Submitted] = []
        arrivals: list[Arrival] = []
        while inbox.batches and len(arrivals) < BATCH:
            batch = inbox.batches.popleft()
            taken.append(batch)
            arrivals.extend(Arrival(batch.token, event) for event in batch.events)
        answers = [inbox.answers.popleft() for _ in range(min(len(inbox.answers), BATCH))]
        wall = time.time_ns() // 1_000_000
        turn = self._live.turn(arrivals, answers, wall, caught_up=not (inbox.batches or self._stopping))
        self._tell(taken, turn.accepted)
        if turn.outgoing:
            self._say(Send(turn.outgoing))

    def _tell(self, taken: list[Submitted], accepted: list[tuple[int, bool]]) -> None:
        verdicts: dict[int, list[bool]] = {batch.token: [] for batch in taken}
        for token, duplicate in accepted:
            verdicts[token].append(duplicate)
        for token, duplicates in verdicts.items():
            self._say(Durable(token, duplicates))

    def _say(self, frame: Frame) -> None:
        """Tell the edge. One that has gone hears nothing, but what it sent before is still to be read."""
        with suppress(OSError):
            self._edge.sendall(packed(frame))
