"""Programs and switches reach every partition of a running deployment, each at one place of its inputs."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from orchestrator.authoring import load_program, load_workspace, snapshot
from orchestrator.bootstrap.rails import told_of
from orchestrator.delivery.permits import Rails, encode, question
from orchestrator.domain.input import Activation, Control, Event
from orchestrator.errors import StoreError
from orchestrator.insight.accepted import given_of
from orchestrator.stores.kafka import orders
from orchestrator.stores.kafka.inputs import commanded, is_command
from orchestrator.stores.kafka.orders import Deployment
from orchestrator.stores.kafka.records import read_journal
from orchestrator.stores.kafka.topics import prepare_deployment
from tests.integration.feeder import Feeder
from tests.integration.kafka_judge import judge
from tests.integration.small_workspace import write_workspace
from tests.integration.test_kafka_governor import last_written, letters, place, working
from tests.integration.workers import PARTITIONS, Place, Worker, governed, records, sent, until

__all__ = ["place"]

WELCOME = """\
campaign: welcome
stage: interest
class: transactional
reentry: always
on: {event: Letter Wanted}
then:
  - send: {template: letter, channel: email}
"""
STOPPED_S = 1.0
"""After the click nothing leaves any more; as promised."""


def deployment(place: Place) -> Deployment:
    return Deployment(place.brokers, place.topic, place.name, PARTITIONS)


def told(place: Place, *command: str) -> dict[str, Any]:
    """What a command says."""
    where = ["--brokers", place.brokers, "--input", place.topic, "--format", "json"]
    ran = subprocess.run(
        [sys.executable, "-m", "orchestrator", *command, *where], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def newer(place: Place) -> Path:
    """Another workspace: the letter goes to everybody who wants it, and the course's lesson is another one."""
    folder = write_workspace(place.folder / "newer", "lesson-new")
    (folder / "campaigns/welcome.yaml").write_text(WELCOME, encoding="utf-8")
    policies = folder / "policies.yaml"
    policies.write_text(policies.read_text(encoding="utf-8").replace("[receipt]", "[receipt, welcome]"), encoding="utf-8")
    return folder


def test_a_program_published_under_load_begins_at_its_marker_in_every_partition(place: Place) -> None:
    """What is decided before and after it is what an engine decides that has the same inputs in that order."""
    with governed(place), working(place, 2):
        feeder = Feeder(place, 2_000)
        until(lambda: len(feeder.taken) > 300, "some load")
        published = told(place, "publish", str(newer(place)))
        feeder.finished()
        until(place.drained, "all inputs to be decided")
        until(lambda: any(one["campaign"] == "welcome" for one in sent(place)), "a message of the new program")
    assert published == {"program": load_program(newer(place)).name, "partitions": PARTITIONS}
    judged = judge(place, newer(place))
    assert judged.wrong(feeder.taken) == {}
    for number in range(PARTITIONS):
        before, after = around_the_marker(place, number, published["program"])
        assert max(before) < min(after)
        assert len(before) > 10
        assert len(after) > 10


def around_the_marker(place: Place, number: int, program: str) -> tuple[list[int], list[int]]:
    """Journal rows of this partition's own events before and after the marker in its inputs, the activation between them."""
    journal = [read_journal(one) for one in asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number)))]
    events = {given.message_id: row.seq for row in journal if row.key and isinstance(given := given_of(row.given), Event)}
    (begun,) = [
        row.seq for row in journal if not row.key and msgspec.msgpack.decode(row.given, type=dict).get("program") == program
    ]
    inputs = asyncio.run(records(place.brokers, TopicPartition(place.topic, number)))
    (marker,) = [at for at, value in enumerate(inputs) if is_command(value)]
    activation = commanded(inputs[marker])
    assert isinstance(activation, Activation)
    assert activation.program == program
    seqs = [events.get(json.loads(value)["messageId"]) if value[:1] == b"{" else None for value in inputs]
    before, after = ([seq for seq in part if seq is not None] for part in (seqs[:marker], seqs[marker:]))
    return [*before, begun - 1], [begun + 1, *after]


