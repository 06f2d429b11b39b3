"""What operators do: an order in the state file, which the engine obeys, and the journal keeps with who and why."""

from __future__ import annotations

from html import unescape

import msgspec
import pytest

from orchestrator.console.accounts import Role
from orchestrator.domain.input import Control, EndRuns, Event, Outcome
from orchestrator.domain.profile import Profile, unseal
from orchestrator.history import catch_up
from orchestrator.insight.accepted import given_of_partition
from orchestrator.insight.switches import history, standing
from orchestrator.partition.live import Answered
from orchestrator.stores.reader import open_reader
from tests.console.shop import POISON, Shop, wall
from tests.console.visiting import Visitor

WHY = {"reason": "because of the drill"}


@pytest.fixture
def olga(empty: Shop) -> Visitor:
    empty.now = wall()
    return Visitor(empty).entered("olga", Role.operator)


def kept(shop: Shop) -> list[Control]:
    """What the journal has of operators."""
    with open_reader(shop.state) as reader:
        given = (given_of_partition(row.given) for row in reader.partition_rows())
        return [one for one in given if isinstance(one, Control)]


def profile(shop: Shop, user: str) -> Profile:
    with open_reader(shop.state) as reader:
        key = reader.key_of(f"u:{user}")
        assert key is not None
        stored = reader.read(key)
        assert stored is not None
        return unseal(stored.sealed)


def test_stopping_everything_holds_at_once_and_is_kept_with_who_and_why(empty: Shop, olga: Visitor) -> None:
    answer = olga.act("/switch", {"switch": "kill", "on": "1", **WHY})
    assert answer.headers["location"] == "/audit"
    assert "Everything is stopped." in olga.get("/engine").text  # before the engine has taken it
    empty.turn()
    assert empty.live.engine.around.controls.kill
    assert [(one.switch, one.on, one.actor, one.reason) for one in kept(empty)] == [("kill", True, "olga", WHY["reason"])]
    page = olga.get("/audit").text
    assert "olga" in page
    assert WHY["reason"] in page
    olga.act("/switch", {"switch": "kill", "on": "0", **WHY})
    empty.turn()
    assert not empty.live.engine.around.controls.kill


def test_nothing_is_done_without_a_reason(empty: Shop, olga: Visitor) -> None:
    for reason in ("", "  ", "no", "x" * 501):
        assert olga.act("/switch", {"switch": "kill", "on": "1", "reason": reason}).status_code == 400
    assert empty.file.orders() == []


def test_what_is_mistyped_is_shown_again_with_what_is_wrong(empty: Shop, olga: Visitor) -> None:
    """Past the browser's own check: the page that asked, in the language of who reads it, and nothing is lost."""
    empty.turn(*empty.welcome("ada"))
    pause = {"switch": "pause", "on": "1", "campaign": "welcome"}
    for path, form, sign in (
        ("/switch", pause, "Pause campaign welcome?"),
        ("/end", {"id": "u:ada", "campaign": "welcome"}, "End the runs of ada in welcome?"),
        ("/approve", {"campaign": "welcome", "up_to": "700", "lasting": "3d"}, "Approve more of welcome"),
    ):
        long = "so <b>" + "x" * 600
        page = olga.act(path, {**form, "reason": long})
        assert page.status_code == 400
        assert sign in page.text
        assert "The reason has 606 characters: 500 at most are kept." in page.text
        assert f">so &lt;b&gt;{'x' * 600}</textarea>" in page.text
        assert all(f'value="{value}"' in page.text for value in form.values())
        assert "Nothing is done without a reason" in olga.act(path, {**form, "reason": " "}).text
    assert "Say how many messages" in olga.act("/approve", {"campaign": "welcome", "up_to": "no", "lasting": "3d", **WHY}).text
    olga.get("/language/it")
    page = olga.act("/switch", {**pause, "reason": ""})
    assert "Niente si fa senza una ragione" in page.text
    assert "/language/en?to=/switch%3Fswitch%3Dpause" in unescape(page.text)
    assert "non è di questa sessione" in olga.send("/switch", {**pause, **WHY}).text
    assert empty.file.orders() == []


def test_a_reason_is_one_line(empty: Shop, olga: Visitor) -> None:
    olga.act("/switch", {"switch": "pause", "on": "1", "reason": "first\r\nset-cookie: x\n\nsecond"})
    empty.turn()
    assert kept(empty)[-1].reason == "first set-cookie: x second"


def test_pauses_of_each_kind(empty: Shop, olga: Visitor) -> None:
    empty.turn(empty.known("ada", city="Rome"))
    before = empty.live.engine.around.controls
    named: dict[str, str]
    for named in ({}, {"campaign": "welcome"}, {"channel": "email"}, {"provider": "file"}, {"profile": "u:ada"}):
        assert olga.act("/switch", {"switch": "pause", "on": "1", **named, **WHY}).status_code == 303
        empty.turn()
        assert empty.live.engine.around.controls != before
        assert olga.act("/switch", {"switch": "pause", "on": "0", **named, **WHY}).status_code == 303
        empty.turn()
        assert empty.live.engine.around.controls == before


