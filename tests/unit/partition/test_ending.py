"""All runs of a campaign are ended together: those that had begun, once, whoever dies or joins meanwhile, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from orchestrator.domain.campaign import END, Campaign, Node, Pattern, Steps, Value, Wait
from orchestrator.domain.input import Broadcast, Control, EndRuns, Event, PartitionInput, ProfileInput
from orchestrator.domain.profile import Run
from orchestrator.partition import cursors
from orchestrator.partition.live import VISITS
from tests.unit.partition.test_rounds import DAY, DROP, MIDNIGHT, Shop, dropped, person, program

LONG = Steps("long", (Node("wait", Wait(Value(10 * DAY)), END, END),), 0)
SECOND = 1_000
_given = msgspec.msgpack.Decoder(ProfileInput).decode
_around = msgspec.msgpack.Decoder(PartitionInput).decode


def began(user: str, at: int, device: str | None = None) -> Event:
    user_id = user or None
    return Event(f"begun {user}{device}{at}", at, name="Begun", user_id=user_id, anonymous_id=device, received_at=at)


def shop_of(partitions: int = 1) -> Shop:
    """Two campaigns begin by the same event, and wait for days."""
    both = (Campaign(name, "a", LONG, (Pattern(f"{name}/on/0", event="Begun"),)) for name in ("left", "right"))
    return Shop(program(*both, DROP), partitions=partitions)


def end(shop: Shop, campaign: str = "left", at: int = 1) -> None:
    shop.live.control(Control("end", on=True, campaign=campaign, actor="olga", reason="it was wrong", at=at))


def runs(shop: Shop, user: str) -> Iterator[Run]:
    record = shop.live.engine.home(user).find(user)
    assert record is not None
    yield from record.profile.runs


def standing(shop: Shop, users: list[str]) -> dict[str, int]:
    """campaign → its live runs."""
    live = [run.campaign for user in users for run in runs(shop, user) if not run.ended]
    return {name: live.count(name) for name in ("left", "right")}


def ended(shop: Shop) -> list[int]:
    """The key of each profile that has a row for it."""
    return [row.key for row in shop.file.journal if row.key and isinstance(_given(row.given), EndRuns)]


@pytest.mark.parametrize("partitions", [1, 3])
def test_those_of_one_campaign_end_and_who_has_none_leaves_no_row(partitions: int) -> None:
    shop = shop_of(partitions)
    users = [f"u:p{number}" for number in range(30)]
    shop.turn(*(began(user[2:], MIDNIGHT) for user in users), person("bystander", MIDNIGHT), at=MIDNIGHT)
    end(shop)
    shop.rest(MIDNIGHT + SECOND)
    assert standing(shop, users) == {"left": 0, "right": 30}
    assert len(ended(shop)) == len(set(ended(shop))) == 30
    assert {run.ended for user in users for run in runs(shop, user) if run.campaign == "left"} <= {cursors.ENDED}
    words = [_around(row.given) for row in shop.file.journal if row.key == 0]
    assert [one.reason for one in words if isinstance(one, Control)] == ["it was wrong"] * partitions
    assert [one.ends for one in words if isinstance(one, Broadcast)] == ["left"]
    end(shop, at=2)
    shop.rest(MIDNIGHT + SECOND)
    assert len(ended(shop)) == 30


def test_the_same_word_given_twice_at_once_is_two_rounds_and_ends_each_run_once() -> None:
    """Two operators, or one who insists: seed 1003 of the simulation."""
    shop = shop_of()
    shop.turn(*(began(f"p{number}", MIDNIGHT) for number in range(30)), at=MIDNIGHT)
    end(shop)
    end(shop)
    shop.rest(MIDNIGHT + SECOND)
    begun = [one.id for row in shop.file.journal if row.key == 0 and isinstance(one := _around(row.given), Broadcast)]
    assert len(set(begun)) == len(begun) == 2
    assert len(ended(shop)) == len(set(ended(shop))) == 30


def test_a_run_that_begins_after_the_word_goes_on_though_its_customer_is_visited_later() -> None:
    shop = shop_of()
    shop.turn(person("ada", MIDNIGHT), began("bob", MIDNIGHT), at=MIDNIGHT)
    end(shop)
    shop.turn(began("ada", MIDNIGHT + 1), began("cyd", MIDNIGHT + 1), at=MIDNIGHT + 1, caught_up=False)
    shop.rest(MIDNIGHT + 1)
    assert standing(shop, ["u:ada", "u:bob", "u:cyd"]) == {"left": 2, "right": 3}


def test_a_turn_visits_so_many_and_a_death_costs_one_turn_only() -> None:
    """What a turn had not made durable is decided again; nobody is left out and nobody twice."""
    shop = shop_of()
    count = 3 * VISITS + 7
    users = [f"u:p{number}" for number in range(count)]
    shop.turn(*(began(user[2:], MIDNIGHT) for user in users), at=MIDNIGHT)
    end(shop)
    for turns in range(1, 3):
        shop.turn(at=MIDNIGHT + SECOND)
        assert len(ended(shop)) == turns * VISITS
    shop.live.engine.visit(VISITS)  # and dies before its commit
    shop.restart()
    shop.rest(MIDNIGHT + SECOND)
    assert standing(shop, users) == {"left": 0, "right": count}
    assert len(ended(shop)) == len(set(ended(shop))) == count


def test_beside_a_backlog_it_takes_a_fifth_of_the_decisions() -> None:
    shop = shop_of()
    shop.turn(*(began(f"p{number}", MIDNIGHT) for number in range(40)), at=MIDNIGHT)
    end(shop)
    shop.turn(*(person(f"q{number}", MIDNIGHT) for number in range(20)), at=MIDNIGHT, caught_up=False)
    assert len(ended(shop)) == 20 // 4


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize("visited", [0, 1, 2])
def test_who_becomes_part_of_another_meanwhile_is_not_forgotten(partitions: int, visited: int) -> None:
    shop = shop_of(partitions)
    shop.turn(began("", MIDNIGHT, "phone"), person("ada", MIDNIGHT), at=MIDNIGHT)
    end(shop)
    for _ in range(visited):
        shop.live.engine.visit(1)
    shop.turn(person("ada", MIDNIGHT + 1, "phone"), at=MIDNIGHT + 1, caught_up=False)
    shop.rest(MIDNIGHT + 1)
    assert standing(shop, ["u:ada"]) == {"left": 0, "right": 1}


def test_broadcasts_share_the_walk() -> None:
    shop = shop_of()
    shop.turn(person("ada", MIDNIGHT, buys=True), began("ada", MIDNIGHT), dropped("x", MIDNIGHT), at=MIDNIGHT, caught_up=False)
    end(shop)
    shop.rest(MIDNIGHT + SECOND)
    assert standing(shop, ["u:ada"]) == {"left": 0, "right": 1}
    assert len(shop.heard()) == 1
    assert shop.file.facts[cursors.BROADCASTS] == msgspec.msgpack.encode([])
