"""What a replay tells beside its decisions: texts that fail, people without an address, runs under way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import load_workspace
from orchestrator.delivery.render import Renderer
from orchestrator.insight.replay import Replayed, replay
from orchestrator.intake.files import read_events
from orchestrator.stores.memory import MemoryFile

Make = Callable[..., Path]
GREETS = "<p>Hello</p>\n<p>{{ profile.traits.first_name | default('you') }}</p>"
EVENTS = [
    {"type": "identify", "userId": "anna", "timestamp": "2026-03-02T08:00:00Z", "traits": {"email": "a@example.com"}},
    {"type": "identify", "userId": "ben", "timestamp": "2026-03-02T08:00:00Z", "traits": {"first_name": ["Ben"]}},
    *(
        {
            "type": "track",
            "userId": user,
            "event": event,
            "timestamp": f"2026-03-02T09:0{minute}:00Z",
            "properties": properties,
        }
        for minute, user in enumerate(("anna", "ben"))
        for event, properties in (
            ("Consent Given", {"topic": "reminders"}),
            ("Cart Updated", {"cart_id": user, "total": 80}),
        )
    ),
]
PROFILE = """
traits: {type: object, properties: {email: {type: string}, phone: {type: string}, first_name: {type: string}}}
features:
  orders: {count: Order Completed}
  spent_365d: {sum: properties.total, of: Order Completed, over: 365d}
  days_since_order: {days_since: Order Completed}
  open_tickets: {open: Ticket Opened, closed_by: Ticket Closed, key: ticket}
"""
HOURS_MS = 3_600_000


@pytest.fixture
def replayed(make: Make, tmp_path: Path) -> Callable[..., Replayed]:
    def run(*, render: bool = True, hours: int = 2) -> Replayed:
        log = tmp_path / "events.jsonl"
        log.write_text("\n".join(json.dumps({**event, "messageId": str(n)}) for n, event in enumerate(EVENTS)))
        workspace = load_workspace(make({"templates/hello/email.html": GREETS, "profile.yaml": PROFILE}))
        file = MemoryFile()
        lines = list(read_events([log]))
        return replay(
            workspace.program,
            lines,
            [file.partition(0)],
            until=max(line.arrival for line in lines) + hours * HOURS_MS,
            every_profile=file.every_profile,
            render=Renderer(workspace.templates, workspace.senders).render if render else None,
        )

    return run


def test_a_message_that_cannot_be_rendered_is_counted_with_file_line_and_expression(replayed: Callable[..., Replayed]) -> None:
    result = replayed()
    (failure,) = result.summary()["refused_at_rendering"]
    assert (failure["campaign"], failure["template"], failure["messages"]) == ("cart", "hello", 1)
    assert (failure["file"], failure["line"]) == ("templates/hello/email.html", 2)
    assert "`profile.traits.first_name | default('you')`: prints null, a list or an object" in failure["reason"]
    rows = {row["profile"]: row for row in result.messages()}
    assert rows["ben"]["rendering"] == failure["reason"]
    assert "rendering" not in rows["anna"]


def test_rendering_changes_no_decision(replayed: Callable[..., Replayed]) -> None:
    with_texts, without = replayed().summary(), replayed(render=False).summary()
    assert without["refused_at_rendering"] == []
    assert with_texts["messages"] == {**with_texts["messages"], "cart": {"accepted": 2}}
    assert {**with_texts, "refused_at_rendering": []} == without


def test_messages_for_people_without_an_address_are_counted_by_channel(replayed: Callable[..., Replayed]) -> None:
    assert replayed().summary()["without_address"] == {"email": 1}


def test_runs_under_way_at_the_end_are_counted(replayed: Callable[..., Replayed]) -> None:
    def under_way(hours: int) -> dict[str, Any]:
        return {name: campaign["under_way"] for name, campaign in replayed(hours=hours).summary()["campaigns"].items()}

    assert under_way(2) == {"cart": 2, "win-back": 0}
    assert under_way(48) == {"cart": 0, "win-back": 0}
