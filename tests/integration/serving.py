"""`orchestrator serve` as real processes on loopback: start, talk to, stop and kill them, read what they left."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from orchestrator.domain.input import ProfileInput
from orchestrator.domain.profile import Profile, unseal
from orchestrator.insight.accepted import given_of
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import JournalRow
from orchestrator.stores.reader import SqliteReader, open_reader

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
"""Nothing takes so long, except on a machine that is very busy."""
LOOK_S = 0.03
_LISTENING = re.compile(r"""listening on ([^\s"]+)["\n]""")
"""In a line of text, or in one of JSON."""

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str, patience: float = PATIENCE_S) -> Found:
    """Look again and again until there is something; AssertionError says what never came."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for {what}"
        time.sleep(LOOK_S)


def running(pid: int) -> bool:
    """Whether that process is there and not only waiting to be collected."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def children(pid: int) -> list[int]:
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    return [int(row.split()[0]) for row in rows if row.split()[1:] == [str(pid)]]


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Serve:
    """One life of `serve`: the edge that was started here, and its engine."""

    process: subprocess.Popen[bytes]
    log: Path
    _url: str = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def engine(self) -> int:
        """The engine's process; waits until there is one."""
        return until(lambda: next(iter(self.children()), None), "an engine process")

    def children(self) -> list[int]:
        return children(self.pid)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def url(self) -> str | None:
        """Where it listens, once it says so."""
        if not self._url:
            found = _LISTENING.search(self.said())
            self._url = found[1] if found else ""
        return self._url or None

    def listening(self) -> Serve:
        """Wait until it is ready."""
        until(lambda: self.url() or self.process.poll() is not None, "`listening on`")
        assert self.url(), f"ended with {self.process.poll()} before it listened:\n{self.said()}"
        return self

    def ask(self, events: Sequence[dict[str, Any]]) -> Asked:
        """Send one batch; its answer can be read later."""
        return Asked(self.url() or "", events)

    def post(self, events: Sequence[dict[str, Any]]) -> Answer:
        return self.ask(events).answer()

    def page(self, path: str) -> str:
        """What one of its pages says."""
        parts = urlsplit(self.url() or "")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        connection.request("GET", f"/{path}")
        told = connection.getresponse().read().decode()
        connection.close()
        return told

    def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End the whole group at once, whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)


def start(workspace: Path, state: Path, *, port: int = 0, more: Sequence[str] = (), **environment: str) -> Serve:
    """Start `serve` in a process group of its own; does not wait for it."""
    number = len(list(state.parent.glob("serve-*.log"))) + 1
    log = state.parent / f"serve-{number}.log"
    command = [sys.executable, "-m", "orchestrator", "serve", str(workspace), "--state", str(state), "--port", str(port)]
    command += more
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True, env={**os.environ, **environment}
        )
    return Serve(process, log)


@contextmanager
def serving(workspace: Path, state: Path, *, port: int = 0, **environment: str) -> Iterator[Serve]:
    """Serve until the block ends; nothing of it outlives the block."""
    life = start(workspace, state, port=port, **environment)
    try:
        yield life.listening()
    finally:
        life.kill()


class Asked:
    """A batch that has been sent and whose answer has not been read."""

    def __init__(self, url: str, events: Sequence[dict[str, Any]], patience: float = PATIENCE_S) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
        try:
            self._connection.request("POST", "/v1/batch", *_body(events))
        except OSError:
            self._connection.close()
            raise

    def fileno(self) -> int:
        return self._connection.sock.fileno()

    def answer(self) -> Answer:
        """Wait for it; OSError or HTTPException where none comes."""
        try:
            return _read(self._connection)
        finally:
            self._connection.close()


def _body(events: Sequence[dict[str, Any]]) -> tuple[str, dict[str, str]]:
    return json.dumps({"batch": list(events)}), {"content-type": "application/json"}


def _read(connection: http.client.HTTPConnection) -> Answer:
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, headers, json.loads(answer.read()))


def track(message_id: str, user: str, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": message_id, "userId": user, "properties": properties}


def identify(message_id: str, user: str) -> dict[str, Any]:
    return {"type": "identify", "messageId": message_id, "userId": user, "traits": {"email": f"{user}@example.com"}}


def order(message_id: str, user: str, total: float = 10.0) -> dict[str, Any]:
    return track(message_id, user, "Order Completed", order_id=f"O-{message_id}", total=total)


def events_of(state: Path) -> list[dict[str, Any]]:
    """What `orchestrator events` prints."""
    command = [sys.executable, "-m", "orchestrator", "events", "--state", str(state)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return [json.loads(line) for line in printed.stdout.splitlines()]


def sent(state: Path, channel: str = "email") -> list[dict[str, Any]]:
    """What the file channel wrote; a line without its end is being written, or its worker died in it."""
    path = state.parent / "outbox" / f"{channel}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def sent_to(state: Path, user: str) -> list[str]:
    """The texts that a user got, in order."""
    return [message["body_text"].strip() for message in sent(state) if message["to"] == f"{user}@example.com"]


def inputs_of(state: Path, user: str) -> list[tuple[JournalRow, ProfileInput]]:
    """A user's journal, oldest first."""
    with open_reader(state) as reader:
        key = reader.key_of(f"u:{user}")
        assert key is not None, f"{user} has no profile"
        return [(row, given_of(row.given)) for row in reader.history(key)]


def rows_of(reader: SqliteReader) -> Iterator[tuple[JournalRow, ProfileInput]]:
    """The journal of all profiles, with each row's input."""
    return ((row, given_of(row.given)) for row in reader.journal() if row.key != PARTITION_KEY)


def profiles_of(reader: SqliteReader) -> Iterator[tuple[int, Profile]]:
    """Every profile as it is stored."""
    for key, record in reader._run("select key, record from profiles order by key"):
        yield key, unseal(record)
