"""The console of workers on Kafka, over a mirror of what they keep: its pages, its acts, and a mirror that is killed.

    uv run pytest tests/integration/kafka_console.py

A long tier of its own: it takes minutes.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from math import nan
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from aiokafka import TopicPartition

from orchestrator.authoring import load_program
from orchestrator.bootstrap.mirror import Workers
from orchestrator.console.accounts import Role, accounts_of
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import EndRuns, Event
from orchestrator.domain.profile import unseal
from orchestrator.errors import StoreError
from orchestrator.history import catch_up, open_history
from orchestrator.insight.accepted import given_of
from orchestrator.partition.engine import home_of
from orchestrator.partition.identities import Passed
from orchestrator.stores.kafka.copies import Copies
from orchestrator.stores.kafka.inputs import entry
from orchestrator.stores.kafka.records import read_journal
from orchestrator.stores.reader import open_reader
from tests.integration.feeder import Feeder
from tests.integration.listing_twilio import Twilio, by_sms, twilio_listening
from tests.integration.serving import ROOT, children, identify
from tests.integration.test_kafka_governor import letters, working
from tests.integration.test_kafka_orders import told
from tests.integration.test_kafka_worker import send
from tests.integration.workers import PARTITIONS, Place, Worker, governed, records, sent, settled, until

pytestmark = pytest.mark.timeout(900)
PASSWORD = "a long and good one"  # noqa: S105 - of an account that lives for one test
EVENTS = 2_000
_AT = re.compile(r"console on (\S+)\n")
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Mute(Twilio):
    """It takes a text and hangs up, and nobody can look at its list, until it is no more `mute`."""

    mute = True

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        found = super().take(form)
        if self.mute:
            raise ConnectionAbortedError
        return found

    def list_to(self, number: str) -> list[dict[str, Any]]:
        raise ConnectionAbortedError(number)


class Console:
    """One life of it, and an operator who is logged in."""

    def __init__(self, place: Place) -> None:
        self.folder = place.folder / "console"
        self.mirror = self.folder / "mirror.sqlite"
        self.folder.mkdir(exist_ok=True)
        accounts_of(self.mirror).put("olga", Role.operator, PASSWORD, 1)
        self.log = self.folder / f"{len(list(self.folder.glob('*.log')))}.log"
        where = ["--brokers", place.brokers, "--input", place.topic, "--dir", str(self.folder), "--port", "0"]
        with self.log.open("wb") as out:
            command = [sys.executable, "-m", "orchestrator", "console", *where]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        self.browser = httpx.Client(timeout=60)

    def entered(self) -> Console:
        until(lambda: self.process.poll() is not None or bool(_AT.search(self.said())), "the console")
        found = _AT.search(self.said())
        assert found is not None, self.said()
        self.browser.base_url = found[1]
        assert self.send("/login", {"name": "olga", "password": PASSWORD}, "/login").status_code == 303
        return self

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, form: dict[str, str], page: str) -> httpx.Response:
        token = _TOKEN.search(self.page(page))
        assert token is not None
        return self.browser.post(path, data={**form, "token": token[1]}, headers={"origin": str(self.browser.base_url)})

    def act(self, path: str, **form: str) -> None:
        """Do it, with a reason."""
        answer = self.send(path, {**form, "reason": "because"}, "/engine")
        assert answer.status_code == 303, answer.text

    def child(self, module: str) -> int:
        """The process beside it that runs this module."""
        return next(pid for pid in children(self.process.pid) if module in Path(f"/proc/{pid}/cmdline").read_text())

    def end(self) -> None:
        self.browser.close()
        self.process.terminate()
        self.process.wait()


@contextmanager
def console_of(place: Place) -> Iterator[Console]:
    console = Console(place)
    try:
        yield console.entered()
    finally:
        console.end()


def joins(count: int) -> list[dict[str, Any]]:
    """Visitors who become known, most of them in another partition."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        seen = {
            "type": "track",
            "event": "Letter Wanted",
            "anonymousId": f"v{number}",
            "messageId": f"v{number}",
            "properties": {},
        }
        found += [seen, {**identify(f"j{number}", f"user-{number}"), "anonymousId": f"v{number}"}]
    return found


def states(place: Place, folder: Path) -> dict[str, bytes]:
    """Everybody's bytes, as partitions keep them."""
    folder.mkdir()
    copies = Copies(place.brokers, place.topics, PARTITIONS, folder)
    found: dict[str, bytes] = {}
    for number in range(PARTITIONS):
        with open_reader(copies.state(number)) as reader:
            found |= {stored.raw: stored.sealed for _, stored in reader.everybody()}
    return found


def mirrored(path: Path) -> dict[str, bytes]:
    with open_reader(path) as reader:
        return {stored.raw: stored.sealed for _, stored in reader.everybody()}


def rows(path: Path) -> Counter[bytes]:
    """How often each decided input of a customer is there; adoptions tell of keys, which are the file's own."""
    with open_reader(path) as reader:
        return Counter(row.given for row in reader.journal() if row.decision and b"adopt" not in row.given[:24])


