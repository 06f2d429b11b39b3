"""Who works measures out: one at a time, what was asked last first, remembered for a while, each bounded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal

import pytest

from orchestrator.console.measures import Answered, Desk, Known, Question
from orchestrator.console.measures.child import Child
from orchestrator.console.measures.limits import ANSWERS_KEPT, FRESH_MS, FRESH_TIMES, WANTED_MAX
from orchestrator.history import catch_up, folder_of
from orchestrator.insight.measures import Span, Summed
from tests.console.shop import Shop
from tests.integration.serving import until


def question(name: str) -> Question:
    return Question("p", name, *Span())


class Fake:
    """Answers when it is let, in the order in which it is asked."""

    def __init__(self) -> None:
        self.over, self.asked, self.ended = False, list[str](), 0
        self.let = Signal()
        self.trouble, self.clock, self.took = "", 1, 0

    def __call__(self, _state: Path) -> Fake:
        self.over = False
        return self

    def ask(self, question: Question) -> Answered:
        self.asked.append(question.measure)
        self.let.wait()
        self.over = bool(self.trouble)
        return Answered(Summed(float(len(self.asked)), 1), clock=self.clock, took=self.took, trouble=self.trouble)

    def end(self) -> None:
        self.ended += 1


class Looked:
    """A desk with a worker and a clock of one's own."""

    def __init__(self) -> None:
        self.worker, self.now = Fake(), 1_000_000
        self.desk = Desk(Path("none"), self.worker, lambda: (), lambda: self.now)

    def look(self, *names: str, clock: int | None = None) -> list[Known]:
        return self.desk.look([question(name) for name in names], clock)

    def settled(self, *names: str, clock: int | None = None) -> list[Known]:
        """Once nothing is awaited."""

        def done() -> list[Known] | None:
            found = self.look(*names, clock=clock)
            return None if any(one.coming for one in found) else found

        found: list[Known] = until(done, "answers")  # type: ignore[assignment]
        return found


@pytest.fixture
def looked() -> Iterator[Looked]:
    found = Looked()
    yield found
    found.worker.let.set()
    found.desk.close()


def test_nobody_waits_and_what_was_asked_last_comes_first(looked: Looked) -> None:
    assert looked.look("a", "b") == [Known(None, 0, coming=True)] * 2
    until(lambda: looked.worker.asked, "the first")
    looked.look("c", "d")
    looked.look("b")
    looked.worker.let.set()
    looked.settled("a", "b", "c", "d")
    assert looked.worker.asked == ["a", "b", "c", "d"]


def test_an_answer_is_remembered_and_worked_out_anew_once_it_is_old(looked: Looked) -> None:
    looked.worker.let.set()
    (known,) = looked.settled("a")
    assert known.answer is not None
    assert known.at == looked.now
    looked.now += FRESH_MS - 1
    assert looked.settled("a") == [known]
    assert looked.worker.asked == ["a"]
    looked.worker.let.clear()
    looked.now += 1
    (old,) = looked.look("a")
    assert (old.answer, old.at, old.coming) == (known.answer, known.at, True)
    looked.worker.let.set()
    (new,) = looked.settled("a")
    assert new.at == looked.now
    assert looked.worker.asked == ["a", "a"]


def test_what_took_long_is_not_worked_out_often(looked: Looked) -> None:
    looked.worker.let.set()
    looked.worker.took = FRESH_MS
    looked.settled("a")
    looked.now += FRESH_TIMES * FRESH_MS - 1
    assert not looked.look("a")[0].coming
    looked.now += 1
    assert looked.look("a")[0].coming


def test_what_was_told_of_the_history_as_it_stands_is_new(looked: Looked) -> None:
    looked.worker.let.set()
    looked.settled("a")
    looked.now += 1000 * FRESH_MS
    assert not looked.look("a", clock=1)[0].coming
    assert looked.look("a", clock=2)[0].coming


def test_a_worker_that_failed_is_replaced_and_says_why(looked: Looked) -> None:
    looked.worker.let.set()
    looked.worker.trouble = "time"
    (known,) = looked.settled("a")
    assert known.answer is not None
    assert known.answer.trouble == "time"
    looked.settled("b")
    assert looked.worker.ended == 1
    looked.now += FRESH_MS
    assert looked.look("a", clock=1)[0].coming, "a failure is tried again"


def test_memory_has_bounds(looked: Looked) -> None:
    looked.look(*(f"m{number}" for number in range(3 * WANTED_MAX)))
    assert len(looked.desk._wanted) <= WANTED_MAX
    looked.worker.let.set()
    for begin in range(0, 2 * ANSWERS_KEPT, 100):
        looked.settled(*(f"n{number}" for number in range(begin, begin + 100)))
    assert len(looked.desk._known) == ANSWERS_KEPT


def test_a_closed_desk_works_nothing_out(looked: Looked) -> None:
    looked.desk.close()
    assert looked.look("a") == [Known(None, 0, coming=False)]
    assert looked.worker.asked == []


@pytest.fixture
def asked(shop: Shop) -> Question:
    catch_up(shop.state)
    return Question(shop.live.engine.around.program.name, "nps", *Span())


def test_a_process_answers_and_takes_its_scratch_files_with_it(shop: Shop, asked: Question) -> None:
    child = Child(shop.state)
    answer = child.ask(asked)
    assert answer.trouble == ""
    assert answer.whole.n > 0
    scratch = Path(child._scratch)
    assert scratch.parent == folder_of(shop.state)
    assert scratch.is_dir()
    child.end()
    assert not scratch.exists()


def test_a_process_that_takes_too_long_is_ended(shop: Shop, asked: Question) -> None:
    child = Child(shop.state, 0)
    assert child.ask(asked).trouble == "time"
    assert child.over
    child.end()
    assert child._running.returncode == -signal.SIGKILL


def test_a_process_that_ends_over_a_measure_says_so(shop: Shop, asked: Question) -> None:
    child = Child(shop.state)
    os.kill(child._running.pid, signal.SIGKILL)
    child._running.wait()
    answer = child.ask(asked)
    assert answer.trouble == "broken"
    assert child.over
    child.end()


def test_a_measure_that_is_gone_breaks_nothing_but_itself(shop: Shop, asked: Question) -> None:
    child = Child(shop.state)
    assert child.ask(Question(asked.program, "gone", *Span())).trouble == "broken"
    child.end()
