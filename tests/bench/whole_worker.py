"""What a whole worker costs beside a bare reader of the same topic: uv run python tests/bench/whole_worker.py.

Both read the same events from one broker, one after the other. The bare one is aiokafka's consumer and msgspec's parser and
nothing else; the worker decides with stages, features, so many campaigns, caps and messages, exactly once. `engine_us` is the
same events through the same engine with a store in memory, parsing included: what a worker needs more is `kafka_us`. CPU µs an
event of the processes, start-up excluded; of several workers all together. Messages leave once the backlog is decided, for
their time is over before: what one costs then, from its leave to its outcome, is `message_us`. Events are made from a seed;
their digest is told, so that other engines can be fed the same.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.authoring import load_workspace
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.program import Program
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.segment import parse
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.live import Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.topics import LARGE, asking
from orchestrator.stores.memory import MemoryFile

SEED = 7
PARTITIONS = 2
CUSTOMERS = 20_000
CATEGORIES = 200
WARM = 0.3
"""The share of events after which a worker counts as warm."""
LOOK_S = 0.1
QUIET_S = 3.0
"""After which no more messages are waited for."""
BATCH = 1_000
PATIENCE_S = 900.0
CHANNEL = {"ORCHESTRATOR_FILE_DURABLE": "false", "ORCHESTRATOR_FILE_EML": "false", "ORCHESTRATOR_EMAIL_RATE": "100000"}
TICKS = os.sysconf("SC_CLK_TCK")
Running = tuple[subprocess.Popen[bytes], int]
"""(process, port of its pages)"""

FILES = {
    "wheel.yaml": """\
        start: awareness
        stages: [awareness, interest, conversion, retention, loyalty, repurchase]
        outside: [lost]
        transitions:
          - {from: awareness, to: interest, on: {event: Product Viewed}}
          - {from: [awareness, interest], to: conversion, on: {event: Cart Updated}}
          - {from: [awareness, interest, conversion], to: retention, on: {event: Order Completed}}
          - {from: retention, to: loyalty, on: {event: Order Completed}, if: {">=": [{var: profile.features.orders}, 3]}}
          - {from: [retention, loyalty], to: repurchase, on: {without: Order Completed, for: 90d}}
          - {from: [repurchase, lost], to: retention, on: {event: Order Completed}, turn: true}
          - {from: repurchase, to: lost, on: {without: Order Completed, for: 275d}}
        """,
    "profile.yaml": """\
        traits: {type: object, properties: {email: {type: string}}}
        features:
          orders: {count: Order Completed}
          spent: {sum: properties.total, of: Order Completed, over: 30d}
          views: {count: Product Viewed, over: 7d}
          last_category: {last: properties.category, of: Product Viewed}
        """,
    "policies.yaml": """\
        topics: {offers: {consent: assumed}}
        caps: [{at_most: 3, per: 7d, class: marketing}]
        """,
    "senders.yaml": "shop: {email: {from: a@shop.example, name: Shop, postal_address: 'Shop, Milan'}}\n",
    "events/product-viewed.yaml": """\
        event: Product Viewed
        properties:
          type: object
          required: [product_id, category, price]
          properties: {product_id: {type: string}, category: {type: string}, price: {type: number}}
        sample: {product_id: P1, category: c1, price: 10}
        """,
    "events/cart-updated.yaml": """\
        event: Cart Updated
        keys: {cart: properties.cart_id}
        properties:
          type: object
          required: [cart_id, total]
          properties: {cart_id: {type: string}, total: {type: number}}
        sample: {cart_id: C1, total: 10}
        """,
    "events/order-completed.yaml": """\
        event: Order Completed
        keys: {cart: properties.cart_id}
        properties:
          type: object
          required: [order_id, cart_id, total]
          properties: {order_id: {type: string}, cart_id: {type: string}, total: {type: number}}
        sample: {order_id: O1, cart_id: C1, total: 10}
        """,
    "templates/offer/template.yaml": "sender: shop\nsubject: For you\n",
    "templates/offer/email.txt": "Something you may like\n",
}
CAMPAIGN = """\
    campaign: rule-{number}
    stage: interest
    topic: offers
    reentry: {{after: 30d}}
    on: {{event: Product Viewed}}
    if:
      - {{"==": [{{var: event.properties.category}}, c{category}]}}
      - {{">": [{{var: event.properties.price}}, {price}]}}
      - {{">=": [{{var: profile.features.views}}, 2]}}
    then: [{{send: {{template: offer, channel: email}}}}]
    """
CART = """\
    campaign: cart
    stage: conversion
    topic: offers
    again: restart
    on: {event: Cart Updated, key: cart}
    if: {">=": [{var: event.properties.total}, 50]}
    exit: [{event: Order Completed, key: cart}]
    then:
      - wait: 1h
      - send: {template: offer, channel: email}
    """


def lay_out_rules(folder: Path, rules: int) -> Path:
    """A shop with that many campaigns: all but one wait for a view of their category, from a price on."""
    texts = {name: dedent(text) for name, text in FILES.items()} | {"campaigns/cart.yaml": dedent(CART)}
    for number in range(rules - 1):
        price = 50 + number % 40
        texts[f"campaigns/rule-{number}.yaml"] = dedent(CAMPAIGN).format(
            number=number, category=number % CATEGORIES, price=price
        )
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def events(count: int) -> Iterator[tuple[str, bytes]]:
    """(user id, event in the Segment shape): who everybody is, then views (three quarters), carts and orders."""
    chance = random.Random(SEED)
    for number in range(CUSTOMERS):
        who = {"type": "identify", "messageId": f"i{number}", "userId": f"u{number}"}
        yield f"u{number}", msgspec.json.encode({**who, "traits": {"email": f"u{number}@shop.example"}})
    for number in range(count - CUSTOMERS):
        user, kind = f"u{chance.randrange(CUSTOMERS)}", chance.random()
        if kind < 0.75:
            category, price = f"c{chance.randrange(CATEGORIES)}", round(chance.random() * 90, 2)
            name, properties = (
                "Product Viewed",
                {"product_id": f"P{chance.randrange(5_000)}", "category": category, "price": price},
            )
        elif kind < 0.93:
            name, properties = "Cart Updated", {"cart_id": f"C{user}", "total": round(chance.random() * 120, 2)}
        else:
            name = "Order Completed"
            properties = {"order_id": f"O{number}", "cart_id": f"C{user}", "total": round(chance.random() * 120, 2)}
        event = {"type": "track", "messageId": f"m{number}", "userId": user, "event": name}
        context = {"library": {"name": "analytics.js", "version": "2.11.1"}, "locale": "en-GB", "page": {"path": "/shop"}}
        yield user, msgspec.json.encode({**event, "properties": properties, "context": context})


async def produce(brokers: str, topic: str, count: int) -> tuple[str, float]:
    """Fill the topic; gives the events' digest and their mean size."""
    async with asking(brokers) as admin:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=LARGE)])
    producer, digest, size = (
        AIOKafkaProducer(bootstrap_servers=brokers, linger_ms=20, max_batch_size=1 << 18),
        hashlib.sha256(),
        0,
    )
    await producer.start()
    for user, event in events(count):
        digest.update(event)
        size += len(event)
        await producer.send(topic, event, key=f"u:{user}".encode(), partition=home_of(f"u:{user}", PARTITIONS))
    await producer.stop()
    return digest.hexdigest()[:16], size / count


