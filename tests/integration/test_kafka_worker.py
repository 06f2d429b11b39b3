"""`orchestrator worker`: exact under kill -9, and it does not start where data would be lost."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.partition.engine import home_of
from tests.integration.feeder import Feeder, events
from tests.integration.kafka_judge import judge
from tests.integration.kill_worker import Plan, run
from tests.integration.workers import PARTITIONS, Place, Worker, governed, records, sent, until


def test_workers_killed_under_load_decide_everything_once(brokers: str, tmp_path: Path) -> None:
    judged, taken, _ = run(brokers, tmp_path, Plan(kills=2, events=1_200))
    assert judged.wrong(taken) == {}
    assert len(taken) == 1_200
    assert judged.sent


def test_a_worker_that_stops_hands_on_and_leaves_nothing_in_doubt(brokers: str, tmp_path: Path) -> None:
    """Told to stop under load; the next one goes on from its cache."""
    place = Place(brokers, tmp_path)
    with governed(place):
        first = Worker(place, 0).ready()
        feeder = Feeder(place, 400)
        until(lambda: len(feeder.taken) > 200, "half of the events")
        assert first.terminate() == 0
        second = Worker(place, 0).ready()
        try:
            feeder.finished()
            until(place.drained, "all inputs to be decided")
            assert second.terminate() == 0
        finally:
            second.kill()
    judged = judge(place)
    assert judged.wrong(feeder.taken) == {}
    assert judged.messages["in_doubt"] == 0
    assert not {"Traceback", "Unclosed", "never retrieved"} & set((first.said() + second.said()).split())


def test_a_worker_that_slept_is_fenced_and_works_on(brokers: str, tmp_path: Path) -> None:
    """Its session ran out under load, another one took over; what it had open when it woke up was refused."""
    place = Place(brokers, tmp_path)
    with governed(place):
        workers = [Worker(place, 0).ready(), Worker(place, 1)]
        try:
            until(lambda: len(workers[1].owned()) > 0, "both to own something")
            feeder = Feeder(place, 1_200)
            until(lambda: len(feeder.taken) > 300, "some load")
            workers[0].process.send_signal(signal.SIGSTOP)
            until(lambda: len(workers[1].owned()) == PARTITIONS, "the other one to own all")
            workers[0].process.send_signal(signal.SIGCONT)
            feeder.finished()
            until(place.drained, "all inputs to be decided")
            assert [worker.terminate() for worker in workers] == [0, 0]
        finally:
            for worker in workers:
                worker.kill()
    assert judge(place).wrong(feeder.taken) == {}


async def send(place: Place, *values: bytes, partition: int = 0) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
    await producer.start()
    for value in values:
        await producer.send_and_wait(place.topic, value, partition=partition)
    await producer.stop()


def test_timers_fire_while_nothing_comes_in(brokers: str, tmp_path: Path) -> None:
    """Wherever the events came in: also behind the marks that end what was passed on to a customer's own partition."""
    place = Place(brokers, tmp_path)
    for user in ("u", "v", "w"):
        known = {"type": "identify", "userId": user, "messageId": f"{user}0", "traits": {"email": f"{user}@shop.example"}}
        order = {"type": "track", "event": "Order Completed", "userId": user, "messageId": f"{user}1"}
        order["properties"] = {"order_id": user, "total": 1}
        asyncio.run(send(place, json.dumps(known).encode(), json.dumps(order).encode()))
    with governed(place):
        worker = Worker(place, 0).ready()
        try:
            until(lambda: len(sent(place)) >= 9, "three messages for each of them")
            assert worker.terminate() == 0
        finally:
            worker.kill()
    judged = judge(place)
    assert judged.wrong(["u0", "u1", "v0", "v1", "w0", "w1"]) == {}
    assert judged.messages == {"accepted": 9}


DROP = """\
campaign: drop
stage: retention
topic: offers
on: {broadcast: Price Dropped, to: buyers}
then:
  - send: {template: offer, channel: email}
"""


