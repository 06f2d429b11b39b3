"""The engine process: a plain synchronous loop between one socket to the edge and one store."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from orchestrator.domain.input import Control, Refusal
from orchestrator.domain.profile import Call, Message
from orchestrator.metrics import DEAD_LETTERS, INPUTS, Reading
from orchestrator.partition.frames import (
    Answers,
    Counted,
    Durable,
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
from orchestrator.partition.live import BATCH, Answered, Arrival, Live, Turn

IDLE_S = 0.5
"""The longest sleep without a look at the clock."""
RECEIVE_BYTES = 1 << 20
COUNTED_S = 1.0
"""Between two words of what was counted."""
HERE = "0"
"""The one partition of an embedded engine, as a label."""
GC_EVERY_TURNS = 5_000
"""Cyclic collection runs between turns, never inside one."""


ASK_AGAIN_MS = 1_000
"""When a message that finds the engine ending asks again: at the next start."""


Orders = Callable[[], Sequence[tuple[int, Control]]]
"""Operators' orders that were not taken yet, with their numbers."""
Stands = Callable[[], Sequence[Reading]]
"""What the page of metrics says beside what the engine counts."""


class NoLeave:
    """The permits of an engine that is ending: what it handed over now would have nobody to hear its outcome."""

    def ask(self, _message: Message | Call, now: int, _wall: int) -> Refusal:
        return Refusal("permit", now + ASK_AGAIN_MS)


@dataclass(slots=True)
class _Inbox:
    """What the edge has sent and no turn has taken yet."""

    batches: deque[Submitted] = field(default_factory=deque)
    answers: deque[Answered] = field(default_factory=deque)
    said: deque[Said] = field(default_factory=deque)

    def put(self, frame: Frame) -> None:
        match frame:
            case Submitted():
                self.batches.append(frame)
            case Answers():
                self.answers.extend(Answered(key, outcome) for key, outcome in frame.answers)
            case Said():
                self.said.append(frame)
            case _:
                pass

    def __len__(self) -> int:
        return len(self.batches) + len(self.answers) + len(self.said)


class Host:
    """Runs one live engine until the edge hangs up. `stopping`: what comes in is still decided, nothing goes out any more."""

    def __init__(
        self,
        live: Live,
        edge: socket.socket,
        survey_key: bytes = b"",
        address_key: bytes = b"",
        orders: Orders = tuple,
        stands: Stands = tuple,
    ) -> None:
        self._live, self._stands = live, stands
        self._counted_at = 0.0
        self._survey_key, self._address_key = survey_key, address_key
        self._edge, self._orders = edge, orders
        self._reader = FrameReader()
        self._inbox, self._verdicts = _Inbox(), dict[int, list[bool]]()
        """`_verdicts`: token → of the events that are decided already of what is not acknowledged yet."""
        self._open = True
        self._stopping = False

    def run(self) -> None:
        """Serve until the edge has gone and everything received is durable."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._say(Ready(self._live.engine.around.program.name, self._survey_key, self._address_key))
        turns = 0
        while self._open or len(self._inbox):
            self._receive(self._patience())
            self._turn()
            self._tell_counts()
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
        for number, control in self._orders():
            self._live.control(control, number)
        taken: list[Submitted] = []
        arrivals: list[Arrival] = []
        while inbox.batches and len(arrivals) < BATCH:
            batch = inbox.batches.popleft()
            taken.append(batch)
            arrivals.extend(Arrival(batch.token, event) for event in batch.events)
        receipts = [Answered(key, receipt) for batch in taken for key, receipt in batch.receipts]
        answers = [inbox.answers.popleft() for _ in range(min(len(inbox.answers), BATCH))]
        wall = time.time_ns() // 1_000_000
        said, inbox.said = inbox.said, deque()
        words = [word for frame in said for word in frame.words]
        for address, event in [text for frame in said for text in frame.texts]:
            self._live.engine.words.hear_text(address, event, self._live.engine.clock)
        caught_up = not (inbox.batches or self._stopping)
        began = time.time_ns()
        turn = self._live.turn(arrivals, [*answers, *receipts], wall, caught_up=caught_up, words=words)
        self._live.counts.add(INPUTS, turn.taken + (len(answers) + len(receipts) if turn.answered else 0), HERE)
        if self._live.traces is not None:
            self._live.traces.tell(began, time.time_ns())
        if not turn.answered:
            inbox.answers.extendleft(reversed(answers))
        self._tell(taken, turn)
        changed = iter(turn.changed)
        for frame in said:
            self._say(Durable(frame.token, [not next(changed) for _ in frame.words]))
        if turn.outgoing:
            self._say(Send(turn.outgoing))

    def _tell_counts(self) -> None:
        now = time.monotonic()
        if now < self._counted_at + COUNTED_S:
            return
        self._counted_at = now
        self._live.counts.put(DEAD_LETTERS, self._live.engine.dead, HERE)
        found = [*self._live.counts.readings(), *self._stands()]
        self._say(Counted([(one.metric.name, one.value, dict(one.labels)) for one in found]))

    def _tell(self, taken: list[Submitted], turn: Turn) -> None:
        """Acknowledge what is durable as a whole; of the others, what a crowd of timers came before is taken again."""
        for token, duplicate in turn.accepted:
            self._verdicts.setdefault(token, []).append(duplicate)
        left, again = turn.taken, list[Submitted]()
        for batch in taken:
            events, left = batch.events[left:], max(0, left - len(batch.events))
            if events or (batch.receipts and not turn.answered):
                again.append(Submitted(batch.token, events, batch.receipts))
            else:
                self._say(Durable(batch.token, self._verdicts.pop(batch.token, [])))
        self._inbox.batches.extendleft(reversed(again))

    def _say(self, frame: Frame) -> None:
        """Tell the edge. One that has gone hears nothing, but what it sent before is still to be read."""
        with suppress(OSError):
            self._edge.sendall(packed(frame))
