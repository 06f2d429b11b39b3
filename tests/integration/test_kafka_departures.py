"""A worker killed between a message's leave and its channel: it knows what it did not send, and nobody else does."""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import TopicPartition

from orchestrator.domain.decision import Decision
from orchestrator.stores.kafka.records import read_journal
from tests.integration.kafka_judge import judge
from tests.integration.serving import ROOT
from tests.integration.test_kafka_worker import send
from tests.integration.workers import PARTITIONS, Place, Worker, governed, records, sent, until

HERE = Path(__file__).parent
_decision = msgspec.msgpack.Decoder(Decision).decode


def place_in(brokers: str, folder: Path) -> Place:
    found = Place(brokers, folder)
    policies = found.workspace / "policies.yaml"
    policies.write_text(policies.read_text("utf-8") + "in_doubt: {wait: 5s}\n", "utf-8")
    return found


def emit(place: Place, *events: dict[str, Any]) -> None:
    its = {"userId": "u", "context": {"traits": {"email": "u@shop.example"}}}
    told = [{"type": "track", "messageId": f"m{number}", **its, **event} for number, event in enumerate(events)]
    asyncio.run(send(place, *(json.dumps(event).encode() for event in told)))


def cut_off(place: Place) -> str:
    """A life that ends when a message is on its way to its channel; gives the id of it, which never came."""
    told = place.folder / "cut-off"
    told.unlink(missing_ok=True)
    here = {"BREAKPOINT": "rendered, not noted", "BREAKPOINT_TOLD": str(told)}
    path = os.pathsep.join([str(HERE / "breakpoint"), str(ROOT)])
    worker = Worker(place, 0, settings={**here, "PYTHONPATH": path})
    try:
        until(lambda: worker.process.poll() is not None, "it to be killed")
    finally:
        worker.kill()
    return told.read_text("utf-8")


def states(place: Place) -> dict[str, list[tuple[str, str | None]]]:
    """Template → the states of its only message, each with its reason."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for number in range(PARTITIONS):
        for value in asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number))):
            decision = read_journal(value).decision
            for change in _decision(decision).messages if decision else ():
                found.setdefault(change.template, []).append((change.state, change.reason))
    return found


ORDER = [{"event": "Order Completed", "properties": {"order_id": "O", "total": 1}}]
LETTER = [{"event": "Consent Given", "properties": {"topic": "news"}}, {"event": "Letter Wanted"}]


def goes_again_as_its_class_may(
    place: Place, events: list[dict[str, Any]], template: str, after: list[tuple[str, str | None]]
) -> None:
    """The same worker comes back: what it had not noted as handed over did not leave."""
    (place.workspace / "campaigns" / "offer.yaml").unlink()
    emit(place, *events)
    with governed(place):
        cut = cut_off(place)
        assert sent(place) == []
        worker = Worker(place, 0).ready()
        try:
            until(lambda: states(place)[template][-1] == after[-1], "its end")
            assert worker.terminate() == 0
        finally:
            worker.kill()
    told = states(place)[template]
    found = told[told.index(("in_doubt", None)) + 1 :]
    assert [one for one in found if one[0] != "planned"] == after
    assert [one["message_id"] for one in sent(place)] == [cut] * (after[-1][0] == "accepted")
    assert judge(place).wrong([f"m{number}" for number in range(len(events))]) == {}


def is_claimed_by_nobody_else(place: Place) -> None:
    """Not even that what is in no notes of its own was not sent: another one may have noted it."""
    emit(place, *LETTER)
    with governed(place):
        assert cut_off(place)
        worker = Worker(place, 1).ready()
        try:
            until(lambda: states(place)["letter"][-1][0] == "unknown", "the letter's end")
            assert worker.terminate() == 0
        finally:
            worker.kill()
    assert sent(place) == []
    assert states(place)["letter"][-2:] == [("in_doubt", None), ("unknown", None)]
    assert judge(place).wrong(["m0", "m1"]) == {}


def test_what_was_cut_off_before_its_channel_is_known_to_its_worker_alone(brokers: str, tmp_path: Path) -> None:
    """A letter is refused, a receipt goes again, and whoever takes the partition over claims nothing.

    Each waits for a minute until an answer is overdue, so they wait together.
    """
    letter, receipt, other = (place_in(brokers, tmp_path / name) for name in ("letter", "receipt", "other"))
    with ThreadPoolExecutor(3) as together:
        ends = [
            together.submit(goes_again_as_its_class_may, letter, LETTER, "letter", [("refused", "cut_off")]),
            together.submit(goes_again_as_its_class_may, receipt, ORDER, "receipt", [("attempting", None), ("accepted", None)]),
            together.submit(is_claimed_by_nobody_else, other),
        ]
        for end in ends:
            end.result()
