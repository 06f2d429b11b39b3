"""What two profiles that turn out to be one do not do twice."""

from __future__ import annotations

from orchestrator.domain.campaign import END, Campaign, Node, Pattern, Reentry, Steps, Webhook
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Adopt, Event, ProfileInput, Timer
from orchestrator.domain.limits import IN_DOUBT_KEPT, KEYS_KEPT, RUNS_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Message, Profile, seal
from orchestrator.domain.program import EventType, KeyPath, Program, Wheel

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