def test_a_partition_waits_for_a_program_and_says_why_and_the_folder_of_a_worker_changes_nothing(place: Place) -> None:
    folder = newer(place)
    program, given = load_program(folder).name, deployment(place)
    with governed(place), working(place, 1) as (worker,):
        asyncio.run(orders._tell_all(given, Activation(program)))
        until(lambda: "nobody has published its content" in said(worker), "it to say why")
        letters(place, 3)
        asyncio.run(orders._put(place.brokers, given.topics.programs, program.encode(), b"broken"))
        until(lambda: "it cannot be used here" in said(worker), "it to say what is wrong")
        assert sent(place) == []
        rails = encode(told_of(load_workspace(folder), "ada", published=True))
        asyncio.run(orders.publish(given, program, snapshot(folder), rails))
        until(lambda: worker.health().get("waiting") == [], "all partitions to go on")
        until(lambda: len(sent(place)) == 9, "the messages that had waited")
    wants = {"type": "track", "event": "Letter Wanted", "userId": "u0", "messageId": "w0"}
    with governed(place), working(place, 1, first=7):
        asyncio.run(orders._put(place.brokers, place.topic, b"u0", json.dumps(wants).encode()))
        until(lambda: any(one["campaign"] == "welcome" for one in sent(place)), "a message of the program in force")


def said(worker: Worker) -> str:
    return " ".join(worker.health().get("waiting", ()))


def test_after_a_kill_nothing_leaves_though_a_worker_slept_meanwhile(
    place: Place, record_property: pytest.RecordProperty
) -> None:
    with governed(place, ORCHESTRATOR_EMAIL_RATE="60"), working(place, 2) as workers:
        letters(place, 200)
        until(lambda: len(sent(place)) > 100, "some messages")
        workers[0].process.send_signal(signal.SIGSTOP)
        clicked = time.time()
        asyncio.run(orders.switch(deployment(place), Control("kill", on=True)))
        time.sleep(1.5)  # what happens to whoever sleeps this long is what is tested
        workers[0].process.send_signal(signal.SIGCONT)
        until(lambda: all(one.health().get("killed") for one in workers), "both to know")
        until(lambda: time.time() - last_written(place) > 3, "hand-offs to end")
        late = last_written(place) - clicked
        record_property("last_hand_off_s", round(late, 3))
        assert late < STOPPED_S
        assert len(sent(place)) < 600
        ended = told(place, "kill", "--off", "--yes", "--by", "ada")
        assert (ended["on"], ended["turned"], ended["partitions"]) == (False, True, PARTITIONS)
        assert sum(one["messages"] for one in ended["waiting"]) > 0
        until(lambda: len(sent(place)) == 600, "all messages")
    assert len({one["message_id"] for one in sent(place)}) == 600


def test_a_paused_campaign_takes_no_step_until_it_is_resumed(place: Place) -> None:
    with governed(place), working(place, 1):
        paused = told(place, "pause", "--campaign", "offer", "--by", "ada", "--reason", "wrong prices")
        assert paused == {"switch": "pause", "on": True, "partitions": PARTITIONS}
        letters(place, 6)
        until(lambda: len(sent(place)) == 6, "the receipts")
        until(place.drained, "all inputs to be decided")
        assert {one["campaign"] for one in sent(place)} == {"receipt"}
        until(lambda: bool(told(place, "switches")), "the pause to be read back")
        [on] = told(place, "switches")
        assert (on["switch"], on["name"], on["actor"], on["reason"]) == ("pause", "offer", "ada", "wrong prices")
        told(place, "resume", "--campaign", "offer", "--yes")
        until(lambda: len(sent(place)) == 18, "the offers")


def test_of_many_who_publish_at_once_the_governor_and_the_partitions_hear_the_same_one_last(place: Place) -> None:
    """Those in between may be told to run it again."""
    given = deployment(place)

    async def publish(name: str) -> None:
        with suppress(StoreError):
            await orders.publish(given, name, b"content", encode(Rails(name, "ada", [], published=True)))

    async def all_of_it() -> None:
        await prepare_deployment(place.brokers, place.name, development=True)
        for number in range(4):
            await asyncio.gather(*(publish(f"{number}-{one}") for one in range(5)))
            told = [question(one) for one in await records(place.brokers, TopicPartition(given.topics.permits, 0))]
            rails = [one.program for one in told if isinstance(one, Rails)]
            for each in given.inputs:
                live = commanded((await records(place.brokers, each))[-1])
                assert isinstance(live, Activation)
                assert live.program == rails[-1]

    asyncio.run(all_of_it())