def journaled(place: Place) -> Counter[bytes]:
    found = Counter[bytes]()
    for number in range(PARTITIONS):
        every = asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number)))
        found.update(row.given for row in map(read_journal, every) if row.decision and b"adopt" not in row.given[:24])
    return found


def whole(place: Place, console: Console) -> bool:
    """Whether everything is decided, and shown."""
    return place.drained() and rows(console.mirror) == journaled(place)


def test_the_console_of_workers_shows_and_does_what_that_of_one_engine_does(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    with governed(place), working(place, 2):
        with console_of(place) as console:
            feeder = Feeder(place, EVENTS, rate=400)
            asyncio.run(send(place, *[json.dumps(one).encode() for one in joins(12)]))
            feeder.finished()
            until(lambda: whole(place, console), "the mirror to have all")
            _pages_count_right(place, console)
            _a_pause_stops(place, console)
            _runs_end(console)
            killed = console.child("orchestrator.console.mirroring")
            Feeder(place, 300, seed=2, rate=400).finished()
            subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(killed)], check=True)
            until(lambda: console.process.poll() is not None, "the console to see that its mirror is gone")
            assert "start the console again" in console.said()
        letters(place, 5)
        with console_of(place) as again:
            until(lambda: whole(place, again), "the mirror to go on")
            until(lambda: mirrored(again.mirror) == states(place, tmp_path / f"s{len(list(tmp_path.iterdir()))}"), "its state")
            assert "made anew" not in again.said()
            _is_what_a_new_one_is(place, again, tmp_path / "anew.sqlite")


def _pages_count_right(place: Place, console: Console) -> None:
    settled(place)  # a message that waits for its turn changes its customer every second
    folders = (place.folder / f"states-{number}" for number in count())
    until(lambda: mirrored(console.mirror) == states(place, next(folders)), "everybody's bytes, while timers go on")
    left = Counter(one["campaign"] for one in sent(place))
    assert left["receipt"] > 100
    with open_reader(console.mirror) as reader:
        assert {one.owner != "" for one in reader.workers()} == {True}
        for key, stored in reader.everybody():
            assert reader.key_of(stored.raw) == key
            history = [given_of(row.given) for row in reader.history(key)]
            assert {home_of(stored.raw, PARTITIONS)} == {key % PARTITIONS}
            assert any(isinstance(one, Event) and raw_id(one) == stored.raw for one in history)

    def counted() -> Counter[str]:
        with open_history(console.mirror) as history:
            found = Counter[str]()
            for row in history.campaigns():
                found[row.campaign] += row.n if row.what == "sent" else 0
            return +found

    until(lambda: bool(re.search(r"orchestrator|<h1", console.page("/"))) and _is(counted, left), "the history to have all")
    until(lambda: f">{left['receipt']:,}<" in console.page("/campaigns"), "the page of campaigns to count it")
    engine = console.page("/engine")
    assert f"{PARTITIONS} of {PARTITIONS}" in engine
    assert "user-3" in console.page("/customer?id=u:user-3")
    assert "user-3" in console.page("/customer?id=a:v3")


def _is(counted: Any, wanted: Counter[str]) -> bool:
    try:
        return bool(counted() == wanted)
    except StoreError:
        return False


def _a_pause_stops(place: Place, console: Console) -> None:
    """Ordered on a page, it holds in every partition; it is told with its name and reason."""
    console.act("/switch", switch="pause", on="1", campaign="offer")
    until(lambda: "because" in console.page("/audit"), "the pause to come back")
    before = Counter(one["campaign"] for one in sent(place))
    letters(place, 20)
    until(lambda: Counter(one["campaign"] for one in sent(place))["receipt"] >= before["receipt"] + 20, "the receipts")
    until(lambda: whole(place, console), "all of it")
    assert Counter(one["campaign"] for one in sent(place))["offer"] == before["offer"]
    assert "offer" in console.page("/engine")
    console.act("/switch", switch="pause", on="0", campaign="offer")
    until(lambda: Counter(one["campaign"] for one in sent(place))["offer"] > before["offer"], "the offers to go on")


def _runs_end(console: Console) -> None:
    """An order about one customer goes to their partition alone, and is told once."""
    console.act("/end", id="u:user-3", campaign="receipt")

    def ended() -> list[EndRuns]:
        with open_reader(console.mirror) as reader:
            own = reader.history(reader.key_of("u:user-3") or 0)
            return [given for row in own if isinstance(given := given_of(row.given), EndRuns)]

    until(lambda: bool(ended()), "the runs to end")
    assert [one.campaign for one in ended()] == ["receipt"]
    console.page("/audit")  # it says that it is done, once
    assert console.page("/audit").count("ended the runs of user-3 in receipt") == 1


