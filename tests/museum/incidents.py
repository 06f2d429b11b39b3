"""Thirteen famous mis-sends as this engine would live them, each with the rail that stops it, and with that rail taken away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from orchestrator.config import Settings
from orchestrator.delivery import volume
from orchestrator.domain import decide, gates, ledger
from orchestrator.domain.input import Control, Event
from orchestrator.domain.outgoing import Outgoing
from orchestrator.partition.live import Live
from orchestrator.stores.memory import MemoryStore
from tests.museum.hall import DAY, HOUR, MINUTE, SECOND, START, Hall

CROWD = 1_000
PEOPLE_MAX = 200
ENVELOPE = "approval: {over: 150, within: 1d}\nbreaker: none\n"
LOOSE = "breaker: none\n"


@dataclass(frozen=True)
class Incident:
    """`stopped_by` names the rail; `without` takes it away."""

    name: str
    happened: str
    stopped_by: str
    lives: Callable[[], Hall]
    without: Callable[[], AbstractContextManager[Any]]


INCIDENTS: list[Incident] = []


def incident(
    name: str, happened: str, stopped_by: str, without: Callable[[], AbstractContextManager[Any]]
) -> Callable[[Callable[[], Hall]], Callable[[], Hall]]:
    """Put one into the museum."""

    def put(lives: Callable[[], Hall]) -> Callable[[], Hall]:
        INCIDENTS.append(Incident(name, happened, stopped_by, lives, without))
        return lives

    return put


def _wide() -> AbstractContextManager[Any]:
    return patch.object(volume.Volume, "room", lambda *_: volume.Room(1 << 62))


def _all_are_ours() -> AbstractContextManager[Any]:
    return patch.object(Settings, "reaches", lambda *_: True)


@incident("HBO Max 2021", "a test message went to customers", "safe list", _all_are_ours)
def hbo_max() -> Hall:
    settings = Settings(safe_list=frozenset({"@ours.example"}))
    hall = Hall(LOOSE, lets=lambda one: settings.reaches(one.to))
    hall.begin(hall.meet(CROWD))
    hall.run(MINUTE)
    return hall


@incident("New York Times 2011", "8.6 million instead of 300", "approved envelope", _wide)
def new_york_times() -> Hall:
    hall = Hall(ENVELOPE)
    hall.begin(hall.meet(CROWD))
    hall.run(MINUTE)
    return hall


def _everything_is_usual() -> AbstractContextManager[Any]:
    return patch.object(volume.Volume, "_usual", lambda *_: volume.Room(1 << 62))


@incident("GoCardless 2022", "a filter was lost, and everybody was due", "surge breaker", _everything_is_usual)
def gocardless_filter() -> Hall:
    hall = Hall()
    users = hall.meet(CROWD)
    for day in range(3):
        hall.begin(users[day * 5 : day * 5 + 5])
        hall.run(DAY)
    hall.reached.clear()
    hall.begin(users[15:])
    hall.run(98 * MINUTE)
    return hall


def _anybody_approves() -> AbstractContextManager[Any]:
    return patch.object(volume, "may_approve", lambda *_: True)


@incident("GoCardless 2017", "one person reminded everybody", "another person's word", _anybody_approves)
def gocardless_remind_all() -> Hall:
    hall = Hall(ENVELOPE, publisher="ada")
    hall.begin(hall.meet(CROWD))
    hall.turn(order=Control("approve", on=True, campaign="course", actor="Ada ", up_to=10_000, until=hall.now + DAY))
    hall.run(35 * MINUTE)
    return hall


def _doubt_is_sent_again() -> AbstractContextManager[Any]:
    def again(moment: Any, message: Any) -> None:
        message.resent = 0
        message.state = ledger.ATTEMPTING
        ledger._try_again(moment, message, moment.now + SECOND)

    return patch.object(ledger, "doubt", again)


@incident("SafeBase 2023", "a timeout was taken for not sent, for ever", "in doubt, never sent again", _doubt_is_sent_again)
def safebase() -> Hall:
    hall = Hall(LOOSE, answers=lambda _: "in_doubt")
    hall.begin(hall.meet(50))
    hall.run(HOUR)
    return hall


@incident("Mailgun 2013", "killed after sending, before it was noted", "attempting is durable first", _doubt_is_sent_again)
def mailgun_killed() -> Hall:
    hall = Hall(LOOSE, answers=lambda _: "")
    hall.begin(hall.meet(50))
    hall.run(10 * SECOND)
    for _ in range(3):
        hall.open()
        hall.run(5 * MINUTE)
    return hall


def _commits_are_lost() -> AbstractContextManager[Any]:
    return patch.object(MemoryStore, "commit", lambda *_: None)


@incident("Mailgun 2016", "accepted, and never stored", "acknowledged after the commit", _commits_are_lost)
def mailgun_not_stored() -> Hall:
    """Whoever was acknowledged gets their message after a restart; nobody else does."""
    hall = Hall(LOOSE)
    hall.begin(hall.meet(50))
    hall.open()
    hall.run(MINUTE)
    assert hall.people == 50, "acknowledged and lost"
    return hall


@incident("Jomablue", "a watchdog restarted a slow campaign", "what was attempted is not tried again", _doubt_is_sent_again)
def jomablue() -> Hall:
    hall = Hall(LOOSE, rate=10, answers=lambda one: "" if int(one.person[3:]) % 3 else "accepted")
    hall.begin(hall.meet(100))
    for _ in range(10):
        hall.run(90 * SECOND)
        hall.open()
    hall.run(HOUR)
    return hall


def _the_batch_is_sent_again() -> AbstractContextManager[Any]:
    real = ledger.settle_outcome

    def settle(moment: Any, given: Any) -> None:
        again = given.result == "accepted" and moment.now < START + 2 * MINUTE
        real(moment, type(given)(given.message_id, "not_sent", retry_at=moment.now + SECOND) if again else given)

    return patch.object(ledger, "settle_outcome", settle)


@incident("LaunchNotes 2024", "some failed, so the whole batch went again", "state of each message", _the_batch_is_sent_again)
def launchnotes() -> Hall:
    tried = set[str]()

    def answers(one: Outgoing) -> str:
        fails = int(one.person[3:]) % 2 and one.message_id not in tried
        tried.add(one.message_id)
        return "not_sent" if fails else "accepted"

    hall = Hall(LOOSE, answers=answers)
    hall.begin(hall.meet(100))
    hall.run(5 * MINUTE)
    return hall


def _everything_is_new() -> AbstractContextManager[Any]:
    return patch.object(decide, "is_duplicate", lambda *_: False)


@incident("flaky.build", "32 workers, 32 copies", "one event, one message", _everything_is_new)
def flaky_build() -> Hall:
    hall = Hall(LOOSE)
    [ben] = hall.meet(1)
    for _ in range(32):
        hall.turn([Event("the-same", START, name="Letter Wanted", user_id=ben, received_at=hall.now)])
        hall.turn([Event("paid", START, name="Order Completed", user_id=ben, properties={"order_id": "O-1", "total": 5})])
        hall.run(10 * SECOND)
    assert sum(hall.reached.values()) == 3, "one receipt, one offer, one more"
    return hall


def _nothing_expires() -> AbstractContextManager[Any]:
    real = ledger._new

    def new(*given: Any) -> Any:
        message = real(*given)
        message.expires_at += 365 * DAY
        return message

    return patch.object(ledger, "_new", new)


@incident("Customer.io 2025", "hours late, then everything at once", "expiry", _nothing_expires)
def customer_io() -> Hall:
    hall = Hall(LOOSE, rate=10)
    users = hall.meet(CROWD)
    hall.turn(order=Control("kill", on=True))
    hall.begin(users)
    hall.run(3 * DAY)
    hall.open()
    hall.turn(order=Control("kill", on=False))
    hall.run(10 * MINUTE)
    return hall


def _switches_do_nothing() -> AbstractContextManager[Any]:
    return patch.object(Live, "control", lambda *_: None)


@incident("Samsung 2020, Hawaii 2018", "a test to everybody, and no way to stop it", "kill switch", _switches_do_nothing)
def hawaii() -> Hall:
    hall = Hall(LOOSE, rate=100)
    hall.begin(hall.meet(CROWD))
    hall.run(4 * SECOND)
    while not hall.reached:
        hall.run(SECOND)
    hall.turn(order=Control("kill", on=True))
    clicked = hall.now
    hall.run(38 * MINUTE)
    assert max(hall.sent_at) <= clicked + SECOND or hall.people > PEOPLE_MAX
    return hall


def _consent_is_not_asked() -> AbstractContextManager[Any]:
    return patch.object(gates, "consented", lambda *_: True)


@incident("Flybe, Honda 2017", "people who had said no were written to", "consent", _consent_is_not_asked)
def flybe() -> Hall:
    hall = Hall(LOOSE)
    users = hall.meet(CROWD)
    hall.begin(users, "Consent Withdrawn", topic="offers")
    hall.begin(users)
    hall.run(MINUTE)
    return hall
