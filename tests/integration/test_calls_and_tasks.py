"""A webhook asked and a task done through `serve` as it is run: real sockets, a signature, the command beside it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.serving import PATIENCE_S, ROOT, identify, order, sent_to, serving, start, until
from tests.integration.small_workspace import write_workspace

KEY = b"k" * 24
CAMPAIGN = """\
campaign: gift
stage: retention
class: transactional
reentry: always
on: {event: Order Completed, key: order}
then:
  - webhook: {to: codes, send: {order: {var: event.properties.order_id}}, save: gift, within: 5m}
    else: [exit]
  - send: {template: gift, channel: email, with: {code: {var: enrolment.gift.code}}}
  - id: pack
    task: {queue: desk, title: Pack it, due: 1h, shows: [order_id]}
    then: [{send: {template: packed, channel: email}}]
"""


class _Codes(BaseHTTPRequestHandler):
    """Busy at first; then it answers, and writes down what it was asked."""

    asked: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        said = b'{"code": "G-7"}'
        self.send_response(503 if len(self.asked) == 1 else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@contextmanager
def codes() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    asked: list[tuple[dict[str, str], bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Codes", (_Codes,), {"asked": asked}))
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/codes", asked
    finally:
        server.shutdown()
        running.join()
        server.server_close()


def workspace(folder: Path, url: str) -> Path:
    write_workspace(folder)
    senders = (folder / "senders.yaml").read_text(encoding="utf-8")
    (folder / "senders.yaml").write_text(
        f'{senders}desk: {{task: {{}}}}\ncodes: {{webhook: {{url: "{url}", secret: "env:CODES"}}}}\n'
    )
    policies = (folder / "policies.yaml").read_text(encoding="utf-8")
    (folder / "policies.yaml").write_text(policies.replace("transactional: [receipt]", "transactional: [receipt, gift]"))
    (folder / "campaigns" / "gift.yaml").write_text(CAMPAIGN)
    for name, settings in (("gift", "inputs: {code: {type: string}}\n"), ("packed", "")):
        (folder / "templates" / name).mkdir()
        (folder / "templates" / name / "template.yaml").write_text(f"sender: shop\nsubject: {name}\n{settings}")
        (folder / "templates" / name / "email.txt").write_text("Your gift {{ code }}\n" if settings else "Packed\n")
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "state.sqlite"


def command(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    ).stdout


def test_a_webhook_is_asked_again_and_a_task_is_done_by_the_command(tmp_path: Path, state: Path) -> None:
    secret = f"whsec_{base64.b64encode(KEY).decode()}"
    with codes() as (url, asked):
        given = {"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true", "CODES": secret}
        with serving(workspace(tmp_path / "workspace", url), state, **given) as life:
            life.post([identify("m-1", "ada"), order("m-2", "ada")])
            until(lambda: "Your gift G-7" in sent_to(state, "ada"), "the gift")
            (task,) = until(lambda: json.loads(command("tasks", "--state", str(state), "--format", "json")), "the task")
            assert (task["profile"], task["queue"], task["shows"]) == ("ada", "desk", {"order_id": "O-m-2"})
            done = (
                "tasks",
                "--state",
                str(state),
                "--done",
                task["task"],
                "--outcome",
                "packed twice",
                "--door",
                life.url() or "",
            )
            assert command(*done) == f"{task['task']} is done\n"
            until(lambda: "Packed" in sent_to(state, "ada"), "what follows the task")
            assert command("tasks", "--state", str(state)) == "no open tasks\n"
    assert [body for _, body in asked] == [b'{"order":"O-m-2"}'] * 2
    assert len({headers["webhook-id"] for headers, _ in asked}) == 1
    for headers, body in asked:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{wanted}"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"CODES": "whsec_AAAA"}, "plain http is not asked"),
        ({"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true"}, "env:CODES: the secret is empty or not set"),
    ],
)
def test_what_could_not_be_asked_is_told_before_anything_is_served(
    tmp_path: Path, state: Path, environment: dict[str, str], told: str
) -> None:
    life = start(workspace(tmp_path / "workspace", "http://127.0.0.1:9/codes"), state, **environment)
    try:
        assert life.ended() == 2
    finally:
        life.kill()
    assert told in life.said()
    assert "whsec_" not in life.said()
