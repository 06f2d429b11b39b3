"""Rounds: whom a schedule or an event about a thing reaches, once each, over merges, restarts and downtimes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec
import pytest

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.campaign import (
    END,
    Campaign,
    Goal,
    Node,
    Pattern,
    Reentry,
    Schedule,
    Send,
    Steps,
    Value,
    Wait,
    WaitFor,
)
from orchestrator.domain.input import Announcement, Broadcast, Event, PartitionInput, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import EventType, KeyPath, Program, Transition, Wheel
from orchestrator.insight.replaying import standing
from orchestrator.partition import cursors
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from rules import compile_condition

HOUR, DAY = 3_600_000, 86_400_000
MIDNIGHT = 1_800_000_000_000 // DAY * DAY
DAILY = Schedule("UTC", cron="0 9 * * *")
NINE = 9 * HOUR
BUYERS = compile_condition({"==": [{"var": "profile.traits.buys"}, True]})
STEPS = Steps("send", (Node("send", Send("news", ("email",)), END, END),), 0)
_given = msgspec.msgpack.Decoder(ProfileInput).decode
_around = msgspec.msgpack.Decoder(PartitionInput).decode


def campaign(name: str, *on: Pattern, **more: object) -> Campaign:
    settings = {"topic": "news", "reentry": Reentry(0), **more}
    return Campaign(name, "a", STEPS, on, **settings)  # type: ignore[arg-type]


NEWS = campaign("news", Pattern("news/on/0", schedule=DAILY, to="buyers"))
DROP = campaign("drop", Pattern("drop/on/0", broadcast="Dropped", to="buyers", key="product"))


def program(*campaigns: Campaign, **more: object) -> Program:
    events = {"Dropped": EventType("Dropped", {"product": KeyPath(("properties", "product"))}, thing=True)}
    policies = Policies({"news": Topic("news", assumed=True)})
    found = {one.name: one for one in campaigns or (DROP, NEWS)}
    return Program("p", Wheel("a", ("a", "b")), events, segments={"buyers": BUYERS}, policies=policies, campaigns=found, **more)  # type: ignore[arg-type]


def person(name: str, at: int, device: str | None = None, **traits: object) -> Event:
    known = {"user_id": name} if name else {}
    return Event(f"{name}{device}{at}", at, "identify", anonymous_id=device, received_at=at, traits=traits, **known)


def dropped(ident: str, at: int, occurred: int | None = None) -> Event:
    return Event(ident, at if occurred is None else occurred, name="Dropped", received_at=at, properties={"product": ident})


@dataclass
class Shop:
    """A live engine on a memory store."""

    live_program: Program = field(default_factory=program)
    partitions: int = 1
    file: MemoryFile = field(default_factory=MemoryFile)
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        outbox = Outbox()
        around = Surroundings(self.live_program, OpenGovernor(), outbox, Controls(addresses=False))
        self.live = Live(Engine([self.file.partition(number) for number in range(self.partitions)], around), outbox)
        self.live.go_live(
            self.live_program, self.live.standing.followed_by(self.live_program, "e", self.live.engine.clock), lambda: b""
        )

    def turn(self, *events: Event, at: int, caught_up: bool = True) -> None:
        self.live.turn([Arrival(0, event) for event in events], [], at, caught_up=caught_up)

    def rest(self, at: int) -> None:
        self.turn(at=at)
        while self.live.busy:
            self.turn(at=at)

    def rounds(self) -> list[tuple[int, str]]:
        """(time, why it went to nobody) of each round."""
        found = (_around(row.given) for row in self.file.journal if row.key == 0)
        return [(one.at - MIDNIGHT, one.stopped) for one in found if isinstance(one, Broadcast)]

    def heard(self) -> list[tuple[int, int]]:
        """(profile key, time) of each announcement."""
        found = ((row.key, _given(row.given)) for row in self.file.journal if row.key)
        return [(key, one.at - MIDNIGHT) for key, one in found if isinstance(one, Announcement)]


def test_a_schedule_reaches_those_in_the_segment_once_and_leaves_no_trace_of_others() -> None:
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT, buys=True), person("bob", MIDNIGHT), person("cy", MIDNIGHT, buys=True), at=MIDNIGHT)
    before = len(shop.file.journal)
    assert shop.live.next_due() == MIDNIGHT + NINE
    shop.rest(MIDNIGHT + NINE)
    shop.rest(MIDNIGHT + NINE + HOUR)
    assert shop.rounds() == [(NINE, "")]
    assert shop.heard() == [(1, NINE), (3, NINE)]
    assert {row.key for row in shop.file.journal[before:]} == {0, 1, 3}


def test_the_run_is_triggered_at_the_time_of_the_schedule() -> None:
    shop = Shop(program(campaign("news", *NEWS.on, goal=Goal(Pattern("g", event="Bought"), within=DAY))))
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.rest(MIDNIGHT + NINE + HOUR)
    record = shop.live.engine.partitions[0].find("u:ada")
    assert record is not None
    (run,) = record.profile.runs
    assert (run.trigger_at, run.entered_at, run.event) == (MIDNIGHT + NINE, MIDNIGHT + NINE, None)


def test_a_thing_s_event_reaches_those_known_when_it_came() -> None:
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT, buys=True), dropped("x", MIDNIGHT), person("bob", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.rest(MIDNIGHT)
    assert shop.heard() == [(1, 0)]
    record = shop.live.engine.partitions[0].find("u:ada")
    assert record is not None
    (run,) = record.profile.runs
    assert (run.trigger_at, run.trigger_id, run.keys) == (MIDNIGHT, "x", {"product": ["x"]})
    assert record.profile.entries["drop"].keys == {"x": MIDNIGHT}


def test_a_thing_s_event_is_known_again_by_its_message_id_after_a_restart_too() -> None:
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT, buys=True), dropped("x", MIDNIGHT), at=MIDNIGHT)
    shop.rest(MIDNIGHT)
    shop.restart()
    turn = shop.live.turn([Arrival(7, dropped("x", MIDNIGHT + 1))], [], MIDNIGHT + 1, caught_up=True)
    assert turn.accepted == [(7, True)]
    assert len(shop.rounds()) == 1


@pytest.mark.parametrize("age", [DAY, DAY + 1])
def test_a_broadcast_that_is_too_old_goes_to_nobody(age: int) -> None:
    shop = Shop(program(DROP))
    shop.turn(person("ada", MIDNIGHT, buys=True), dropped("x", MIDNIGHT, MIDNIGHT - age), at=MIDNIGHT)
    shop.rest(MIDNIGHT)
    assert [stopped for _, stopped in shop.rounds()] == ["age" if age > DAY else ""]
    assert len(shop.heard()) == (age == DAY)


def test_of_the_times_of_a_downtime_only_those_young_enough_come_and_one_round_at_a_time() -> None:
    hourly = campaign("news", Pattern("news/on/0", schedule=Schedule("UTC", cron="0 * * * *"), to="buyers"))
    shop = Shop(program(hourly))
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.restart()
    shop.rest(MIDNIGHT + 2 * DAY)
    told = shop.rounds()
    assert told[0] == (HOUR, "age")
    assert told[1] == (DAY, "")
    assert {stopped for _, stopped in told[2:]} == {"running"}
    assert len(told) == 2 + 24
    assert shop.heard() == [(1, DAY)]


def test_a_round_under_way_leaves_out_the_next_time_of_its_schedule_only() -> None:
    weekly = campaign("weekly", Pattern("weekly/on/0", schedule=Schedule("UTC", at=MIDNIGHT + DAY + NINE), to="buyers"))
    shop = Shop(program(NEWS, weekly))
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.turn(person("ada", MIDNIGHT + NINE), at=MIDNIGHT + NINE, caught_up=False)
    shop.turn(person("bob", MIDNIGHT + DAY + NINE), at=MIDNIGHT + DAY + NINE, caught_up=False)
    assert shop.rounds() == [(NINE, ""), (DAY + NINE, ""), (DAY + NINE, "running")]


def test_timers_come_before_schedules_at_one_instant() -> None:
    quiet = campaign("quiet", Pattern("quiet/on/0", without="Bought", duration=NINE))
    shop = Shop(program(NEWS, quiet))
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.rest(MIDNIGHT + NINE)
    kinds = [type(_given(row.given)).__name__ for row in shop.file.journal if row.key]
    assert kinds.index("Timer") < kinds.index("Announcement")


def test_a_restart_in_the_middle_of_a_round_goes_on_after_the_last_who_was_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.partition.live.VISITS", 1)
    shop = Shop()
    shop.turn(*(person(name, MIDNIGHT, buys=True) for name in "abcd"), at=MIDNIGHT)
    shop.turn(at=MIDNIGHT + NINE)
    shop.turn(at=MIDNIGHT + NINE)
    shop.restart()
    shop.rest(MIDNIGHT + NINE)
    assert shop.heard() == [(key, NINE) for key in (1, 2, 3, 4)]
    assert shop.file.facts[cursors.CURSORS] == b"[]"


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize("visited", [0, 1, 2])
def test_a_person_of_two_ids_hears_it_once_whenever_they_join(partitions: int, visited: int) -> None:
    shop = Shop(partitions=partitions)
    shop.turn(person("", MIDNIGHT, "phone", buys=True), person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    shop.live.engine.feed(dropped("x", MIDNIGHT), MIDNIGHT)
    for _ in range(visited):
        shop.live.engine.visit(1)
    shop.turn(person("ada", MIDNIGHT, "phone"), at=MIDNIGHT)
    shop.rest(MIDNIGHT)
    assert len(shop.heard()) == 1 + (visited == 2)
    record = shop.live.engine.home("u:ada").find("u:ada")
    assert record is not None
    assert record.profile.entries["drop"].count == 1 + (visited == 2)


def test_who_is_adopted_before_the_visit_by_somebody_new_hears_it_there() -> None:
    shop = Shop()
    shop.turn(person("", MIDNIGHT, "phone", buys=True), at=MIDNIGHT)
    shop.turn(dropped("x", MIDNIGHT), person("ada", MIDNIGHT), person("ada", MIDNIGHT, "phone"), at=MIDNIGHT, caught_up=False)
    shop.rest(MIDNIGHT)
    assert shop.heard() == [(2, 0)]


def test_a_new_schedule_counts_from_when_it_goes_live() -> None:
    shop = Shop(program(DROP))
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    later = MIDNIGHT + NINE + HOUR
    since = dict.fromkeys(program().index.by_schedule, later)
    shop.live_program = program(live_since=since)
    shop.restart()
    shop.rest(later)
    assert shop.rounds() == []
    assert shop.live.next_due() == MIDNIGHT + DAY + NINE


def test_a_walk_beside_a_backlog_takes_a_fifth_of_the_decisions() -> None:
    shop = Shop()
    shop.turn(*(person(f"p{number}", MIDNIGHT, buys=True) for number in range(40)), at=MIDNIGHT)
    shop.live.engine.feed(dropped("x", MIDNIGHT), MIDNIGHT)
    shop.turn(*(person(f"q{number}", MIDNIGHT) for number in range(20)), at=MIDNIGHT, caught_up=False)
    assert len(shop.heard()) == 20 // 4


def test_many_broadcasts_share_a_walk_and_the_rest_wait_their_turn() -> None:
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT, buys=True), at=MIDNIGHT)
    count = cursors.BROADCASTS_A_WALK + 3
    shop.turn(*(dropped(f"x{number}", MIDNIGHT) for number in range(count)), at=MIDNIGHT, caught_up=False)
    assert len(shop.heard()) == cursors.BROADCASTS_A_WALK
    shop.restart()
    shop.rest(MIDNIGHT)
    assert len(shop.heard()) == count


def test_beyond_the_bound_a_broadcast_goes_to_nobody_and_that_is_journalled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "BROADCASTS_WAITING", 2)
    shop = Shop(program(DROP))
    shop.turn(person("ada", MIDNIGHT, buys=True), *(dropped(one, MIDNIGHT) for one in "xyz"), at=MIDNIGHT, caught_up=False)
    assert [stopped for _, stopped in shop.rounds()] == ["", "", "full"]


def test_what_waits_stays_one_record_that_a_broker_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "BROADCASTS_BYTES", 300)
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT), at=MIDNIGHT)
    shop.turn(*(dropped(str(number), MIDNIGHT) for number in range(9)), at=MIDNIGHT, caught_up=False)
    assert len(shop.file.facts[cursors.BROADCASTS]) < 600
    assert "full" in [stopped for _, stopped in shop.rounds()]
    shop.restart()
    shop.rest(MIDNIGHT)
    shop.turn(dropped("x", MIDNIGHT), at=MIDNIGHT)
    assert shop.rounds()[-1] == (0, "")


def test_an_exit_and_a_wheel_may_hear_a_broadcast_too() -> None:
    wait = Steps("wait", (Node("wait", Wait(Value(10 * DAY)), END, END),), 0)
    exits = (Pattern("begun/exit/0", schedule=DAILY, to="buyers"),)
    begun = Campaign("begun", "a", wait, (Pattern("begun/on/0", event="Begun"),), exits=exits)
    moved = Transition(frozenset({"a"}), "b", Pattern("wheel/0", broadcast="Dropped", to="buyers"))
    shop = Shop(replace(program(begun), wheel=Wheel("a", ("a", "b"), (), (moved,))))
    event = Event("b", MIDNIGHT, name="Begun", user_id="ada", received_at=MIDNIGHT, traits={"buys": True})
    shop.turn(event, dropped("x", MIDNIGHT), at=MIDNIGHT)
    shop.rest(MIDNIGHT)
    record = shop.live.engine.partitions[0].find("u:ada")
    assert record is not None
    assert record.profile.stage == "b"
    assert [run.ended for run in record.profile.runs] == [""]
    shop.rest(MIDNIGHT + NINE)
    record = shop.live.engine.partitions[0].find("u:ada")
    assert record is not None
    assert record.profile.runs == []


EVENING = Schedule("UTC", cron="0 18 * * *")


def waits(version: str, *patterns: Pattern) -> Steps:
    """Waits for one of these for ten days, then sends."""
    answered = Node("news", Send("news", ("email",)), END, END)
    return Steps(version, (Node("wait", WaitFor(patterns, 10 * DAY), 1, END), answered), 0)


@pytest.mark.parametrize(
    ("earlier", "live"),
    [
        (Pattern("begun/wait/0", schedule=EVENING, to="buyers"), Pattern("begun/wait/0", schedule=DAILY, to="buyers")),
        (Pattern("begun/wait/0", schedule=EVENING, to="buyers"), Pattern("begun/wait/0", broadcast="Dropped", to="buyers")),
        (Pattern("begun/wait/0", schedule=EVENING, to="buyers"), Pattern("begun/wait/0", schedule=EVENING, to="others")),
    ],
)
def test_a_pinned_wait_is_called_by_its_own_schedule_beside_a_live_one_of_its_name(earlier: Pattern, live: Pattern) -> None:
    """Of two patterns with one id only one was called, and the others' runs waited until they were given up."""
    begun = Campaign("begun", "a", waits("old", earlier), (Pattern("begun/on/0", event="Begun"),), topic="news")
    others = compile_condition({"==": [{"var": "profile.traits.sells"}, True]})
    first = program(begun)
    shop = Shop(replace(first, segments={**first.segments, "others": others}))
    event = Event("b", MIDNIGHT, name="Begun", user_id="ada", received_at=MIDNIGHT, traits={"buys": True})
    shop.turn(event, at=MIDNIGHT)
    now = replace(begun, steps=waits("new", live))
    shop.live_program = replace(shop.live_program, name="q", campaigns={"begun": now}, pinned={"old": begun.steps})
    shop.restart()
    event = Event(
        "c", MIDNIGHT, name="Begun", user_id="cy", received_at=MIDNIGHT, traits={"buys": live.to == "buyers", "sells": True}
    )
    shop.turn(event, at=MIDNIGHT)
    shop.rest(MIDNIGHT + NINE)
    assert waiting(shop, "ada"), "not yet: this is the live one's time"
    assert waiting(shop, "cy") is (live.schedule != DAILY)
    shop.rest(MIDNIGHT + 18 * HOUR)
    assert not waiting(shop, "ada")
    assert waiting(shop, "cy") is (live.broadcast is not None)
    shop.turn(dropped("x", MIDNIGHT + 19 * HOUR), at=MIDNIGHT + 19 * HOUR)
    shop.rest(MIDNIGHT + 19 * HOUR)
    assert not waiting(shop, "cy")


