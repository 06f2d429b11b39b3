"""What two profiles that turn out to be one do not do twice."""

from __future__ import annotations

import pytest

from orchestrator.domain.campaign import END, Campaign, Node, Pattern, Reentry, Steps, Webhook
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Adopt, EndRuns, Event, Link, ProfileInput, Timer
from orchestrator.domain.limits import IN_DOUBT_KEPT, KEYS_KEPT, LINKS_KEPT, RUNS_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Hold, Policies
from orchestrator.domain.profile import HoldState, Message, Profile, Run, seal
from orchestrator.domain.program import EventType, KeyPath, Program, Wheel
from rules import Condition

DAY = 86_400_000
START = 20_000 * DAY
FAREWELL = Campaign(
    "farewell",
    "a",
    Steps("farewell", ()),
    (Pattern("farewell/on/0", without="Ordered", duration=30 * DAY),),
    reentry=Reentry(0),
)
PROGRAM = Program("p", Wheel("a", ("a",)), campaigns={"farewell": FAREWELL})


def give(profile: Profile, given: ProfileInput, now: int) -> Decision:
    return decide(PROGRAM, Controls(), profile, given, now).decision


def test_without_does_not_fire_again_after_a_merge() -> None:
    known, anonymous = newcomer(PROGRAM, START + 10 * DAY, "u:ada"), newcomer(PROGRAM, START, "a:web")
    for profile in (anonymous, known):
        assert len(give(profile, Timer(0), profile.born + 30 * DAY).entries) == 1
    merged = START + 50 * DAY
    give(known, Adopt(seal(anonymous), 7), merged)
    assert give(known, Timer(0), merged + DAY).entries == []


@pytest.mark.parametrize(
    ("ours", "theirs", "now_true", "since"),
    [
        pytest.param(None, HoldState(true=False, since=START), False, START, id="only the other had it"),
        pytest.param(HoldState(true=False, since=None), HoldState(true=False, since=START), False, START, id="of the other"),
        pytest.param(HoldState(true=False, since=START + 1), HoldState(true=False, since=START), False, START + 1, id="later"),
        pytest.param(HoldState(true=False, since=None), HoldState(true=True, since=START), True, START, id="it goes on"),
        pytest.param(HoldState(true=False, since=None), HoldState(true=False, since=None), True, START + DAY, id="it begins"),
        pytest.param(HoldState(true=True, since=START), None, True, START, id="ours stays"),
    ],
)
def test_a_hold_that_began_on_another_device_goes_on(
    ours: HoldState | None,
    theirs: HoldState | None,
    now_true: bool,  # noqa: FBT001 - a table's cell
    since: int,
) -> None:
    condition = Condition(rule=now_true, value=lambda _: now_true, holds=lambda _: now_true)
    policies = Policies(holds=(Hold("upset", condition, frozenset({"marketing"}), duration=30 * DAY),))
    live = Program("p", Wheel("a", ("a",)), policies=policies)
    known, other = newcomer(live, START, "u:ada"), newcomer(live, START, "a:web")
    for profile, state in ((known, ours), (other, theirs)):
        profile.holds = {} if state is None else {"upset": state}
    decide(live, Controls(), known, Adopt(seal(other), 7), START + DAY)
    assert known.holds["upset"] == HoldState(true=now_true, since=since)


def test_many_devices_do_not_grow_the_record_without_end() -> None:
    ask = Steps("ask", (Node("ask", Webhook("codes", within=DAY), END, END),), 0)
    on = (Pattern("c/on/0", event="Opened", key="k"),)
    opened = EventType("Opened", {"k": KeyPath(("properties", "k"))})
    asks = Campaign("c", "a", ask, on, cls="transactional", reentry=Reentry(0))
    live = Program("p", Wheel("a", ("a",)), {"Opened": opened}, campaigns={"c": asks})
    known = newcomer(live, START, "u:ada")
    for device in range(4):
        other = newcomer(live, START, f"a:{device}")
        for number in range(40):
            properties = {"k": f"{device}-{number}"}
            event = Event(f"{device}-{number}", START, name="Opened", anonymous_id=str(device), properties=properties)
            decide(live, Controls(), other, event, START)
        decide(live, Controls(), known, Adopt(seal(other), device), START + device)
    assert (len(known.runs), len(known.calls)) == (RUNS_KEPT, RUNS_KEPT)
    assert len(known.entries["c"].keys) == KEYS_KEPT
    assert {run.key[0].split("-")[0] for run in known.runs} == {"0", "1"}, "the youngest are given up"