def test_a_paused_campaign_that_nobody_meets_can_be_resumed_where_campaigns_are_listed(empty: Shop, olga: Visitor) -> None:
    olga.act("/switch", {"switch": "pause", "on": "1", "campaign": "welcome", **WHY})
    empty.turn(empty.known("ada", city="Rome"))
    catch_up(empty.state)
    page = olga.get("/campaigns").text
    assert 'href="/switch?switch=pause&amp;on=0&amp;campaign=welcome"' in page
    assert 'href="/switch?switch=pause&amp;on=1&amp;campaign=win-back"' not in page


def test_what_there_is_not_is_not_switched(empty: Shop, olga: Visitor) -> None:
    pause = {"switch": "pause", "on": "1"}
    forms: tuple[dict[str, str], ...] = (
        {**pause, "campaign": "nothing"},
        {**pause, "channel": "pigeon"},
        {**pause, "profile": "u:nobody"},
        {"switch": "kill", "on": "1", "campaign": "welcome"},
        {**pause, "campaign": "welcome", "channel": "email"},
        {"switch": "melt", "on": "1"},
        {},
    )
    for form in forms:
        assert olga.act("/switch", {**form, **WHY}).status_code == 400, form
    assert empty.file.orders() == []


def test_before_it_goes_on_it_is_shown_what_waits(empty: Shop, olga: Visitor) -> None:
    olga.act("/switch", {"switch": "pause", "on": "1", "campaign": "welcome", **WHY})
    empty.turn()
    empty.turn(*empty.welcome("ada"))
    page = olga.get("/switch?switch=pause&on=0&campaign=welcome").text
    assert "What waits, and what becomes of it" in page
    assert "welcome" in page
    assert "Nothing waits for this switch." not in page


def test_runs_of_one_customer_end_and_the_others_go_on(empty: Shop, olga: Visitor) -> None:
    empty.turn(*empty.welcome("ada"), *empty.welcome("bea"))
    empty.turn(*(empty.said(user, "Cart Updated", cart_id="k", total=90.0, currency="EUR") for user in ("ada", "bea")))
    assert {run.campaign for run in profile(empty, "ada").runs if not run.ended} == {"welcome", "cart-reminder"}
    assert "welcome" in olga.get("/end?id=u:ada&campaign=welcome").text
    olga.act("/end", {"id": "u:ada", "campaign": "welcome", **WHY})
    empty.turn()
    assert {run.campaign for run in profile(empty, "ada").runs if not run.ended} == {"cart-reminder"}
    olga.act("/end", {"id": "u:ada", **WHY})
    empty.turn()
    assert [run for run in profile(empty, "ada").runs if not run.ended] == []
    assert {run.campaign for run in profile(empty, "bea").runs if not run.ended} == {"welcome", "cart-reminder"}
    with open_reader(empty.state) as reader:
        assert standing(history(reader.partition_rows()), wall()) == []  # nothing of it stands, as a switch would
    assert "an operator ended it" in olga.get("/customer?id=u:ada").text


def test_all_runs_of_a_campaign_end_with_their_count_before(empty: Shop, olga: Visitor) -> None:
    users = [f"p{number}" for number in range(7)]
    empty.turn(*(event for user in users for event in empty.welcome(user)))
    catch_up(empty.state)
    under_way = sum(not run.ended and run.campaign == "welcome" for user in users for run in profile(empty, user).runs)
    assert under_way
    assert "/end?campaign=welcome" in olga.get("/campaign?name=welcome").text
    page = olga.get("/end?campaign=welcome").text
    assert f"{under_way} runs are under way." in page
    assert "To let none begin, pause the campaign first." in page
    assert olga.act("/end", {"campaign": "welcome", "reason": ""}).status_code == 400
    assert olga.get("/end?campaign=nothing").status_code == 400
    assert olga.get("/end").status_code == 400
    answer = olga.act("/end", {"campaign": "welcome", **WHY})
    assert answer.headers["location"] == "/campaign?name=welcome"
    assert "about to be ended" in olga.get("/campaign?name=welcome").text
    for number, control in empty.file.orders():
        empty.live.control(control, number)
    empty.live.engine.visit(3)
    empty.live.engine.commit()
    assert "Its runs are being ended: 3 of 7 customers were visited." in olga.get("/campaign?name=welcome").text
    empty.turn()
    assert [run for user in users for run in profile(empty, user).runs if not run.ended and run.campaign == "welcome"] == []
    assert "being ended" not in olga.get("/campaign?name=welcome").text
    assert [(one.switch, one.campaign, one.profile, one.actor, one.reason) for one in kept(empty)] == [
        ("end", "welcome", None, "olga", WHY["reason"])
    ]
    assert "ended all runs of welcome" in olga.get("/audit").text


