"""A campaign's account, figure by figure: what is counted where, what stops it, what has to be kept."""

from __future__ import annotations

import msgspec
import pytest

from orchestrator.delivery.limits import HEARD_KEPT, HELD_MS
from orchestrator.delivery.volume import ACTOR, APPROVE, Given, Rail, Room, Volume, may_approve, tally_of
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control, Refusal
from orchestrator.domain.policies import Breaker, Canary
from tests.unit.delivery.accounts import DAY, HOUR, MINUTE, START, approve, kept, left, resume, take, volume

# ── who has an account ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_without_rails_may_send_whatever_it_wants_and_nobody_counts() -> None:
    account = volume()
    assert account.room("d", START, 10**9).count > 10**15
    assert account.grant("d", 5, START) is None
    assert account.grant("c", 0, START) is None
    account.saw("d")
    account.saw_in_all("d", "w", 3)
    account.hear(Control("pause", on=False, campaign="d"), START)
    account.hear(Control(APPROVE, on=True, campaign="d", actor="ben", up_to=1, until=START + DAY), START)
    assert kept(account) == []
    assert "d" not in account.tallies


def test_a_campaign_whose_rail_says_nothing_is_counted_and_never_stopped() -> None:
    account = volume()
    assert take(account, 10**6, START) == Given("c", 10**6, START, "one", 0)
    assert left(account, START) > 10**15


def test_an_account_of_which_a_note_says_no_more_is_empty() -> None:
    plain = {"campaign": "c", "minutes": {}, "days": {}, "window": {}, "heard": {}, "content": ""}
    counts = dict.fromkeys(("at", "up_to", "until", "used", "fresh", "clear_at", "bad"), 0)
    found = msgspec.structs.asdict(tally_of(msgspec.msgpack.encode({"input": "tally", "campaign": "c"})))
    assert found == {**plain, **counts, "tripped": False, "passed": False}
    nothing = {"approval": None, "breaker": None, "canary": None}
    assert msgspec.structs.asdict(Rail("c")) == {"campaign": "c", "content": "", "publisher": "", **nothing}
    assert Volume().room("c", START) == Room(Volume().room("c", START).count, "", None)


def test_what_changes_is_kept_under_the_campaign_s_name_and_once() -> None:
    account = volume()
    account.lay([Rail("c"), Rail("b")])
    account.grant("c", 1, START)
    account.grant("b", 2, START)
    notes = list(account.notes())
    assert [name for name, _ in notes] == ["volume/b", "volume/c"]
    assert [tally_of(said).campaign for _, said in notes] == ["b", "c"]
    assert kept(account) == []


def test_time_never_goes_back() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 4, START + HOUR)
    later = take(account, 4, START)
    assert later.at == START + HOUR
    assert left(account, START) == 2


@pytest.mark.parametrize(
    ("room", "refusal"),
    [(Room(0, "canary", 7), Refusal("permit", 7, "canary")), (Room(0, ACTOR, 7), Refusal("pause"))],
)
def test_what_finds_no_room_hears_why_and_until_when_or_that_its_campaign_is_paused(room: Room, refusal: Refusal) -> None:
    assert room.refusal == refusal


# ── the envelope ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("within", "part"), [(DAY, HOUR), (HOUR, HOUR // 24), (10 * MINUTE, MINUTE)])
def test_an_envelope_s_window_is_counted_in_parts_each_of_which_counts_whole_until_it_has_left(within: int, part: int) -> None:
    account = volume(approval=Approval(10, within))
    take(account, 10, START + part - 1)
    assert account.room("c", START + part) == Room(0, "approval", START + part + within)
    assert left(account, START + part + within - 1) == 0
    assert account.room("c", START + part + within) == Room(10, "approval")


def test_an_envelope_of_none_has_no_time_at_which_it_opens() -> None:
    assert volume(approval=Approval(0, DAY)).room("c", START) == Room(0, "approval")


def test_what_somebody_approved_is_beside_the_envelope_or_more_of_it_until_its_time() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 4, START)
    account.hear(approve(50, START + HOUR), START)
    assert left(account, START) == 50
    take(account, 5, START)
    take(account, 15, START)
    assert left(account, START + HOUR - 1) == 30
    assert left(account, START + HOUR) == 0
    account.hear(approve(7, START + DAY), START + HOUR)
    assert left(account, START + HOUR) == 7


def test_the_last_of_an_envelope_has_room() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 9, START)
    assert account.room("c", START) == Room(1, "approval")


def test_an_approval_smaller_than_what_is_left_takes_nothing_away() -> None:
    account = volume(approval=Approval(10, DAY))
    account.hear(approve(3, START + HOUR), START)
    assert left(account, START) == 10


@pytest.mark.parametrize(
    ("publisher", "actor", "may"),
    [("ada", "ben", True), ("ada", " Ada ", False), (" ADA ", "ada", False), ("ada", "  ", False), ("", "ben", True)],
)
def test_more_is_approved_by_another_person(publisher: str, actor: str, may: bool) -> None:  # noqa: FBT001
    assert may_approve(Rail("c", publisher=publisher), actor) is may


