"""A Twilio that remembers what it was sent, lists it, and signs what it tells: `emulate` 0.12.2, a process beside the test."""

from __future__ import annotations

import fcntl
import http.client
import json
import shutil
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.integration.serving import until
from tests.ports import free_port

HERE = Path(__file__).parents[1] / "conformance" / "emulate"
SID, TOKEN, NUMBER = "AC" + "0" * 32, "twilio_test_auth_token", "+15551234567"
PATIENCE_S = 240
_SEED = """\
twilio:
  account: {{sid: {sid}, auth_token: {token}}}
  phone_numbers:
    - {{phone_number: "{number}", sms_url: "{texts}"}}
"""


def installed() -> str:
    """Install it beside its lock file where it is absent; why that cannot be, or nothing."""
    if shutil.which("npm") is None:
        return "npm is not installed"
    with (HERE / "package.json").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (HERE / "node_modules" / ".bin" / "node").exists():
            return ""
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return "" if done.returncode == 0 else f"npm could not install emulate: {done.stderr[-300:]}"


@dataclass(frozen=True)
class Twilio:
    """One that runs. `settings` lead our adapter to it."""

    port: int

    @property
    def settings(self) -> dict[str, str]:
        return {"account_sid": SID, "auth_token": TOKEN, "base_url": f"http://127.0.0.1:{self.port}"}

    def listed(self) -> list[dict[str, Any]]:
        """Every message that it knows, the newest first."""
        found: list[dict[str, Any]] = self._ask("GET", f"/2010-04-01/Accounts/{SID}/Messages.json?PageSize=1000")["messages"]
        return found

    def becomes(self, sid: str, status: str, code: str = "") -> None:
        """A message's status changes, which it tells."""
        self._ask("POST", "/_twilio/simulate/message-status", MessageSid=sid, Status=status, ErrorCode=code)

    def texted(self, sender: str, body: str) -> None:
        """Somebody texts our number."""
        self._ask("POST", "/_twilio/simulate/inbound-message", To=NUMBER, From=sender, Body=body)

    def _ask(self, method: str, path: str, **form: str) -> dict[str, Any]:
        headers = {
            "authorization": "Basic " + b64encode(f"{SID}:{TOKEN}".encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            told: dict[str, Any] = json.loads(answer.read())
            assert answer.status < 300, told
            return told
        finally:
            connection.close()


@contextmanager
def emulated(folder: Path, texts: str) -> Iterator[Twilio]:
    """Run one until the block ends; `texts` is where it passes on what people text us."""
    seed, port = folder / "twilio.yaml", free_port()
    seed.write_text(_SEED.format(sid=SID, token=TOKEN, number=NUMBER, texts=texts), encoding="utf-8")
    run = [str(HERE / "node_modules" / ".bin" / name) for name in ("node", "emulate")]
    command = [*run, "start", "--service", "twilio", "--port", str(port), "--seed", str(seed)]
    with (folder / "emulate.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until(lambda: _answers(port), "emulate to listen")
            yield Twilio(port)
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
