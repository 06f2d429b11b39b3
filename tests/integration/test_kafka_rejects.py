"""Bad events of a distributed deployment: what doors refuse and workers cannot read stands beside the mirror of a console."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.bootstrap.mirror import Workers
from orchestrator.stores.kafka.limits import REJECTS_TOLD
from orchestrator.stores.kafka.topics import asking, prepare
from orchestrator.stores.rejects import Reject, read_rejects
from tests.integration.serving import order, track
from tests.integration.test_kafka_worker import send
from tests.integration.workers import Intake, Place, Worker, records, until


@contextmanager
def mirror_of(place: Place) -> Iterator[Path]:
    """A mirror that is kept as long as this lasts."""
    over, path = threading.Event(), place.folder / "mirror.sqlite"
    workers = Workers(place.brokers, place.topic, place.name)
    thread = threading.Thread(target=workers.mirror, args=(path, over.is_set))
    thread.start()
    try:
        yield path
    finally:
        over.set()
        thread.join()


def told(place: Place) -> int:
    """How many stand in the topic."""
    return sum(len(asyncio.run(records(place.brokers, one))) for one in place.places(place.topics.rejected))


def test_what_a_door_refuses_and_what_a_worker_cannot_read_is_shown(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    wrong = track("m9", "u9", "Order Completed", order_id=7)
    intake = Intake(place).listens()
    try:
        assert intake.post([order("m1", "u1"), wrong])[2]["accepted"] == 1
        until(lambda: _there(place), "the door to have told it")
        worker = Worker(place, 0).ready()
        try:
            asyncio.run(send(place, b"no json"))
            until(place.drained, "all inputs to be decided")
            with mirror_of(place) as mirror:
                until(lambda: len(read_rejects(mirror, None, 9)) == 2, "the mirror to show them")
                found = {one.source: one for one in read_rejects(mirror, None, 9)}
            assert worker.terminate() == 0
        finally:
            worker.kill()
        assert intake.terminate() == 0, intake.said()
    finally:
        intake.kill()
    _is_as_told(found["http"])
    (other,) = (one for source, one in found.items() if source != "http")
    assert (other.source.rpartition("/")[0], other.sent) == (place.topic, "no json")


def _is_as_told(one: Reject) -> None:
    assert '"total" is a required property' in one.reason
    assert '"messageId": "m9"' in one.sent
    assert one.at > 0


def _there(place: Place) -> bool:
    """Whether a topic that nobody had made holds what was refused; its settings are those that workers want."""

    async def made() -> bool:
        async with asking(place.brokers) as admin:
            return place.topics.rejected in await admin.list_topics()

    if not (asyncio.run(made()) and told(place)):
        return False
    asyncio.run(prepare(place.brokers, place.topic, place.topics, development=True))
    return True


def test_a_flood_of_bad_events_keeps_no_good_one_waiting(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    asyncio.run(prepare(place.brokers, place.topic, place.topics, development=True))
    bad = [track(f"b{number}", "u9", "Order Completed", order_id=7) for number in range(5 * REJECTS_TOLD)]
    intake = Intake(place).listens()
    try:
        for number in range(6):
            status, _, answer = intake.post([order(f"m{number}", f"u{number}"), *bad])
            assert (status, answer["accepted"], len(answer["rejected"])) == (200, 1, len(bad))
        until(lambda: told(place) >= REJECTS_TOLD, "some of them")
        assert intake.terminate() == 0, intake.said()
    finally:
        intake.kill()
    assert told(place) < 6 * len(bad)