def _is_what_a_new_one_is(place: Place, console: Console, path: Path) -> None:
    """A mirror that was killed says what one says that reads everything at once; so do their histories."""
    over = threading.Event()
    workers = Workers(place.brokers, place.topic, place.name)
    thread = threading.Thread(target=workers.mirror, args=(path, over.is_set))
    thread.start()
    until(lambda: path.exists() and _both(path, console.mirror), "a new one")
    over.set()
    thread.join()
    found = []
    for one in (path, console.mirror):
        catch_up(one)
        with open_history(one) as history:
            found.append((sorted(history.campaigns()), history.standing(), history.flows()))
    assert found[0] == found[1]


def _both(one: Path, other: Path) -> bool:
    try:
        return mirrored(one) == mirrored(other) and rows(one) == rows(other)
    except StoreError:
        return False


def test_what_is_in_doubt_is_settled_and_a_dead_letter_decided_again(brokers: str, tmp_path: Path) -> None:
    """Each goes to the one partition that has its customer, under the numbers that it knows itself."""
    place, twilio = Place(brokers, tmp_path), Mute("http://127.0.0.1:9")
    by_sms(place.workspace)
    (place.workspace / "campaigns" / "offer.yaml").unlink()
    users = [next(f"u{n}" for n in count() if home_of(f"u:u{n}", PARTITIONS) == home) for home in range(PARTITIONS)]
    with twilio_listening(twilio) as settings, governed(place):
        settings |= {"ORCHESTRATOR_PUBLIC_URL": twilio.hook}
        worker = Worker(place, 0, settings=settings).ready()
        try:
            with console_of(place) as console:
                asyncio.run(send(place, *(json.dumps(ordered(user)).encode() for user in users)))
                _doubts_are_settled(console, twilio, users)
                _a_dead_letter_is_decided_again(place, console, users[1])
                until(lambda: whole(place, console), "the mirror to have all")
            assert worker.terminate() == 0
        finally:
            worker.kill()


def ordered(user: str) -> dict[str, Any]:
    order = {"type": "track", "event": "Order Completed", "userId": user, "messageId": f"o-{user}"}
    order |= {"properties": {"order_id": f"O-{user}", "total": 1}}
    return order | {"context": {"traits": {"phone": f"+39333123450{user[1:]}"}}}


def _doubts_are_settled(console: Console, twilio: Mute, users: list[str]) -> None:
    def doubts() -> dict[str, str]:
        with open_reader(console.mirror) as reader:
            return {one.raw[2:]: one.id for one in reader.doubts() if not one.ended}

    until(lambda: set(doubts()) == set(users), "a doubt in each partition")
    messages, twilio.mute = doubts(), False
    assert all(message in console.page("/doubts") for message in messages.values())
    ways = dict(zip(users, ("sent", "not_sent", "again"), strict=True))
    for user, way in ways.items():
        form = {"id": f"u:{user}", "message": messages[user], "way": way}
        assert messages[user][:8] in console.page(f"/settle?{urlencode(form)}")
        console.act("/settle", **form)
    until(lambda: "Nothing is in doubt." in console.page("/doubts"), "all to be settled")

    def states() -> list[list[str]]:
        with open_reader(console.mirror) as reader:
            found = [reader.read(reader.key_of(f"u:{user}") or 0) for user in users]
        return [sorted(unseal(one.sealed).tally) for one in found if one is not None]

    until(lambda: states() == [["accepted"], ["refused"], ["accepted"]], "what they were settled as")
    assert twilio.taken == {message: 1 + (ways[user] == "again") for user, message in messages.items()}


def _a_dead_letter_is_decided_again(place: Place, console: Console, user: str) -> None:
    """A number that is none goes by no door, but a record of ours is not read again; without the sum it can be decided."""
    raw, now = f"u:{user}", time.time_ns() // 1_000_000
    event = Event(
        "nan", now, name="Order Completed", user_id=user, received_at=now, properties={"order_id": "O-nan", "total": nan}
    )
    asyncio.run(send(place, entry(Passed(raw, event, now))[1], partition=home_of(raw, PARTITIONS)))
    until(lambda: "cannot convert float NaN" in console.page("/letters"), "the dead letter")
    (row,) = re.findall(r"/redrive\?row=(\d+)", console.page("/letters"))
    assert user in console.page(f"/letter?row={row}")
    profile = place.workspace / "profile.yaml"
    profile.write_text(re.sub(r" *spent: .*\n", "", profile.read_text("utf-8")), "utf-8")
    told(place, "publish", str(place.workspace))
    until(lambda: _lives(place, console), "the program to be live")
    console.act("/redrive", row=row)
    until(lambda: "There are none." in console.page("/letters"), "the letter to go")
    with open_reader(console.mirror) as reader:
        tries = [bool(row.decision) for row in reader.journal() if b"O-nan" in row.given and b"redrive" not in row.given]
    assert tries == [False, True]
    page = console.page(f"/customer?id={raw}")
    assert "decided again — Order Completed, which had been put aside; olga said so, because: because" in page


def _lives(place: Place, console: Console) -> bool:
    with open_reader(console.mirror) as reader:
        return reader.standing().program == load_program(place.workspace).name
