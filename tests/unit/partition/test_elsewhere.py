"""An engine that owns one of several partitions: what is another's is passed on, and nothing of it is decided here."""

from __future__ import annotations

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.simulation.programs import PROGRAMS

START = 1_750_000_000_000
PARTITIONS = 3


def engine(number: int) -> tuple[Engine, MemoryFile]:
    file = MemoryFile()
    around = Surroundings(PROGRAMS[0], OpenGovernor(), VirtualWire(), Controls(addresses=False))
    return Engine([file.partition(0)], around, elsewhere=lambda raw: home_of(raw, PARTITIONS) != number), file


def user_at(number: int, start: str = "u") -> str:
    """A user whose home is that partition."""
    return next(f"{start}{n}" for n in range(1_000) if home_of(f"u:{start}{n}", PARTITIONS) == number)


def event(ident: str, **who: str) -> Event:
    return Event(ident, START, name="Ordered", received_at=START, source="shop", properties={"cart": "c"}, **who)


def test_an_event_of_another_partition_is_passed_on_whole() -> None:
    ours, file = engine(0)
    given = event("e1", user_id=user_at(1))
    assert ours.feed(given, START) is None
    ours.commit()
    assert ours.take_passed() == [(f"u:{user_at(1)}", given, START)]
    assert file.profiles == {}


def test_our_own_is_decided() -> None:
    ours, file = engine(0)
    assert ours.feed(event("e1", user_id=user_at(0)), START) is not None
    ours.commit()
    assert ours.take_passed() == []
    assert len(file.profiles) == 1


def test_what_a_known_device_does_goes_where_its_owner_is() -> None:
    """Joined here, where both are at home; then the device alone is its owner."""
    ours, file = engine(0)
    device = next(f"d{n}" for n in range(1_000) if home_of(f"a:d{n}", PARTITIONS) == 0)
    ours.feed(event("e1", anonymous_id=device), START)
    ours.feed(event("e2", user_id=user_at(0), anonymous_id=device), START)
    ours.feed(event("e3", anonymous_id=device), START)
    ours.commit()
    assert file.redirects == {f"a:{device}": f"u:{user_at(0)}"}
    assert set(file.ids) == {f"u:{user_at(0)}"}
    assert ours.take_passed() == []