def test_what_happens_to_a_thing_reaches_the_customers_of_every_partition(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    (place.workspace / "campaigns/drop.yaml").write_text(DROP, encoding="utf-8")
    (place.workspace / "events/price-dropped.yaml").write_text("event: Price Dropped\n", encoding="utf-8")
    buyers = 'buyers:\n  if: {">=": [{var: profile.features.orders}, 1]}\n'
    (place.workspace / "segments.yaml").write_text(buyers, encoding="utf-8")
    users = [next(f"u{n}" for n in range(99) if home_of(f"u:u{n}", PARTITIONS) == home) for home in range(PARTITIONS)]
    for user in users:
        order = {"type": "track", "event": "Order Completed", "userId": user, "messageId": f"{user}1"}
        order |= {"properties": {"order_id": user, "total": 1}, "context": {"traits": {"email": f"{user}@shop.example"}}}
        asyncio.run(send(place, json.dumps(order).encode()))
    with governed(place):
        worker = Worker(place, 0).ready()
        try:
            until(place.drained, "the orders to be decided")
            asyncio.run(send(place, b'{"type": "track", "event": "Price Dropped", "messageId": "drop"}'))
            until(lambda: sum(one["campaign"] == "drop" for one in sent(place)) == PARTITIONS, "a message for each")
            assert worker.terminate() == 0
        finally:
            worker.kill()
    assert sorted(one["to"] for one in sent(place) if one["campaign"] == "drop") == [f"{user}@shop.example" for user in users]


def test_what_is_no_event_is_put_aside_with_its_reason(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)

    known = b'{"type": "identify", "userId": "u", "messageId": "m0"}'
    asyncio.run(send(place, b"no json", b'{"type": "track", "userId": "u"}', b"\x92no event", known))
    worker = Worker(place, 0).ready()
    try:
        until(place.drained, "all inputs to be decided")
        assert worker.terminate() == 0
    finally:
        worker.kill()
    aside = asyncio.run(records(brokers, TopicPartition(place.topics.rejected, 0)))
    told = [json.loads(value) for value in aside]
    assert [(one["partition"], one["offset"]) for one in told] == [(0, 0), (0, 1), (0, 2)]
    assert told[1]["reason"] == "$.event: missing; a track call needs the event's name"
    assert judge(place).decided == {"m0": 1}


def start(place: Place, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator", "worker", str(place.workspace), "--brokers", place.brokers]
    where = ["--input", place.topic, "--dir", str(place.folder / "w")]
    return subprocess.run([*command, *where, *options], capture_output=True, text=True, check=False, timeout=120)


def test_a_cluster_with_one_copy_is_refused(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    ran = start(place)
    assert ran.returncode == 1
    assert ran.stderr == (
        "no ORCHESTRATOR_ADDRESS_KEY, so no address list: who says STOP, complains or bounces is written to again\n"
        "error: these settings would lose data:\n"
        f"{place.topic}: keeps 1 copy; it needs 3 (--development accepts one)\n"
        f"{place.topic}: min.insync.replicas is 1; set it to 2\n"
        "__transaction_state: keeps 1 copy; the brokers' transaction.state.log.replication.factor must be 3"
        " (--development accepts one)\n"
        "__consumer_offsets: keeps 1 copy; the brokers' offsets.topic.replication.factor must be 3"
        " (--development accepts one)\n"
        "__transaction_state: min.insync.replicas is 1; set it, and the brokers' transaction.state.log.min.isr, to 2\n"
    )


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("cleanup.policy", "compact", "cleanup.policy is compact; set it to delete"),
        ("max.message.bytes", "1048588", "max.message.bytes is 1048588; set it to 8388608"),
        ("unclean.leader.election.enable", "true", "a stale copy would rule: set it to false"),
    ],
)
def test_settings_of_the_inputs_that_lose_data_are_refused(
    brokers: str, tmp_path: Path, setting: str, value: str, told: str
) -> None:
    place = Place(brokers, tmp_path, settings={setting: value})
    ran = start(place, "--development")
    assert ran.returncode == 1
    assert told in ran.stderr


def test_a_topic_that_is_not_there_is_told(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    place.topic = "absent"
    ran = start(place, "--development")
    assert ran.returncode == 1
    assert "there is no topic 'absent'" in ran.stderr
    assert "`orchestrator kafka topic --input absent --partitions N` makes it" in ran.stderr


def numbers(worker: Worker) -> dict[str, float]:
    """What its page /metrics tells."""
    _, text = worker.page("metrics")
    families = text_string_to_metric_families(text)
    return {
        "/".join([one.name, *(value for _, value in sorted(one.labels.items()))]): one.value
        for family in families
        for one in family.samples
    }


def test_the_pages_tell_how_a_worker_stands(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    receipt = place.workspace / "campaigns/receipt.yaml"
    receipt.write_text(receipt.read_text("utf-8") + "alarm: {triggers: {at_most: 0, per: 1h}}\n", "utf-8")
    worker = Worker(place, 0)
    known = {"type": "identify", "userId": "u", "messageId": "u0", "traits": {"email": "u@shop.example"}}
    order = {"type": "track", "event": "Order Completed", "userId": "u", "messageId": "u1"}
    order["properties"] = {"order_id": "u", "total": 1}
    try:
        until(lambda: worker.page("health")[0] == 200, "a sign of life")
        worker.ready()
        with governed(place) as governor:
            asyncio.run(send(place, json.dumps(known).encode(), json.dumps(order).encode(), b"no event"))
            until(lambda: len(sent(place)) == 3, "three messages")
            until(lambda: numbers(worker).get("orchestrator_attempts_total/email/accepted") == 3, "their outcomes")
            until(lambda: numbers(worker).get("orchestrator_alarm/receipt/surge/triggers") == 1, "an alarm")
            told, granted = numbers(worker), numbers(governor)
            assert worker.terminate() == 0
    finally:
        worker.kill()
    line = "receipt: 1 run began within 1 hour, at most 0 are usual"
    assert f"alarm: {line}" in worker.said()
    asked = [sys.executable, "-m", "orchestrator", "alarms", "--input", place.topic, "--brokers", brokers]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (listed.returncode, listed.stdout) == (1, f"ALARM  {line}\n")
    assert [told[f"orchestrator_in_doubt/{number}"] for number in range(PARTITIONS)] == [0] * PARTITIONS
    assert told["orchestrator_governor_answers"] == 1
    assert granted["orchestrator_permits_granted_total"] >= 3
    assert granted["orchestrator_killed"] == 0
    home = home_of("u:u", PARTITIONS)
    assert told["orchestrator_ready"] == 1
    assert told["orchestrator_partitions"] == PARTITIONS
    assert told["orchestrator_rejected_total/0"] == 1
    assert told[f"orchestrator_inputs_total/{home}"] >= 2
    assert [told[f"orchestrator_lag/{number}"] for number in range(PARTITIONS)] == [0] * PARTITIONS
    assert [told[f"orchestrator_restored_ratio/{number}"] for number in range(PARTITIONS)] == [1] * PARTITIONS
    assert told[f"orchestrator_clock_lag_seconds/{home}"] < 5
    commits, seconds = (told[f"orchestrator_{name}_total/{home}"] for name in ("commits", "commit_seconds"))
    assert 0 < seconds < commits * 5
    assert told["orchestrator_rebalances_total"] == 1


def test_a_worker_with_a_lasting_name_comes_back_and_nobody_else_notices(brokers: str, tmp_path: Path) -> None:
    """Told to stop and started again: its partitions wait for it, and the other one's do not move."""
    place = Place(brokers, tmp_path)
    named = [("--development", "--instance", f"worker-{number}") for number in range(2)]
    workers = [Worker(place, number, options) for number, options in enumerate(named)]
    try:
        until(lambda: len(workers[0].owned()) + len(workers[1].owned()) == PARTITIONS, "all to be owned")
        until(lambda: all(worker.owned() for worker in workers), "both to own something")
        owned, dealt = workers[0].owned(), numbers(workers[1])["orchestrator_rebalances_total"]
        assert workers[0].terminate() == 0
        workers[0] = Worker(place, 0, named[0]).ready()
        until(lambda: workers[0].owned() == owned, "the same partitions")
        assert numbers(workers[1])["orchestrator_rebalances_total"] == dealt
        asyncio.run(send(place, *[json.dumps(event).encode() for _, event in events(1, 60)]))
        until(place.drained, "all inputs to be decided")
    finally:
        for worker in workers:
            worker.kill()
    assert judge(place).wrong([f"m{number}" for number in range(60)]) == {}
