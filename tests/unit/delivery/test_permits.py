"""What workers and governors say to each other: what is not said means nothing more, and who published stays who did."""

from __future__ import annotations

import msgspec
import pytest

from orchestrator.delivery import permits
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Lease, Rails, Shut, Unused, Want
from orchestrator.delivery.volume import Rail
from orchestrator.domain.input import Control

MAIL = Kind("email", marketing=True, campaign="c")


@pytest.mark.parametrize(
    "said",
    [
        Ask("w", 7, [Want(MAIL, 3, 2, 4)], [Unused(6, MAIL, 1)], {"c": 2}, [Count(MAIL, 5)]),
        Rails("p", "ada", [Rail("c", "one", "bob")], published=True),
        Control("kill", on=True),
    ],
)
def test_questions_rails_and_switches_are_read_as_they_were_written(said: Ask | Rails | Control) -> None:
    assert permits.question(permits.encode(said)) == said


@pytest.mark.parametrize("record", [b"", b"junk", permits.encode({"input": "other"}), permits.encode(7)])
def test_what_is_neither_is_nothing(record: bytes) -> None:
    assert permits.question(record) is None


def test_answers_rails_and_numbers_are_read_as_they_were_written() -> None:
    said = Answer([Lease("w", 7, [Count(MAIL, 3)])], killed=True, shut=[Shut("c", "canary", 9)], rails="p")
    assert permits.answer(permits.encode(said)) == said
    rails = Rails("p", "ada", [Rail("c")])
    assert permits.rails(permits.encode(rails)) == rails
    assert permits.number(permits.encode(70)) == 70


def test_a_question_that_says_only_whose_it_is_wants_and_gives_back_nothing() -> None:
    found = permits.question(permits.encode({"input": "ask", "worker": "w", "number": 1}))
    assert isinstance(found, Ask)
    assert (found.wants, found.unused, found.badly, found.more) == ([], [], {}, [])


def test_what_a_want_does_not_say_is_that_none_waits_and_each_counts_once() -> None:
    found = permits.question(permits.encode({"input": "ask", "worker": "w", "number": 1, "wants": [[["webhook", True], 3]]}))
    assert isinstance(found, Ask)
    [want] = found.wants
    assert (want.kind.campaign, want.kind.sender, want.due, want.weight) == ("", "", 0, 1)


def test_an_answer_that_says_no_more_grants_nothing_stops_nothing_and_knows_no_rails() -> None:
    found = permits.answer(permits.encode({"leases": [["w", 1]]}))
    assert (found.leases[0].granted, found.killed, found.shut, found.rails) == ([], False, [], "")


def test_rails_are_published_only_where_that_is_said() -> None:
    assert permits.rails(permits.encode({"input": "rails", "program": "p", "by": "ada", "rails": []})).published is False


def test_who_let_a_campaign_go_live_as_it_is_stays_the_one_who_did() -> None:
    known = [Rail("same", "one", "ada"), Rail("changed", "one", "ada")]
    told = Rails("p", "bob", [Rail("same", "one"), Rail("changed", "two"), Rail("new", "one")], published=True)

    kept = told.after(known)

    assert {rail.campaign: rail.publisher for rail in kept.rails} == {"same": "ada", "changed": "bob", "new": "bob"}
    assert [rail.content for rail in kept.rails] == ["one", "two", "one"]
    assert msgspec.structs.replace(kept, rails=told.rails) == told
