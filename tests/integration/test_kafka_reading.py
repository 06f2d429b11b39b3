"""`explain`, `events` and `tasks` of a distributed deployment: the same words as of a state file."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestrator.partition.engine import home_of
from tests.integration.serving import identify, order
from tests.integration.test_kafka_worker import send
from tests.integration.workers import PARTITIONS, Place, Worker, until

CALL = """\
campaign: call
stage: retention
topic: offers
on: {event: Order Completed, key: order}
then:
  - id: ring
    task: {queue: care, title: Call them, due: 1d}
"""


def run(*command: str) -> str:
    ran = subprocess.run([sys.executable, "-m", "orchestrator", *command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def of_replay(place: Place, events: list[dict[str, Any]], accepted: list[dict[str, Any]]) -> Path:
    """The same events at the same times in a state file."""
    received = {one["messageId"]: one["receivedAt"] for one in accepted}
    lines = [
        json.dumps({**one, "receivedAt": received[one["messageId"]], "timestamp": received[one["messageId"]]}) for one in events
    ]
    file, state = place.folder / "events.jsonl", place.folder / "state.sqlite"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run("replay", str(place.workspace), "--events", str(file), "--state", str(state))
    return state


def test_what_workers_keep_is_told_as_a_state_file_is(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    (place.workspace / "campaigns/call.yaml").write_text(CALL, encoding="utf-8")
    with (place.workspace / "senders.yaml").open("a", encoding="utf-8") as senders:
        senders.write("care: {task: {}}\n")
    sent = [*[identify(f"i{user}", user) for user in ("u1", "u2", "u3")], *[order(f"o{user}", user) for user in ("u1", "u3")]]
    home = home_of("u:u1", PARTITIONS)
    stranger = next(f"a{number}" for number in range(99) if home_of(f"a:a{number}", PARTITIONS) != home)
    sent.append({**identify("link", "u1"), "anonymousId": stranger})
    asyncio.run(send(place, *[json.dumps(one).encode() for one in sent]))
    worker = Worker(place, 0).ready()
    try:
        until(place.drained, "the events to be decided")
        assert worker.terminate() == 0
    finally:
        worker.kill()
    where = ("--brokers", brokers, "--input", place.topic)

    every = [json.loads(line) for line in run("events", *where).splitlines()]
    assert sorted(one["messageId"] for one in every) == sorted(one["messageId"] for one in sent)
    own = [json.loads(line)["messageId"] for line in run("events", *where, "--profile", "u3").splitlines()]
    assert own == ["iu3", "ou3"]
    tasks = json.loads(run("tasks", *where, "--format", "json"))
    assert sorted((one["profile"], one["queue"]) for one in tasks) == [("u1", "care"), ("u3", "care")]

    state = of_replay(place, sent, every)
    asked = ("explain", str(place.workspace), "--profile", "u3", "--campaign", "call")
    kept = run(*asked, *where).splitlines()
    assert any(line.startswith("Decided by program") for line in kept)  # a replay has only one
    assert [line for line in kept if not line.startswith("Decided by")] == run(*asked, "--state", str(state)).splitlines()
    assert run("explain", str(place.workspace), "--profile", stranger, *where).startswith("u1: ")
    unknown = ("explain", str(place.workspace), "--profile", "nobody")
    assert run(*unknown, *where).splitlines()[0] == run(*unknown, "--state", str(state)).splitlines()[0]