def test_doubts_of_many_devices_are_bounded_and_counted() -> None:
    known = newcomer(PROGRAM, START, "u:ada")
    for device in range(IN_DOUBT_KEPT + 4):
        other = newcomer(PROGRAM, START, f"a:{device}")
        other.messages.append(
            Message(f"{device}", "e", "c", "s", "t", "marketing", ["email"], START, START + DAY, 0, state="in_doubt")
        )
        other.planned = 1
        give(known, Adopt(seal(other), device), START + device)
    assert [message.id for message in known.messages] == [f"{n}" for n in range(4, IN_DOUBT_KEPT + 4)]
    assert (known.planned, known.tally) == (IN_DOUBT_KEPT + 4, {"in_doubt": 4})


@pytest.mark.parametrize(
    ("theirs", "ours", "goes_on"),
    [
        pytest.param(0, 10, False, id="the other had it within the day"),
        pytest.param(0, DAY, True, id="a day later it may begin again"),
        pytest.param(0, 3, True, id="ours began before the link"),
        pytest.param(20, 10, True, id="the other had it after ours began"),
        pytest.param(None, 10, True, id="the other never had it"),
    ],
)
def test_what_began_since_the_link_is_taken_back_where_the_others_history_refuses_it(
    theirs: int | None,
    ours: int,
    goes_on: bool,  # noqa: FBT001 - a table's cell
) -> None:
    ask = Steps("c", (Node("n", Webhook("w", within=9 * DAY), END, END),), 0)
    daily = Campaign("c", "a", ask, (Pattern("c/on/0", event="Opened"),), reentry=Reentry(DAY))
    live = Program("p", Wheel("a", ("a",)), {"Opened": EventType("Opened")}, campaigns={"c": daily})
    known, other = newcomer(live, START, "u:ada"), newcomer(live, START, "a:web")
    if theirs is not None:
        opened = Event("o", START + theirs, name="Opened", anonymous_id="web")
        decide(live, Controls(), other, opened, START + theirs)
        decide(live, Controls(), other, EndRuns("done"), START + theirs)
    given = {ours: Event("k", START + ours, name="Opened", user_id="ada"), 5: Link("a:web", START + 60_000)}
    for at, one in sorted(given.items()):
        decide(live, Controls(), known, one, START + at)
    decide(live, Controls(), known, Adopt(seal(other), 7, "a:web", "u:ada"), START + 2 * DAY)
    assert [run.entered_at for run in known.runs if not run.ended] == [START + ours] * goes_on
    assert known.entries["c"].count == (theirs is not None) + 1


def test_a_campaign_that_is_gone_is_taken_back_by_nobody() -> None:
    known, other = newcomer(PROGRAM, START, "u:ada"), newcomer(PROGRAM, START, "a:web")
    give(known, Link("a:web", START + 60_000), START)
    give(known, Timer(0), START + 30 * DAY)
    known.runs.append(Run("gone", "v", "e", START + 1, START, "t", 0, 0, state="wait"))
    decision = give(known, Adopt(seal(other), 7, "a:web", "u:ada"), START + 30 * DAY)
    assert decision.ends == []


def test_of_many_links_the_oldest_hold_no_more() -> None:
    known = newcomer(PROGRAM, START, "u:ada")
    for number in range(LINKS_KEPT + 2):
        give(known, Link(f"a:{number}", START + 60_000), START + number)
    assert list(known.links) == [f"a:{number}" for number in range(2, LINKS_KEPT + 2)]
    assert [link.first for link in known.links.values()] == [False] * LINKS_KEPT
