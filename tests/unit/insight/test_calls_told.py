"""Webhooks and tasks in words: read, explained and replayed, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import load_workspace
from orchestrator.delivery.question import samples
from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Event
from orchestrator.insight.diff.compare import compare
from orchestrator.insight.explain import explain
from orchestrator.insight.reading.campaign import read_campaign
from orchestrator.insight.reading.tongue import TONGUES
from orchestrator.insight.replay import Replayed, replay
from orchestrator.intake.files import Accepted
from orchestrator.stores.memory import MemoryFile
from tests.unit.insight.conftest import FILES

Make = Callable[..., Path]
START = 1_772_442_000_000
HOUR = 3_600_000
CAMPAIGN = """
campaign: care
stage: awareness
class: transactional
on: {event: Ticket Opened, key: ticket}
then:
  - id: code
    webhook: {to: codes, send: {ticket: {var: event.properties.ticket_id}, of: [{kind: TEN}]}, save: coupon, within: 20m}
    else: [{move_to: repurchase}]
  - id: call
    task: {queue: desk, title: Call, due: 4h, shows: [ticket_id]}
    then: [{move_to: retention}]
"""
SAMPLE = ", sample: {code: TEN}"
MORE = {
    "campaigns/care.yaml": CAMPAIGN,
    "senders.yaml": FILES["senders.yaml"]
    + 'desk: {task: {}}\ncodes: {webhook: {url: "https://hooks.example.org/", sample: {code: TEN}}}\n',
    "policies.yaml": FILES["policies.yaml"] + "transactional: [care]\n",
}


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        (
            "en",
            [
                (
                    "ask codes, up to 20 minutes, saying ticket: the event's ticket_id and of.1.kind: “TEN”,"
                    " and keep the answer as coupon"
                ),
                "desk is asked: “Call”, within 4 hours, and sees ticket_id",
            ],
        ),
        (
            "it",
            [
                (
                    "chiedi a codes, al massimo per 20 minuti, dicendo ticket: ticket_id dell'evento e of.1.kind: “TEN”,"
                    " e tieni la risposta come coupon"
                ),
                "si chiede a desk: “Call”, entro 4 ore, mostrando ticket_id",
            ],
        ),
    ],
)
def test_they_are_read(make: Make, locale: str, told: list[str]) -> None:
    program = load_workspace(make(MORE)).program
    steps = read_campaign(program, program.campaigns["care"], TONGUES[locale]).steps
    assert [step.words for step in steps] == told


def replayed(
    make: Make, *events: tuple[int, str, dict[str, Any]], until: int, sample: str = SAMPLE
) -> tuple[Any, MemoryFile, Replayed]:
    senders = MORE["senders.yaml"].replace(SAMPLE, sample)
    workspace, file = load_workspace(make({**MORE, "senders.yaml": senders})), MemoryFile()
    lines = [
        Accepted(START + at, "f", n, Event(f"m{n}", START + at, name=name, user_id="ada", properties=properties))
        for n, (at, name, properties) in enumerate(events)
    ]
    found = replay(
        workspace.program,
        lines,
        [file.partition(0)],
        until=START + until,
        every_profile=file.every_profile,
        samples=samples(workspace.senders),
    )
    return workspace, file, found


OPENED = (0, "Ticket Opened", {"ticket_id": "T-1"})
DONE = (HOUR, "Task Done", {"campaign": "care", "step": "call", "outcome": "calm"})


def test_a_replay_answers_with_the_sample_and_writes_both_down(make: Make, tmp_path: Path) -> None:
    _, _, found = replayed(make, OPENED, DONE, until=2 * HOUR)
    assert found.summary()["tasks"] == {"desk": {"done": 1}}
    assert found.summary()["webhooks"] == {"codes": {"answered": 1}}
    (task,), (call,) = list(found.tasks()), list(found.calls())
    assert (task["state"], task["outcome"], task["overdue"], task["shows"]) == ("done", "calm", False, {"ticket_id": "T-1"})
    assert (call["state"], call["to"], call["tries"], call["at"]) == ("answered", "codes", 1, iso(START))
    found.write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"tasks.jsonl", "calls.jsonl"}


@pytest.mark.parametrize(
    ("locale", "asked", "opened", "waits"),
    [
        ("en", 'codes: {"code": "TEN"}, the `sample` of senders.yaml', "desk: Call, due", "waits for desk: Call"),
        ("it", 'codes: {"code": "TEN"}, il `sample` di senders.yaml', "desk: Call, entro il", "attende desk: Call"),
    ],
)
def test_they_are_explained(make: Make, locale: str, asked: str, opened: str, waits: str) -> None:
    workspace, file, _ = replayed(make, OPENED, until=2 * HOUR)
    told = explain(workspace.program, file, "ada", campaign="care", tongue=TONGUES[locale])
    outcomes = {entry["outcome"]: entry for entry in told.entries}
    assert asked in outcomes["webhook_answered"]["reason"]
    assert opened in outcomes["task_open"]["reason"]
    assert told.under_way[0].waits == waits


def test_an_answer_that_only_stands_in_is_said(make: Make) -> None:
    workspace, file, _ = replayed(make, OPENED, until=2 * HOUR, sample="")
    told = explain(workspace.program, file, "ada", campaign="care")
    (answered,) = [entry for entry in told.entries if entry["outcome"] == "webhook_answered"]
    assert answered["reason"].startswith("codes: {}, which stands in, as a replay asks nobody")


def test_diff_counts_them_on_both_sides(make: Make) -> None:
    old = load_workspace(make({**MORE, "campaigns/care.yaml": None, "policies.yaml": FILES["policies.yaml"]}))
    new = load_workspace(make(MORE))
    log = make(MORE).parent / "events.jsonl"
    opened = {
        "messageId": "1",
        "type": "track",
        "userId": "ada",
        "event": OPENED[1],
        "properties": OPENED[2],
        "timestamp": iso(START),
    }
    log.write_text(json.dumps(opened) + "\n", encoding="utf-8")
    found = compare(old.program, new.program, [log], samples=({}, samples(new.senders)))
    assert (found.old.tasks, found.old.webhooks) == ({}, {})
    assert (found.new.tasks, found.new.webhooks) == ({"desk": 1}, {"codes": 1})
