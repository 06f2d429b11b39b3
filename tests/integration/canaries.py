"""People whose every trait, address, name and property holds a word that must never be seen where operators look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller

from tests.integration.serving import Serve, track
from tests.integration.small_workspace import write_workspace
from tests.ports import free_port

CALLER = f"00-{0xABC:032x}-{0xDEF:016x}-01"
"""The trace that the sender of the events is in."""
CANARY = "kanarie"
"""Inside every value that a person or a provider gives in these tests."""
_ENDLESS = (
    "{% for a in event.properties.lines %}{% for b in event.properties.lines %}{% for c in event.properties.lines %}"
    "{{ a }}{% endfor %}{% endfor %}{% endfor %}\n"
)
"""Admitted by the check, and more than a rendering may do where there are many lines."""
_EVENT = """\
event: Course Begun
properties: {type: object, required: [lines], properties: {lines: {type: array, items: {type: string}}}}
sample: {lines: [one]}
"""


_ASKING = """\
campaign: asking
stage: interest
class: transactional
reentry: always
on: {event: Order Completed, key: order}
then:
  - webhook: {to: codes, send: {order: {var: event.properties.order_id}}, within: 5m}
    else: [exit]
"""
_CODES = 'codes: {webhook: {url: "%s"}}\n'


class Refusing:
    """A mail server that refuses some and says whom, and what they were told."""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("no-"):
            return f"550 5.1.1 {address} is nobody whom I know"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if any(address.startswith("spam-") for address in envelope.rcpt_tos):
            return f"554 5.7.1 {envelope.rcpt_tos[0]}: {envelope.content[:60]!r} is spam"
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[dict[str, str]]:
    """The settings that lead to it."""
    port = free_port()
    running = Controller(Refusing(), hostname="127.0.0.1", port=port)
    running.start()
    try:
        smtp = {"HOST": "127.0.0.1", "PORT": str(port), "TLS": "none"}
        yield {"ORCHESTRATOR_EMAIL": "smtp", **{f"ORCHESTRATOR_SMTP_{name}": value for name, value in smtp.items()}}
    finally:
        running.stop()


def workspace(folder: Path, url: str) -> Path:
    """With a text that takes for ever for some people, and a webhook that asks what is there."""
    write_workspace(folder)
    (folder / "events/course-begun.yaml").write_text(_EVENT, encoding="utf-8")
    (folder / "templates/lesson-old/email.txt").write_text(_ENDLESS, encoding="utf-8")
    (folder / "campaigns/asking.yaml").write_text(_ASKING, encoding="utf-8")
    for name, before, after in (("policies", "[receipt]", "[receipt, asking]"), ("senders", "shop:", f"{_CODES % url}shop:")):
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    course = folder / "campaigns/course.yaml"
    course.write_text(course.read_text(encoding="utf-8").replace("wait: 4s", "wait: 1s"), encoding="utf-8")
    return folder


def emitted(turn: int = 0) -> list[dict[str, Any]]:
    """What three of them do: one is taken, one's address is nobody's, one's letter is spam; then what cannot be an event."""
    found: list[dict[str, Any]] = []
    for kind in ("ok-", "no-", "spam-"):
        user = f"{kind}{CANARY}-{turn}"
        traits = {"email": f"{user}@{CANARY}.example", "first_name": CANARY, CANARY: CANARY}
        found.append({"type": "identify", "userId": user, "messageId": f"{user}-i", "traits": traits})
        bought = {"order_id": f"{CANARY}-{user}", "total": 1, CANARY: CANARY}
        found.append(track(f"{user}-o", user, "Order Completed", **bought))
    user = f"ok-{CANARY}-{turn}"
    found.append(track(f"{user}-c", user, "Course Begun", lines=[CANARY] * 300))
    found.append(track(f"{user}-w", user, "Order Completed", order_id=CANARY, total=CANARY))
    return [*found, {"type": "track", "userId": CANARY, "messageId": f"{user}-n", "event": {CANARY: CANARY}}]


def lives(life: Serve) -> None:
    """All of it, and bodies that are none."""
    httpx.post(f"{life.url()}/v1/batch", json={"batch": emitted()}, headers={"traceparent": CALLER}).raise_for_status()
    for body in (f'{{"{CANARY}": '.encode(), json.dumps({"batch": CANARY}).encode(), f'"{CANARY}"'.encode()):
        httpx.post(f"{life.url()}/v1/batch", content=body)
    httpx.get(f"{life.url()}/u/{CANARY}")
    httpx.get(f"{life.url()}/{CANARY}?{CANARY}={CANARY}")
