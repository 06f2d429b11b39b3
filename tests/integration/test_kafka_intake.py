"""`orchestrator intake`: what is answered with 200 is in the topic, whatever dies."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.domain.input import Event
from orchestrator.partition.engine import home_of
from orchestrator.partition.live import Arrival
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import Broker
from orchestrator.stores.kafka.inputs import brought
from orchestrator.stores.kafka.limits import ACKNOWLEDGE_S
from tests.integration.kill_intake import Load, run
from tests.integration.serving import identify, order, track
from tests.integration.workers import PARTITIONS, Intake, Place, records, until
from tests.ports import lasting_port


@pytest.fixture
def own(brokers: str, tmp_path: Path) -> Iterator[Broker]:
    """A broker to be killed; the shared one has shown that there are jars."""
    assert brokers
    running, _ = broker.start(tmp_path / "broker", lasting_port())
    yield running
    broker.stop(tmp_path / "broker")


def test_an_event_answered_with_200_is_decided_once_whatever_was_killed(own: Broker, tmp_path: Path) -> None:
    ran = run(tmp_path, own, kills=3, count=1_500)
    assert ran.restarts == 1
    assert ran.judged.wrong(ran.load.taken) == {}
    assert len(ran.load.taken) == 1_500
    assert ran.load.answers[0] + ran.load.answers[503] > 0


def event_of(value: bytes) -> Event:
    given = brought(None, value)
    assert isinstance(given, Arrival)
    return given.event


def inputs(place: Place) -> list[list[bytes]]:
    return [asyncio.run(records(place.brokers, one)) for one in place.places(place.topic)]


def test_events_are_in_their_customers_partition_as_the_door_read_them(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    intake = Intake(place).listens()
    try:
        wrong = track("m9", "u9", "Order Completed", order_id=7)
        status, _, answer = intake.post([identify("m0", "u0"), order("m1", "u1"), wrong, order("m2", "u0")])
        assert (status, answer["accepted"], answer["duplicates"], len(answer["rejected"])) == (200, 3, 0, 1)
        assert intake.terminate() == 0, intake.said()
    finally:
        intake.kill()
    found = [[event_of(value) for value in values] for values in inputs(place)]
    assert [event.message_id for event in found[home_of("u:u0", PARTITIONS)] if event.user_id == "u0"] == ["m0", "m2"]
    assert [event.message_id for event in found[home_of("u:u1", PARTITIONS)] if event.user_id == "u1"] == ["m1"]
    assert sum(map(len, found)) == 3
    assert {(event.source, event.received_at > 0) for events in found for event in events} == {("http", True)}


def test_what_happens_to_a_thing_is_told_to_every_partition(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    (place.workspace / "campaigns/drop.yaml").write_text(
        "campaign: drop\nstage: retention\ntopic: offers\non: {broadcast: Price Dropped, to: buyers}\n"
        "then:\n  - send: {template: offer, channel: email}\n",
        encoding="utf-8",
    )
    (place.workspace / "events/price-dropped.yaml").write_text("event: Price Dropped\n", encoding="utf-8")
    (place.workspace / "segments.yaml").write_text(
        'buyers:\n  if: {">=": [{var: profile.features.orders}, 1]}\n', encoding="utf-8"
    )
    intake = Intake(place).listens()
    try:
        assert intake.post([{"type": "track", "event": "Price Dropped", "messageId": "drop"}])[0] == 200
    finally:
        intake.kill()
    assert [[event_of(value).message_id for value in values] for values in inputs(place)] == [["drop"]] * PARTITIONS


def test_without_a_broker_the_answer_is_503_within_its_bound_and_the_way_back_is_found(own: Broker, tmp_path: Path) -> None:
    """Also where the broker sleeps, and answers nothing: the event that was given up is there once it wakes up."""
    place = Place(own.address, tmp_path / "run")
    intake = Intake(place).listens()
    try:
        assert intake.post([order("m0", "u0")])[0] == 200
        os.kill(own.running.pid, signal.SIGSTOP)
        began = time.monotonic()
        status, headers, answer = intake.post([order("m1", "u1")])
        assert ACKNOWLEDGE_S <= time.monotonic() - began < ACKNOWLEDGE_S + 3
        assert (status, headers["retry-after"], answer["code"]) == (503, "1", "unavailable")
        began = time.monotonic()
        assert intake.post([order("m2", "u2")])[0] == 503
        assert time.monotonic() - began < 1  # nothing more is taken in while one is overdue
        assert (intake.page("health")[0], intake.page("ready")[0]) == (200, 503)
        os.kill(own.running.pid, signal.SIGCONT)
        until(lambda: intake.page("ready")[0] == 200, "the intake to be ready again")
        assert intake.post([order("m3", "u3")])[0] == 200
    finally:
        os.kill(own.running.pid, signal.SIGCONT)
        intake.kill()
    there = sorted(event_of(value).message_id for values in inputs(place) for value in values)
    assert there == ["m0", "m1", "m3"]


def test_told_to_stop_under_load_it_answers_what_it_has(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    intakes = [Intake(place).listens(), Intake(place).listens()]
    load = Load(intakes, 600)
    try:
        until(lambda: len(load.taken) > 100, "some load")
        assert intakes[0].terminate() == 0, intakes[0].said()
        load.finished()
    finally:
        for intake in intakes:
            intake.kill()
    there = {event_of(value).message_id for values in inputs(place) for value in values}
    assert set(load.taken) == there
    assert len(load.taken) == 600
    assert "Traceback" not in intakes[0].said()


def test_a_topic_that_would_lose_data_is_refused(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    intake = Intake(place, options=())
    assert intake.process.wait(60) == 1
    assert f"{place.topic}: keeps 1 copy; it needs 3" in intake.said()