async def bare(brokers: str, topic: str, count: int) -> float:
    """CPU µs an event of reading and parsing alone, of this process."""
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, fetch_max_wait_ms=100, isolation_level="read_committed")
    await consumer.start()
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    decode, seen, begun = msgspec.json.decode, 0, time.process_time()
    while seen < count:
        for records in (await consumer.getmany(timeout_ms=1_000, max_records=2_000)).values():
            for record in records:
                decode(record.value)
            seen += len(records)
    cost = (time.process_time() - begun) / count * 1e6
    await consumer.stop()
    return cost


@contextmanager
def started(brokers: str, topic: str, name: str, *command: str) -> Iterator[Running]:
    """One of our processes and the port of its pages; ended in order."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ["--brokers", brokers, "--input", topic, "--port", str(port), "--name", name, "--development"]
    whole_command = [sys.executable, "-m", "orchestrator", *command, *where]
    process = subprocess.Popen(whole_command, env={**os.environ, **CHANNEL}, stdout=sys.stderr)
    try:
        yield process, port
    finally:
        process.terminate()
        process.wait(60)


def position(port: int) -> int:
    """How many inputs are decided: the sum of the partitions' offsets."""
    with suppress(OSError, ValueError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
        return sum(json.load(answer)["partitions"].values())
    return 0


def cpu_s(pid: int) -> float:
    """User and system seconds of all its threads until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Seen(NamedTuple):
    """How far the workers are at a moment."""

    events: int
    cpu: float
    at: float

    @classmethod
    def of(cls, running: Sequence[Running]) -> Seen:
        return cls(sum(position(port) for _, port in running), sum(cpu_s(one.pid) for one, _ in running), time.monotonic())


def whole(brokers: str, topic: str, count: int, workspace: Path, folder: Path, workers: int) -> dict[str, object]:
    """What so many workers need an event, once they are warm, and then a message."""
    name = f"w-{uuid4().hex[:8]}"
    commands = [("worker", str(workspace), "--dir", str(folder / str(number))) for number in range(workers)]
    with ExitStack() as all_of_them:
        all_of_them.enter_context(started(brokers, topic, name, "governor"))
        running = [all_of_them.enter_context(started(brokers, topic, name, *command)) for command in commands]
        warm, end = reached(running, int(count * WARM)), reached(running, count)
        messages, cost = sent(running, folder, end.cpu)
    decided = end.events - warm.events
    return {
        "workers": workers,
        "cpu_us": round((end.cpu - warm.cpu) / decided * 1e6, 1),
        "events_s": round(decided / (end.at - warm.at)),
        "messages": messages,
        "message_us": round(cost / max(1, messages) * 1e6),
    }


def reached(running: Sequence[Running], wanted: int) -> Seen:
    """Wait until so many events are decided."""
    until = time.monotonic() + PATIENCE_S
    while (seen := Seen.of(running)).events < wanted:
        if seen.at > until or any(process.poll() is not None for process, _ in running):
            message = f"the workers came to {seen.events} of {wanted}"
            raise RuntimeError(message)
        time.sleep(LOOK_S)
    return seen


def sent(running: Sequence[Running], folder: Path, before: float) -> tuple[int, float]:
    """(messages that have left, CPU seconds since `before`) when nothing more leaves."""
    found, cost, changed = 0, 0.0, time.monotonic()
    while time.monotonic() - changed < QUIET_S:
        left = sum(1 for path in folder.glob("*/outbox/*.jsonl") for _ in path.open(encoding="utf-8"))
        if left > found:
            found, cost, changed = left, Seen.of(running).cpu - before, time.monotonic()
        time.sleep(LOOK_S)
    return found, cost


def alone(count: int, program: Program) -> float:
    """CPU µs an event in one engine in memory, once it is warm: parsed, asked against the catalogue, decided."""
    outbox, catalogue, begun, warm = Outbox(), Catalogue(program.events), 0.0, int(count * WARM)
    around = Surroundings(program, OpenGovernor(), outbox)
    live = Live(Engine([MemoryFile(keep_journal=False).partition(0)], around), outbox)
    texts, now = [text for _, text in events(count)], time.time_ns() // 1_000_000
    gc.collect()
    gc.freeze()
    gc.disable()
    for first in range(0, count, BATCH):
        begun = begun or (time.process_time() if first >= warm else 0.0)
        read = [parse(text, received_at=now, source="kafka", things=catalogue.things) for text in texts[first : first + BATCH]]
        for event in read:
            catalogue.validate(event)
        live.turn([Arrival(0, event) for event in read], [], now, caught_up=False)
    gc.enable()
    return (time.process_time() - begun) / (count - warm) * 1e6


def in_memory(workspace: Path, count: int) -> float:
    """`alone`, in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_alone, workspace, count).result()


