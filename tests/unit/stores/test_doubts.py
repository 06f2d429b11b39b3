"""How many messages are in doubt is counted beside the profiles, with each commit, and known again after a restart."""

from __future__ import annotations

from pathlib import Path

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.limits import IN_DOUBT_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.metrics import page
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.doubts import Doubtful, doubts_read
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.domain.test_receipts import START, WAIT, program


class Shop:
    """An engine on a file, in which whoever looks is sent a message that nobody answers."""

    def __init__(self, path: Path) -> None:
        self.file, self.outbox = SqliteFile(path), Outbox()
        around = Surroundings(program(), OpenGovernor(), self.outbox, Controls(addresses=False))
        self.engine = Engine([self.file.partition(0)], around)

    def doubt(self, user: str, at: int) -> str:
        """The message of somebody who looks then; it is in doubt, and what its run sends next is refused."""
        return self.doubts(Event(f"{user}{at}", at, name="Viewed", user_id=user, received_at=at), at)

    def doubts(self, event: Event, at: int) -> str:
        self.engine.feed(event, at)
        message = self.outbox.take()[-1]
        self.engine.give(message.key, Outcome(message.message_id, "in_doubt"), at)
        self.engine.give(message.key, Outcome(self.outbox.take()[-1].message_id, "refused"), at)
        self.engine.commit()
        return message.message_id


def test_doubts_are_counted_until_they_are_settled_or_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.doubt("ada", START)
    message = shop.doubt("ben", START)
    assert shop.file.doubtful() == Doubtful(2, 0)
    assert (shop.file.in_doubt(5), shop.file.in_doubt(1)) == ([2, 1], [2])
    shop.engine.give(2, Outcome(message, "accepted"), START + 1)
    shop.engine.commit()
    assert shop.file.doubtful() == Doubtful(1, 0)
    assert shop.file.in_doubt(5) == [1]
    shop.engine.advance(START + 2 * WAIT)
    shop.engine.commit()
    assert shop.file.doubtful() == Doubtful(0, 1)


def test_more_than_a_profile_keeps_are_counted_all_the_same(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    for number in range(IN_DOUBT_KEPT + 2):
        shop.doubt("ada", START + number)
    assert shop.file.doubtful() == Doubtful(IN_DOUBT_KEPT + 2, 0)


def test_they_are_known_after_a_restart_and_beside_the_engine(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.doubt("ada", START)
    shop.file.close()
    again = Shop(tmp_path / "s.sqlite")
    again.doubt("ben", START + 1)
    with open_reader(tmp_path / "s.sqlite") as reader:
        assert reader.doubtful() == Doubtful(2, 0)
        told = page(doubts_read(reader.doubtful(), 0)).decode()
    assert 'orchestrator_in_doubt{partition="0"} 2.0\n' in told
    assert 'orchestrator_unknown{partition="0"} 0.0\n' in told
    again.engine.advance(START + 2 * WAIT)
    again.engine.commit()
    assert again.file.doubtful() == Doubtful(0, 2)


def test_a_file_of_an_earlier_version_is_counted_when_it_is_opened(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.doubt("ada", START)
    shop.file.connection.execute("drop table doubts")
    shop.file.close()
    with open_reader(tmp_path / "s.sqlite") as reader:
        assert [one.state for one in reader.doubts()] == ["in_doubt"]
    assert Shop(tmp_path / "s.sqlite").file.doubtful() == Doubtful(1, 0)


def test_who_becomes_part_of_another_is_counted_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    at = START + 5
    shop.doubts(Event("v", START, name="Viewed", anonymous_id="web", received_at=START), START)
    shop.doubt("ada", START + 1)
    shop.engine.feed(Event("i", at, type="identify", user_id="ada", anonymous_id="web", received_at=at), at)
    shop.engine.commit()
    assert shop.file.doubtful() == Doubtful(2, 0)
