"""Who is asked for measures: answers at once with what is known, and has the rest worked out, one at a time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition, Thread

from orchestrator.console.log import log
from orchestrator.console.measures.child import Child, Worker
from orchestrator.console.measures.limits import ANSWERS_KEPT, FRESH_MS, FRESH_TIMES, LIFE_S, REST_S, WANTED_MAX
from orchestrator.console.measures.question import Answered, Question
from orchestrator.history.analytics import absent_extra


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a question. `at`: when it was worked out, in milliseconds. `coming`: it is about to be, or anew."""

    answer: Answered | None
    at: int
    coming: bool


def few(known: Known, most: int) -> Known:
    """The same with at most so many groups."""
    return known if known.answer is None else replace(known, answer=known.answer.few(most))


class Desk:
    """The measures of one state file. Several threads may ask at once; nobody waits."""

    def __init__(
        self,
        state: Path,
        begin: Callable[[Path], Worker] = Child,
        absent: Callable[[], tuple[str, ...]] = absent_extra,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._state, self._begin, self._wall = state, begin, wall
        self.absent = absent
        """Packages that it lacks: then nothing is worked out."""
        self._turn = Condition()
        self._known: OrderedDict[Question, tuple[Answered, int]] = OrderedDict()
        self._wanted: OrderedDict[Question, None] = OrderedDict()
        self._at_work: Question | None = None
        self._running = False
        self._closed = False

    def look(self, questions: Iterable[Question], clock: int | None = None) -> list[Known]:
        """What is known of each. What is unknown or not fresh is worked out from now on, the first of these first.

        `clock`: how far the history has come; what was told of it as it stands is as new as can be.
        """
        asked = list(questions)
        with self._turn:
            stale = [one for one in asked if not self._is_fresh(one, clock)]
            if not self.absent() and not self._closed:
                self._want(stale)
            return [self._of(one) for one in asked]

    def _is_fresh(self, question: Question, clock: int | None) -> bool:
        found = self._known.get(question)
        if found is None:
            return False
        answer, at = found
        if answer.clock == clock and not answer.trouble:
            return True
        return self._wall() - at < max(FRESH_MS, FRESH_TIMES * answer.took)

    def _want(self, questions: list[Question]) -> None:
        for one in reversed(questions):
            if one != self._at_work:
                self._wanted[one] = None
                self._wanted.move_to_end(one, last=False)
        while len(self._wanted) > WANTED_MAX:
            self._wanted.popitem()
        if self._wanted and not self._running:
            self._running = True
            Thread(target=self._work, name="measures", daemon=True).start()
        self._turn.notify_all()

    def _of(self, question: Question) -> Known:
        answer, at = self._known.get(question, (None, 0))
        if answer is not None:
            self._known.move_to_end(question)
        return Known(answer, at, question in self._wanted or question == self._at_work)

    def _work(self) -> None:
        """Work out what is wanted until nothing is for a while. One process at a time, ended after a while."""
        worker: Worker | None = None
        begun = 0.0
        try:
            while (question := self._next()) is not None:
                if worker is not None and (worker.over or time.monotonic() - begun > LIFE_S):
                    worker.end()
                    worker = None
                if worker is None:
                    worker, begun = self._begin(self._state), time.monotonic()
                answer = worker.ask(question)
                if answer.trouble:
                    log("measure", name=question.measure, trouble=answer.trouble)
                self._keep(question, answer)
        finally:
            if worker is not None:
                worker.end()
            with self._turn:
                self._running, self._at_work = False, None

    def _next(self) -> Question | None:
        with self._turn:
            self._at_work = None
            if not self._turn.wait_for(lambda: self._wanted or self._closed, REST_S) or self._closed:
                self._running = False
                return None
            self._at_work, _ = self._wanted.popitem(last=False)
            return self._at_work

    def _keep(self, question: Question, answer: Answered) -> None:
        with self._turn:
            self._known[question] = answer, self._wall()
            self._known.move_to_end(question)
            while len(self._known) > ANSWERS_KEPT:
                self._known.popitem(last=False)
            self._at_work = None

    def close(self) -> None:
        """Work out nothing more."""
        with self._turn:
            self._closed = True
            self._wanted.clear()
            self._turn.notify_all()