def test_approvals_and_resumptions_are_kept() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 1, START)
    for said in (approve(1, START + DAY), resume()):
        kept(account)
        account.hear(said, START)
        assert kept(account) == ["volume/c"]
    account.hear(approve(1, START + DAY, actor="ada"), START)
    account.hear(Control("pause", on=True, campaign="c"), START)
    account.hear(Control("kill", on=False, campaign="c"), START)
    account.hear(Control(APPROVE, on=True, actor="ben"), START)
    assert kept(account) == []


# ── the usual volume ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breaker_says_how_many_went_and_what_is_usual() -> None:
    account = volume(breaker=Breaker(at_least=2_000, times=5, days=28))
    take(account, 1_500, START - DAY)
    account.grant("c", 7_500, START)
    assert account.room("c", START, 1) == Room(0, ACTOR)
    [trip] = account.take_trips()
    assert trip == Control(
        "pause",
        on=True,
        campaign="c",
        actor="breaker",
        reason="7,500 messages within an hour; its busiest hour of the 28 days before had 1,500, "
        "so at most 7,500 go without a word",
    )
    assert kept(account) == ["volume/c"]


def test_a_campaign_without_a_past_says_so_and_the_last_of_its_floor_trips_nothing() -> None:
    account = volume(breaker=Breaker(at_least=10))
    take(account, 9, START)
    take(account, 1, START)
    assert account.take_trips() == []
    account.room("c", START, 1)
    [trip] = account.take_trips()
    assert trip.reason.endswith("of the 28 days before had 0, so at most 10 go without a word")


def test_the_last_day_that_is_looked_at_counts_until_its_end() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5, days=28))
    take(account, 10, START)
    assert left(account, START + 29 * DAY - 1) == 50
    assert left(account, START + 29 * DAY) == 10


def test_a_look_at_the_room_trips_nothing() -> None:
    account = volume(breaker=Breaker(at_least=10))
    take(account, 10, START)
    kept(account)
    assert account.room("c", START, 0) == Room(0, ACTOR)
    assert (account.take_trips(), kept(account)) == ([], [])
    assert left(account, START + HOUR + MINUTE) == 10


def test_a_campaign_that_its_envelope_stops_does_not_trip() -> None:
    account = volume(approval=Approval(10, DAY), breaker=Breaker(at_least=10))
    take(account, 10, START)
    assert account.room("c", START, 5).why == "approval"
    assert account.take_trips() == []


def test_the_narrowest_rail_holds() -> None:
    account = volume(approval=Approval(30, DAY), breaker=Breaker(at_least=20), canary=Canary(10, HOUR, 0))
    assert account.room("c", START) == Room(10, "canary")
    account = volume(approval=Approval(30, DAY), breaker=Breaker(at_least=20))
    assert account.room("c", START) == Room(20, ACTOR)
    account = volume(approval=Approval(5, DAY), breaker=Breaker(at_least=20), canary=Canary(10, HOUR, 0))
    assert account.room("c", START) == Room(5, "approval")


def test_what_is_approved_goes_beyond_the_usual_too() -> None:
    account = volume(breaker=Breaker(at_least=10))
    take(account, 10, START)
    account.hear(approve(25, START + HOUR), START)
    take(account, 25, START)
    assert account.room("c", START, 1) == Room(0, ACTOR)
    assert len(account.take_trips()) == 1


def test_an_hour_is_never_shorter_than_sixty_minutes() -> None:
    account = volume(breaker=Breaker(at_least=10))
    take(account, 10, START + MINUTE - 1)
    assert left(account, START + HOUR + MINUTE - 1) == 0
    assert left(account, START + HOUR + MINUTE) == 10


def test_the_busiest_hour_of_a_day_is_its_measure_whatever_came_after() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 5, START)
    take(account, 3, START)
    take(account, 2, START + 5 * HOUR)
    assert left(account, START + DAY) == 40


def test_a_campaign_that_was_paused_by_an_operator_is_not_more_usual_for_it() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 8, START)
    account.hear(Control("pause", on=True, campaign="c"), START)
    account.hear(resume(), START)
    assert left(account, START) == 2


