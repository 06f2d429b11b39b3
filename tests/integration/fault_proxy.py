"""A provider on loopback that speaks SendGrid, and a proxy before it that loses answers after they were given."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
SAID = (
    ("processed", "delivered", "open"),
    ("processed", "deferred", "delivered"),
    ("delivered", "click"),
    ("processed", "bounce"),
)
RANKS = {"processed": "accepted", "deferred": "accepted", "bounce": "bounced"}
COPIES = (1, 1, 2, 3, 46)
"""How often one event is told: 46 is the most that anybody has reported."""
AGAIN_S = 0.5


class Quiet(BaseHTTPRequestHandler):
    """One request; the answer is written by hand."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def given(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass
class SendGrid:
    """What it took, by our message id, and what it tells of that to `hook`, again and again until it is answered with 2xx."""

    seed: int
    hook: str = ""
    latest_s: float = 2.0
    """How late it tells."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    taken: Counter[str] = field(default_factory=Counter)
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """message id → words that somebody has answered for"""
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    takes: Callable[[str], None] | None = None
    """Hears of each message before it is answered."""
    closing: bool = False
    _agenda: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    _telling: int = 0
    """Events on their way just now."""
    _numbers: Iterator[int] = field(default_factory=count)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def shown(self) -> str:
        """Its verification key, as its page shows it."""
        return b64encode(self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def take(self, body: bytes) -> str:
        person = json.loads(body)["personalizations"][0]
        args, email = person["custom_args"], person["to"][0]["email"]
        with self.lock:
            number = next(self._numbers)
            self.taken[args["message_id"]] += 1
            for place, word in enumerate(self._random.choice(SAID)):
                event = {
                    "event": word,
                    "email": email,
                    "timestamp": int(time.time()),
                    "sg_event_id": f"{number}-{place}",
                    **args,
                }
                event |= (
                    {"type": "blocked"} if word == "bounce" else {"url": "https://shop.example/"} if word == "click" else {}
                )
                for _ in range(self._random.choice(COPIES)):
                    heappush(
                        self._agenda, (time.monotonic() + self._random.random() * self.latest_s, next(self._numbers), event)
                    )
        if self.takes is not None:
            self.takes(args["message_id"])
        return f"x-{number}"

    @property
    def idle(self) -> bool:
        with self.lock:
            return not (self._agenda or self._telling)

    def tell(self) -> None:
        """Bring what is due, some events at once, until told to close."""
        while not self.closing:
            with self.lock:
                due = []
                while self._agenda and self._agenda[0][0] <= time.monotonic() and len(due) < 40:
                    due.append(heappop(self._agenda)[2])
                self._random.shuffle(due)
                self._telling = len(due)
            if not due or not self._told(due):
                time.sleep(0.05 if not due else AGAIN_S)

    def _told(self, events: list[dict[str, Any]]) -> bool:
        status = self._post(json.dumps(events).encode())
        with self.lock:
            self._telling = 0
            self.statuses[status] += 1
            if status == 200:
                for one in events:
                    self.said[one["message_id"]].add(one["event"])
                return True
            for one in events:
                heappush(self._agenda, (time.monotonic() + AGAIN_S, next(self._numbers), one))
        return False

    def _post(self, body: bytes) -> int:
        parts = urlsplit(self.hook)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        try:
            connection.request("POST", parts.path, body, signed(self.key, body))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def signed(key: ec.EllipticCurvePrivateKey, body: bytes) -> dict[str, str]:
    """The headers by which SendGrid is known."""
    stamp = str(int(time.time()))
    return {SIGNATURE: b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode(), TIMESTAMP: stamp}


@dataclass
class Faults:
    """How often the proxy loses an answer, and how many it has lost."""

    seed: int
    share: float
    lost: int = 0
    passed: int = 0


@contextmanager
def sendgrid_behind_a_proxy(provider: SendGrid, faults: Faults) -> Iterator[str]:
    """Serve both on loopback; gives the proxy's address."""

    class Provider(Quiet):
        def do_POST(self) -> None:
            self.answer(202, {"X-Message-Id": provider.take(self.given())})

    with serving_by(Provider) as behind, serving_by(_proxy(behind, faults)) as before:
        telling = threading.Thread(target=provider.tell, daemon=True)
        telling.start()
        try:
            yield before
        finally:
            provider.closing = True
            telling.join(30)


def _proxy(behind: str, faults: Faults) -> type[Quiet]:
    chance, lock, parts = random.Random(faults.seed), threading.Lock(), urlsplit(behind)

    class Proxy(Quiet):
        def do_POST(self) -> None:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
            connection.request("POST", self.path, self.given())
            found = connection.getresponse()
            body, headers = found.read(), {"X-Message-Id": found.headers["X-Message-Id"]}
            connection.close()
            with lock:
                lost = chance.random() < faults.share
                faults.lost, faults.passed = faults.lost + lost, faults.passed + (not lost)
            if lost:
                self.close_connection = True
                return
            with suppress(OSError):
                self.answer(found.status, headers, body)

    return Proxy


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Those who call are killed in the middle of a word."""


@contextmanager
def serving_by(handler: type[Quiet]) -> Iterator[str]:
    """Serve on loopback; gives the address."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