def _alone(workspace: Path, count: int) -> float:
    return alone(count, load_workspace(workspace).program)


def main(argv: Sequence[str] | None = None) -> None:
    """Fill a topic, read it bare and whole, print a line for each number of rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=120_000)
    parser.add_argument("--tiny", dest="events", action="store_const", const=CUSTOMERS + 2_000, help="whether it runs at all")
    parser.add_argument("--rules", type=int, nargs="*", default=[50, 1_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="at most as many as partitions")
    parser.add_argument("--brokers", help="use these; without, a development broker is started for this run")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="whole-worker-") as folder:
        here = Path(folder)
        brokers = given.brokers or broker.start(here / "broker", 0)[0].address
        try:
            topic = f"in-{uuid4().hex[:8]}"
            digest, size = asyncio.run(produce(brokers, topic, given.events))
            print(json.dumps({"events": given.events, "bytes": round(size), "digest": digest}), flush=True)
            for rules in given.rules:
                workspace = lay_out_rules(here / f"workspace-{rules}", rules)
                base, engine = asyncio.run(bare(brokers, topic, given.events)), in_memory(workspace, given.events)
                for workers in given.workers:
                    found = whole(brokers, topic, given.events, workspace, here / f"{rules}-{workers}", workers)
                    cost = float(str(found["cpu_us"]))
                    beside = {"bare_us": round(base, 2), "engine_us": round(engine, 1), "kafka_us": round(cost - engine, 1)}
                    print(json.dumps({"rules": rules, **found, **beside, "ratio": round(cost / base, 1)}), flush=True)
        finally:
            if given.brokers is None:
                broker.stop(here / "broker")


if __name__ == "__main__":
    main()