def test_a_campaign_that_goes_on_after_a_trip_has_that_hour_as_its_usual_one() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 10, START)
    assert account.room("c", START, 1).count == 0
    account.hear(Control("pause", on=True, campaign="c"), START)
    assert account.room("c", START + MINUTE, 1).count == 0
    later = START + HOUR + MINUTE // 2
    account.hear(resume(), later)
    assert account.tallies["c"].days == {START // DAY - 1: 10, START // DAY: 10}
    assert left(account, later) == 40
    assert len(account.take_trips()) == 1


def test_a_campaign_that_goes_on_long_after_a_trip_has_no_usual_hour_of_it() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 10, START)
    account.room("c", START, 1)
    account.hear(resume(), START + 2 * HOUR)
    assert account.tallies["c"].days == {START // DAY - 1: 0, START // DAY: 10}


def test_a_usual_hour_of_yesterday_stays_where_it_was_busier_than_the_one_that_tripped() -> None:
    account = volume(breaker=Breaker(at_least=5, times=1))
    account.grant("c", 10, START - DAY)
    account.grant("c", 4, START)
    account.tallies["c"].tripped = True
    account.hear(resume(), START)
    assert left(account, START) == 6


# ── new content ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_canary_waits_from_when_the_last_of_its_first_have_leave() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    take(account, 6, START)
    assert account.room("c", START + MINUTE) == Room(4, "canary")
    take(account, 4, START + MINUTE)
    assert account.room("c", START + MINUTE + HOUR - 1) == Room(0, "canary", START + MINUTE + HOUR)
    assert left(account, START + MINUTE + HOUR) > 10**15


def test_a_canary_that_has_passed_is_not_held_by_what_is_heard_later() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    take(account, 10, START)
    account.room("c", START + HOUR)
    account.saw("c")
    account.saw_in_all("c", "w", 3)
    assert (account.tallies["c"].bad, left(account, START + HOUR) > 10**15) == (0, True)


def test_what_workers_say_before_any_of_it_had_leave_is_of_other_content() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    account.room("c", START)
    account.saw_in_all("c", "w", 3)
    assert account.tallies["c"].bad == 0


def test_a_canary_that_went_badly_is_asked_for_again_after_a_while() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=1_000))
    take(account, 10, START)
    account.saw("c")
    account.saw("c")
    assert account.room("c", START + HOUR) == Room(0, "canary", START + HOUR + HELD_MS)


def test_a_canary_of_which_as_many_as_may_went_badly_passes() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=1_000))
    take(account, 10, START)
    account.saw("c")
    assert left(account, START + HOUR) > 10**15


def test_what_goes_badly_counts_while_new_content_is_tried_only() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    account.room("c", START)
    account.saw("c")
    assert (account.tallies["c"].bad, kept(account)) == (0, [])
    take(account, 10, START)
    kept(account)
    account.saw("c")
    assert (account.tallies["c"].bad, kept(account)) == (1, ["volume/c"])
    account.hear(approve(0, START), START)
    account.saw("c")
    assert account.tallies["c"].bad == 1


def test_other_content_is_tried_anew() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    take(account, 10, START)
    account.saw("c")
    account.hear(approve(0, START), START)
    account.lay([Rail("c", "two", "ada", None, None, Canary(first=3, hold=HOUR, worst=0))])
    assert account.room("c", START) == Room(3, "canary")
    take(account, 3, START)
    assert left(account, START + HOUR) > 10**15, "what went badly was the first wording"


def test_an_approval_lets_the_content_pass_that_is_tried_now() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    account.hear(approve(0, START), START)
    assert left(account, START) > 10**15
    kept(account)
    account.lay([Rail("c", "two", "ada", None, None, Canary(first=3, hold=HOUR, worst=0))])
    assert left(account, START) == 3


def test_workers_say_in_all_how_many_went_badly_and_each_counts_once() -> None:
    account = volume(canary=Canary(first=100, hold=HOUR, worst=0))
    take(account, 10, START)
    kept(account)
    told = [("w", 3, 3), ("w", 3, 3), ("w", 1, 3), ("w", 4, 4), ("v", 2, 6)]
    for worker, total, bad in told:
        before = account.tallies["c"].bad
        account.saw_in_all("c", worker, total)
        assert account.tallies["c"].bad == bad
        assert kept(account) == ["volume/c"] * (bad > before)
    assert account.tallies["c"].heard == {"w": 4, "v": 2}


def test_what_workers_say_of_content_that_has_passed_counts_for_none_that_comes_after() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    take(account, 10, START)
    account.hear(approve(0, START), START)
    account.saw_in_all("c", "w", 3)
    account.lay([Rail("c", "two", "ada", None, None, Canary(first=10, hold=HOUR, worst=0))])
    take(account, 1, START)
    account.saw_in_all("c", "w", 5)
    assert account.tallies["c"].bad == 2


def test_a_campaign_without_a_canary_remembers_no_worker() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 1, START)
    account.saw_in_all("c", "w", 3)
    assert account.tallies["c"].heard == {}


def test_of_workers_the_newest_are_remembered() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    take(account, 1, START)
    for number in range(HEARD_KEPT):
        account.saw_in_all("c", f"w{number}", 1)
    assert len(account.tallies["c"].heard) == HEARD_KEPT
    account.saw_in_all("c", "w0", 2)
    account.saw_in_all("c", "new", 1)
    heard = account.tallies["c"].heard
    assert (len(heard), heard["w0"], "w1" in heard) == (HEARD_KEPT, 2, False)
