"""`merge` in a send: messages of one step that are due together go out as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Adopt, Event, HandOff, Outcome, Permit, ProfileInput, Timer, Visit
from orchestrator.domain.limits import JOINED_MAX
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import describe
from orchestrator.domain.policies import Cap, Policies, Topic
from orchestrator.domain.profile import Profile, seal
from orchestrator.domain.program import EventType, KeyPath, Program, Wheel

HOUR = 3_600_000
START = 1_750_000_000_000
LINES = {
    "product": KeyPath(("properties", "lines", "id"), each=2),
    "order": KeyPath(("properties", "order")),
}


def program(*, each: str | None = None, key: str | None = None, expires: int | None = None) -> Program:
    send = Send("refill", ("email",), expires, merge=3 * HOUR)
    nodes = (Node("refill", send, 1, 1), Node("more", Send("more", ("email",)), -1, -1))
    campaign = Campaign(
        "refill",
        "a",
        Steps("v", nodes, 0),
        (Pattern("on", event="Ordered", each=each, key=key),),
        topic="news",
        reentry=Reentry(0),
        exits=(Pattern("exit", event="Returned", key=each or key),),
    )
    policies = Policies({"news": Topic("news", assumed=True)}, (Cap(1, 100 * HOUR),))
    kinds = {name: EventType(name, LINES) for name in ("Ordered", "Returned")}
    return Program("p", Wheel("a", ("a",)), kinds, policies=policies, campaigns={"refill": campaign})


class Story:
    """One customer's inputs and what was decided."""

    def __init__(self, program: Program) -> None:
        self.program, self.profile, self.count = program, newcomer(program, START, "u:ada"), 0

    def give(self, given: ProfileInput, at: int) -> Decision:
        return decide(self.program, Controls(addresses=False), self.profile, given, START + at).decision

    def event(self, at: int, name: str = "Ordered", **properties: Any) -> Decision:
        self.count += 1
        ident = f"m{self.count}"
        return self.give(Event(ident, START + at, name=name, user_id="ada", received_at=START + at, properties=properties), at)

    def items(self, at: int) -> list[Any]:
        (message,) = self.profile.messages
        found: list[Any] = describe(self.program, self.profile, message, 0, START + at, 1).context["items"]
        return found

    def states(self) -> dict[str, int]:
        return {**self.profile.tally, "live": len(self.profile.messages)}


def due(profile: Profile) -> list[int]:
    return [(message.due or 0) - START for message in profile.messages]


def test_messages_planned_within_the_window_go_out_as_one_at_its_end() -> None:
    story = Story(program(each="product"))
    story.event(0, lines=[{"id": "tea"}, {"id": "rice"}])
    decision = story.event(2 * HOUR, lines=[{"id": "oil"}])
    assert [part.reason for part in decision.joinings] == [""]
    assert due(story.profile) == [3 * HOUR]
    assert story.items(2 * HOUR) == [{"id": "tea"}, {"id": "rice"}, {"id": "oil"}]

    decision = story.give(Timer(START + 3 * HOUR), 3 * HOUR)
    (ident,) = decision.cleared
    story.give(HandOff(ident, Permit(START + 3 * HOUR + 700)), 3 * HOUR)
    decision = story.give(Outcome(ident, "accepted"), 3 * HOUR)
    assert [step.step for step in decision.steps] == ["more", "more", "more"], "every run goes on as if it had sent alone"
    assert len(story.profile.counted) == 1, "it counts once"


def test_a_message_planned_at_the_very_end_begins_a_window_of_its_own() -> None:
    story = Story(program(key="order"))
    story.event(0, order="1")
    story.give(Timer(START + 3 * HOUR), 3 * HOUR)
    story.event(3 * HOUR, order="2")
    assert due(story.profile)[1] == 6 * HOUR


def test_without_items_of_their_own_it_joins_their_events() -> None:
    story = Story(program(key="order"))
    story.event(0, order="1")
    story.event(HOUR, order="2")
    assert [event["properties"]["order"] for event in story.items(HOUR)] == ["1", "2"]


def test_a_run_that_ends_takes_its_own_part_out_and_the_last_one_the_message() -> None:
    story = Story(program(key="order"))
    story.event(0, order="1")
    story.event(HOUR, order="2")
    (message,) = story.profile.messages
    decision = story.event(HOUR, "Returned", order="1")
    assert [(part.message_id, part.reason) for part in decision.joinings] == [(message.id, "exit")]
    assert decision.messages == []
    assert [event["properties"]["order"] for event in story.items(HOUR)] == ["2"]
    assert message.event == story.items(HOUR)[0], "what the template reads beside is that of the first that is left"

    story.event(HOUR, "Returned", order="2")
    assert story.states() == {"cancelled": 1, "live": 0}


def test_two_open_windows_of_one_who_was_taken_for_two_go_out_each_at_its_own_end() -> None:
    """They are not due together. Nothing is lost or told twice, and what follows joins one of them."""
    story = Story(program(key="order"))
    story.event(0, order="1")
    other = Story(story.program)
    other.profile = newcomer(story.program, START, "a:web")
    other.give(Event("web", START + HOUR, name="Ordered", anonymous_id="web", properties={"order": "2"}), HOUR)
    story.give(Adopt(seal(other.profile), 7), 2 * HOUR)
    story.event(2 * HOUR, order="3")
    items = [[part.event["properties"]["order"] for part in message.parts if part.event] for message in story.profile.messages]
    assert (items, due(story.profile)) == ([["1", "3"], ["2"]], [3 * HOUR, 4 * HOUR])
    assert story.profile.planned == 2


def test_it_expires_so_long_after_it_could_first_go_out() -> None:
    story = Story(program(key="order", expires=HOUR))
    story.event(0, order="1")
    (message,) = story.profile.messages
    assert message.expires_at == START + 4 * HOUR


def test_a_full_message_is_followed_by_another() -> None:
    story = Story(program(each="product"))
    story.event(0, lines=[{"id": str(number)} for number in range(JOINED_MAX + 1)])
    assert [len(message.parts) for message in story.profile.messages] == [JOINED_MAX, 1]


def test_of_what_did_not_leave_only_the_runs_that_go_on_are_tried_again() -> None:
    story = Story(program(key="order"))
    story.event(0, order="1")
    story.event(HOUR, order="2")
    (ident,) = story.give(Timer(START + 3 * HOUR), 3 * HOUR).cleared
    story.give(HandOff(ident, Permit(START + 3 * HOUR + 700)), 3 * HOUR)
    story.event(3 * HOUR, "Returned", order="1")
    decision = story.give(Outcome(ident, "not_sent", retry_at=START + 3 * HOUR + 1_000), 3 * HOUR)
    assert [part.reason for part in decision.joinings] == ["ended"]
    assert [event["properties"]["order"] for event in story.items(3 * HOUR)] == ["2"]


def test_what_waits_does_not_leave_when_its_campaign_is_gone() -> None:
    for visited in (False, True):
        story = Story(program(key="order"))
        story.event(0, order="1")
        story.event(HOUR, order="2")
        pinned = {"v": story.program.campaigns["refill"].steps}
        story.program = replace(story.program, campaigns={}, pinned=pinned)
        decision = story.give(Visit("visit") if visited else Timer(START + 3 * HOUR), 3 * HOUR)
        assert [end.reason for end in decision.ends] == ["removed", "removed"]
        assert (decision.cleared, story.states()) == ([], {"cancelled": 1, "live": 0})
