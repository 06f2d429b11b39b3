"""Two ids at home in different engines become one customer: link, release, adopt, however often they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.campaign import END, Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Adopt, Announcement, Event, Outcome, Release
from orchestrator.domain.limits import LINK_HOLD_MS
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.program import EventType, Feature, Program, Transition, Wheel
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from rules import compile_condition

START = 1_750_000_000_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def at_home(number: int, kind: str) -> str:
    """An id whose home is that partition of two."""
    return next(f"{kind}{n}" for n in range(100) if home_of(f"{kind}:{kind}{n}", 2) == number)


A, U, OTHER = at_home(0, "a"), at_home(1, "u"), next(f"o{n}" for n in range(100) if home_of(f"u:o{n}", 2) == 1)

ONCE = Reentry()


def _send(name: str, event: str, cls: str = "marketing", reentry: Reentry = ONCE) -> Campaign:
    steps = Steps(name, (Node("send", Send(name, ("email",)), END, END),), 0)
    return Campaign(name, "a", steps, (Pattern(f"{name}/on/0", event=event),), cls=cls, topic="offers", reentry=reentry)


_DROP = Pattern("drop/on/0", broadcast="Dropped", to="all")
PROGRAM = Program(
    "p",
    Wheel("a", ("a", "b"), (), (Transition(frozenset({"a"}), "b", Pattern("w0", event="Ordered")),)),
    {name: EventType(name) for name in ("Ordered", "Wanted", "Seen")} | {"Dropped": EventType("Dropped", thing=True)},
    (Feature("orders", "count", "Ordered"),),
    {"all": compile_condition({"==": [1, 1]})},
    Policies({"offers": Topic("offers", assumed=True)}),
    {
        "drop": replace(_send("drop", "Dropped"), on=(_DROP,)),
        "receipt": _send("receipt", "Ordered", cls="transactional", reentry=Reentry(0)),
        "welcome": _send("welcome", "Wanted"),
    },
)


@dataclass
class Side:
    """One engine with the partition of that number."""

    number: int
    program: Program = PROGRAM
    file: MemoryFile = field(default_factory=MemoryFile)
    left: list[Any] = field(default_factory=list)
    """Messages that left, in order."""

    def __post_init__(self) -> None:
        around = Surroundings(self.program, OpenGovernor(), Outbox(), Controls(addresses=False))
        self.engine = Engine([self.file.partition(0)], around, elsewhere=lambda raw: home_of(raw, 2) != self.number)
        assert isinstance(around.wire, Outbox)
        self.live = Live(self.engine, around.wire)

    def feed(self, ident: str, name: str, now: int = START, **who: str) -> list[Passed]:
        """One event; what it passes on."""
        self.engine.feed(Event(ident, now, name=name, received_at=now, source="s", **who), now)
        return self.committed()

    def give(self, *passed: Passed, now: int = START) -> list[Passed]:
        for one in passed:
            self.engine.receive(one, now)
        return self.committed()

    def committed(self) -> list[Passed]:
        self.engine.commit()
        self.left += self.live.outbox.take()
        return self.engine.take_passed()

    def profile(self, raw: str) -> Profile:
        return unseal(self.file.profiles[self.file.ids[raw]][1].sealed)


def sides() -> tuple[Side, Side]:
    """(the anonymous id's home, the known one's)"""
    return Side(0), Side(1)


def linked(theirs: Side, ours: Side, *, name: str = "Seen") -> list[Passed]:
    """The event that names both, and its release as far as the answer: that is given back."""
    asked = ours.feed("both", name, user_id=U, anonymous_id=A)
    assert [type(one.given) for one in asked] == [Release]
    return theirs.give(*asked)


def test_both_ids_are_one_customer_with_both_histories() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    ours.feed("e2", "Ordered", user_id=U)
    ours.give(*linked(theirs, ours))
    joined = ours.profile(f"u:{U}")
    assert (joined.folds["orders"], joined.anonymous_ids, joined.links) == (2, [A], {})
    assert theirs.file.profiles == {}
    assert ours.file.redirects == {f"a:{A}": f"u:{U}"}
    assert theirs.file.redirects == {f"a:{A}": f"u:{U}", "k:1": f"u:{U}"}, "what is still said of their messages follows"


def test_marketing_waits_until_the_answer_comes_and_leaves_then() -> None:
    theirs, ours = sides()
    answer = linked(theirs, ours, name="Wanted")
    assert ours.left == []
    (waiting,) = ours.profile(f"u:{U}").messages
    assert (waiting.gate, waiting.due) == ("identity", START + LINK_HOLD_MS)
    ours.give(*answer, now=START + 5)
    assert [out.campaign for out in ours.left] == ["welcome"]


def test_marketing_waits_no_longer_than_the_deadline() -> None:
    theirs, ours = sides()
    answer = linked(theirs, ours, name="Wanted")
    ours.engine.advance(START + LINK_HOLD_MS - 1)
    ours.committed()
    assert ours.left == []
    ours.engine.advance(START + LINK_HOLD_MS)
    ours.committed()
    assert [out.campaign for out in ours.left] == ["welcome"]
    ours.give(*answer, now=START + 2 * LINK_HOLD_MS)
    assert len(ours.left) == 1
    assert ours.profile(f"u:{U}").links == {}


def test_transactional_messages_do_not_wait() -> None:
    theirs, ours = sides()
    linked(theirs, ours, name="Ordered")
    assert [out.campaign for out in ours.left] == ["receipt"]


def test_what_one_half_was_sent_the_other_is_not_sent_again() -> None:
    """The run that began while the halves were on their way to each other is taken back."""
    theirs, ours = sides()
    theirs.feed("e1", "Wanted", anonymous_id=A)
    assert [out.campaign for out in theirs.left] == ["welcome"]
    theirs.engine.give(theirs.left[0].key, Outcome(theirs.left[0].message_id, "accepted"), START)
    ours.give(*linked(theirs, ours, name="Wanted"))
    assert ours.left == []
    assert ours.profile(f"u:{U}").tally == {"accepted": 1, "cancelled": 1}


def test_a_newcomer_takes_the_place_in_the_wheel_of_who_was_there_before() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    ours.give(*linked(theirs, ours))
    assert ours.profile(f"u:{U}").stage == "b"


def test_who_was_there_before_keeps_the_later_place() -> None:
    theirs, ours = sides()
    ours.feed("e0", "Seen", START - 5, user_id=U)
    theirs.feed("e1", "Ordered", START - 10, anonymous_id=A)
    ours.give(*linked(theirs, ours))
    assert ours.profile(f"u:{U}").stage == "a"


def test_nothing_that_comes_twice_is_done_twice() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    asked = ours.feed("both", "Seen", user_id=U, anonymous_id=A)
    answer = theirs.give(*asked, *asked)
    assert [type(one.given) for one in answer] == [Adopt]
    ours.give(*answer)
    before, rows = ours.file.profiles.copy(), len(ours.file.journal)
    assert ours.give(*answer, now=START + 9) == []
    assert theirs.give(*asked, now=START + 9) == []
    assert ours.feed("again", "Seen", user_id=U, anonymous_id=A) == []
    assert len(ours.file.journal) == rows + 1, "only the event is new"
    assert before.keys() == ours.file.profiles.keys()
    assert ours.profile(f"u:{U}").folds["orders"] == 1


def test_an_id_that_nothing_is_known_of_frees_who_asked() -> None:
    theirs, ours = sides()
    answer = linked(theirs, ours)
    assert answer == [Passed(f"u:{U}", Adopt(b"", 0, f"a:{A}", f"u:{U}"), START)]
    ours.give(*answer)
    assert ours.profile(f"u:{U}").links == {}
    rows = len(ours.file.journal)
    ours.give(*answer)
    assert len(ours.file.journal) == rows


def test_of_two_that_claim_an_id_the_first_has_it_and_the_other_is_told() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    third = Side(1)
    first, second = (side.feed("both", "Seen", user_id=who, anonymous_id=A) for side, who in ((ours, U), (third, OTHER)))
    answers = theirs.give(*first, *second)
    assert [one.to for one in answers] == [f"u:{U}", f"u:{OTHER}"]
    third.give(answers[1])
    assert third.file.redirects == {f"a:{A}": f"u:{U}"}
    assert third.profile(f"u:{OTHER}").links == {}
    assert "orders" not in third.profile(f"u:{OTHER}").folds


def test_an_event_of_the_old_id_follows_it_behind_what_it_held() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    answer = linked(theirs, ours)
    later = theirs.feed("e2", "Ordered", anonymous_id=A)
    assert [one.to for one in later] == [f"u:{U}"]
    assert ours.give(*answer, *later, *later) == []
    assert ours.profile(f"u:{U}").folds["orders"] == 2
    assert theirs.file.profiles == {}


def test_an_answer_to_the_old_id_finds_its_message() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    (out,) = theirs.left
    ours.give(*linked(theirs, ours))
    theirs.engine.give(out.key, Outcome(out.message_id, "accepted"), START + 3)
    passed = theirs.committed()
    assert [(one.to, type(one.given)) for one in passed] == [(f"u:{U}", Outcome)]
    ours.give(*passed, now=START + 3)
    assert ours.profile(f"u:{U}").tally == {"accepted": 1}


def test_an_answer_for_nobody_is_dropped() -> None:
    _, ours = sides()
    assert ours.give(Passed(f"u:{U}", Outcome("m", "accepted"), START)) == []
    assert ours.give(Passed(f"u:{U}", Adopt(b"", 0, f"a:{A}", f"u:{U}"), START)) == []
    assert ours.file.profiles == {}


def test_a_round_reaches_who_moved_away_before_it_came_to_them() -> None:
    theirs, ours = sides()
    theirs.live.engine.paced = ours.live.engine.paced = True
    theirs.feed("e1", "Seen", anonymous_id=A)
    theirs.engine.feed(Event("drop", START, name="Dropped", received_at=START, source="s"), START)
    answer = linked(theirs, ours)
    assert [type(one.given) for one in answer] == [Adopt, Announcement]
    ours.give(*answer, *answer)
    assert [out.campaign for out in ours.left] == ["drop"]


def test_who_was_not_looked_at_yet_is_looked_at_where_they_went() -> None:
    theirs, ours = sides()
    theirs.live.engine.paced = True
    theirs.feed("e1", "Seen", anonymous_id=A)
    theirs.engine.begin_look()
    assert [type(one.given).__name__ for one in linked(theirs, ours)] == ["Adopt", "Visit"]


def test_a_turn_takes_what_other_partitions_pass_on() -> None:
    theirs, ours = sides()
    theirs.feed("e1", "Ordered", anonymous_id=A)
    answer = linked(theirs, ours)
    turn = ours.live.turn(answer, (), START + MINUTE, caught_up=True)
    assert turn.accepted == []
    assert ours.profile(f"u:{U}").folds["orders"] == 1


def test_one_engine_for_both_joins_at_once() -> None:
    """The same events, both partitions at home: nobody waits, and nothing is passed on."""
    file = MemoryFile()
    around = Surroundings(PROGRAM, OpenGovernor(), Outbox(), Controls(addresses=False))
    engine = Engine([file.partition(0), file.partition(1)], around)
    feed: Callable[[Event], Any] = lambda event: engine.feed(event, START)  # noqa: E731
    feed(Event("e1", START, name="Ordered", anonymous_id=A, source="s"))
    feed(Event("e2", START, name="Seen", user_id=U, anonymous_id=A, source="s"))
    engine.commit()
    assert engine.take_passed() == []
    (profile,) = [unseal(stored.sealed) for _, stored in file.profiles.values()]
    assert (profile.stage, profile.folds["orders"], profile.links) == ("b", 1, {})