def test_a_dead_letter_is_decided_again_and_goes(empty: Shop, olga: Visitor) -> None:
    empty.poison()
    (row,) = empty.file.connection.execute("select seq from dead_letters").fetchone()
    assert "a price that is no price" in olga.get("/letters").text
    assert profile(empty, POISON).stage == "interest"
    seen = len([one for one in olga.get(f"/customer?id=u:{POISON}").text.split() if "Product" in one])
    olga.act("/redrive", {"row": str(row), **WHY})
    empty.turn()
    assert empty.file.connection.execute("select count(*) from dead_letters").fetchone()[0] == 0
    assert len([one for one in olga.get(f"/customer?id=u:{POISON}").text.split() if "Product" in one]) > seen
    assert (kept(empty)[-1].switch, kept(empty)[-1].actor) == ("redrive", "olga")
    story = olga.get(f"/customer?id=u:{POISON}").text
    assert f"decided again — Product Viewed, which had been put aside; olga said so, because: {WHY['reason']}" in story
    assert olga.act("/redrive", {"row": str(row), **WHY}).status_code == 400


def test_what_the_engine_takes_up_again_by_itself_is_not_redriven(empty: Shop, olga: Visitor) -> None:
    empty.poison()
    given = msgspec.msgpack.encode(EndRuns("x"))
    empty.file.connection.execute("update dead_letters set given = ?", (given,))
    (row,) = empty.file.connection.execute("select seq from dead_letters").fetchone()
    assert olga.act("/redrive", {"row": str(row), **WHY}).status_code == 400
    assert empty.file.orders() == []


@pytest.mark.parametrize(("way", "state"), [("sent", "accepted"), ("not_sent", "refused")])
def test_a_message_in_doubt_is_settled(empty: Shop, olga: Visitor, way: str, state: str) -> None:
    message = doubted(empty)
    form = {"id": "u:ada", "message": message, "way": way}
    assert message in olga.get("/doubts").text
    assert olga.ask("GET", "/settle", params=form).status_code == 200
    olga.act("/settle", {**form, **WHY})
    empty.turn()
    assert [(one.id, one.state) for one in profile(empty, "ada").sent] in (
        [(message, state)],
        [] if way == "not_sent" else None,
    )
    assert profile(empty, "ada").tally == {state: 1}
    assert "Nothing is in doubt." in olga.get("/doubts").text
    assert olga.act("/settle", {**form, **WHY}).status_code == 400


def doubted(shop: Shop) -> str:
    """The id of a message of Ada's that is in doubt."""
    found = shop.live.turn([], (), shop.now, caught_up=True).outgoing
    events = shop.welcome("ada")
    shop.live.control(Control("pause", on=True))
    shop.turn(*events)
    shop.live.control(Control("pause", on=False))
    found = shop.live.turn((), (), shop.now, caught_up=True).outgoing
    while not found:
        found = shop.live.turn((), (), shop.now, caught_up=True).outgoing
    (one,) = found
    shop.live.turn((), [Answered(one.key, Outcome(one.message_id, "in_doubt", detail="cut off"))], shop.now, caught_up=True)
    return one.message_id


def test_more_is_approved_by_another_than_who_let_it_go_live(empty: Shop, olga: Visitor) -> None:
    form = {"campaign": "welcome", "up_to": "60000", "lasting": "2d", **WHY}
    ada = Visitor(empty).entered("ada", Role.operator)
    assert ada.act("/approve", form).status_code == 400
    assert empty.file.orders() == []
    assert olga.act("/approve", form).headers["location"] == "/approvals"
    empty.turn()
    assert [(one.switch, one.campaign, one.up_to, one.actor) for one in kept(empty)] == [("approve", "welcome", 60_000, "olga")]


def test_approvals_have_bounds(empty: Shop, olga: Visitor) -> None:
    form = {"campaign": "welcome", "up_to": "600", "lasting": "2d", **WHY}
    numbers, spans = ("0", "-1", "1e9", "9" * 30, ""), ("-2d", "9999d", "x", "")
    wrong = [*({"up_to": one} for one in numbers), *({"lasting": one} for one in spans), {"campaign": "no"}]
    for one in wrong:
        assert olga.act("/approve", {**form, **one}).status_code == 400, one
    assert empty.file.orders() == []


def test_what_was_done_is_said_once(olga: Visitor) -> None:
    olga.act("/switch", {"switch": "pause", "on": "1", **WHY})
    assert "Done: paused everything." in olga.get("/audit").text
    assert "Done: paused everything." not in olga.get("/audit").text


def test_events_are_taken_as_usual_beside_orders(empty: Shop, olga: Visitor) -> None:
    """An order is obeyed in the same turn as the events beside it, and no event is lost."""
    olga.act("/switch", {"switch": "pause", "on": "1", **WHY})
    event: Event = empty.known("ada", city="Rome")
    empty.turn(event)
    assert profile(empty, "ada").traits["city"] == "Rome"