def waiting(shop: Shop, name: str) -> bool:
    record = shop.live.engine.partitions[0].find(f"u:{name}")
    assert record is not None
    return [run.state for run in record.profile.runs] == ["wait_for"]


def virtual(partitions: int) -> tuple[str, int]:
    """The digest of a replay of two days, and how many were reached."""
    file = MemoryFile()
    around = Surroundings(program(), OpenGovernor(), VirtualWire(), Controls(addresses=False))
    engine = Engine([file.partition(number) for number in range(partitions)], around)
    for number in range(30):
        at = MIDNIGHT + number * HOUR
        engine.feed(person(f"p{number}", at, buys=number % 3 == 0), at)
        engine.feed(dropped(f"x{number}", at), at)
        engine.feed(person(f"p{number}", at, f"d{number - 1}"), at)
        engine.feed(person("", at, f"d{number}", buys=True), at)
    engine.advance(MIDNIGHT + 2 * DAY)
    engine.commit()
    heard = sum(isinstance(_given(row.given), Announcement) for row in file.journal if row.key)
    return standing(around.program, file.every_profile()).digest, heard


def test_a_replay_gives_one_digest_for_any_number_of_partitions() -> None:
    found = [virtual(partitions) for partitions in (1, 2, 5)]
    assert found[0][1] > 100
    assert found == found[:1] * 3


def test_a_round_under_way_does_not_call_what_waits_for_another_thing_now() -> None:
    shop = Shop()
    shop.turn(person("ada", MIDNIGHT, buys=True), dropped("x", MIDNIGHT), at=MIDNIGHT, caught_up=False)
    raised = campaign("drop", Pattern("drop/on/0", broadcast="Raised", to="buyers"))
    timed = campaign("drop", Pattern("drop/on/0", schedule=DAILY, to="buyers"))
    for name, other in (("q", raised), ("r", timed)):
        shop.live_program = replace(program(other), name=name)
        shop.restart()
        shop.rest(MIDNIGHT)
        assert shop.heard() == []
