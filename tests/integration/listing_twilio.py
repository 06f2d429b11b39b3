"""A Twilio on loopback as far as one text after another goes: it takes, lists, and signs what it tells, of one text in two."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from twilio.request_validator import RequestValidator

from tests.integration.fault_proxy import Quiet, serving_by

SID, TOKEN, NUMBER = "AC" + "0" * 32, "token", "+15551234567"
AGAIN_S = 0.5


def by_sms(workspace: Path) -> None:
    """Everything that the small workspace sends goes as a text; no two say the same, for a look could not tell them apart."""
    for campaign in (workspace / "campaigns").glob("*.yaml"):
        campaign.write_text(campaign.read_text().replace("channel: email", "channel: sms"))
    profile, senders = workspace / "profile.yaml", workspace / "senders.yaml"
    profile.write_text(profile.read_text().replace("email: {type: string}", "email: {type: string}, phone: {type: string}"))
    senders.write_text(f"shop: {{sms: {{from: '{NUMBER}'}}}}\n")
    for template in (workspace / "templates").iterdir():
        (template / "email.txt").rename(template / "sms.txt")
        (template / "template.yaml").write_text("sender: shop\n")
    for offer in ("offer", "offer-again"):
        (workspace / "templates" / offer / "sms.txt").write_text(offer + ": {{ event.properties.order_id }}\n")


@dataclass
class Twilio:
    """`takes` hears of each text before it is answered."""

    hook: str
    takes: Callable[[str], None] | None = None
    taken: Counter[str] = field(default_factory=Counter)
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """message id → words that somebody has answered for."""
    statuses: Counter[int] = field(default_factory=Counter)
    closing: bool = False
    _listed: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def idle(self) -> bool:
        with self._lock:
            return not self._waiting

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        ident = parse_qs(urlsplit(form["StatusCallback"]).query)["message_id"][0]
        with self._lock:
            number = next(self._numbers)
            self.taken[ident] += 1
            text = {"sid": f"SM{number:032x}", "to": form["To"], "from": form["From"], "body": form["Body"]}
            text |= {"direction": "outbound-api", "date_created": formatdate(time.time())}
            self._listed.append(text)
            if number % 2:
                self._waiting.append((form["StatusCallback"], text["sid"]))
        if self.takes is not None:
            self.takes(ident)
        return text

    def list_to(self, number: str) -> list[dict[str, Any]]:
        with self._lock:
            return [text for text in self._listed if text["to"] == number][-1000:][::-1]

    def tell(self) -> None:
        """Say of each that it was delivered, until that is heard."""
        while not self.closing:
            with self._lock:
                told, self._waiting = self._waiting[:], []
            for url, sid in told:
                if not self._told(url, sid):
                    with self._lock:
                        self._waiting.append((url, sid))
            time.sleep(AGAIN_S)

    def _told(self, url: str, sid: str) -> bool:
        form = {"MessageSid": sid, "MessageStatus": "delivered", "To": "+39333", "From": NUMBER}
        signature = RequestValidator(TOKEN).compute_signature(url, form)
        asked = Request(url, urlencode(form).encode(), {"X-Twilio-Signature": signature})  # noqa: S310 - loopback
        try:
            with urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
                status = answer.status
        except (OSError, URLError):
            return False
        self.statuses[status] += 1
        self.said[parse_qs(urlsplit(url).query)["message_id"][0]].add("delivered")
        return True


@contextmanager
def twilio_listening(twilio: Twilio) -> Iterator[dict[str, str]]:
    """Serve it on loopback; gives what leads our adapter to it."""

    class Provider(Quiet):
        def do_POST(self) -> None:  # noqa: N802
            found = twilio.take(dict(parse_qsl(self.given().decode())))
            with suppress(OSError):
                self.answer(201, {"Content-Type": "application/json"}, json.dumps(found).encode())

        def do_GET(self) -> None:  # noqa: N802
            listed = twilio.list_to(parse_qs(urlsplit(self.path).query)["To"][0])
            with suppress(OSError):
                self.answer(200, {"Content-Type": "application/json"}, json.dumps({"messages": listed}).encode())

    with serving_by(Provider) as url:
        telling = threading.Thread(target=twilio.tell, daemon=True)
        telling.start()
        try:
            yield {
                "ORCHESTRATOR_SMS": "twilio",
                "ORCHESTRATOR_TWILIO_ACCOUNT_SID": SID,
                "ORCHESTRATOR_TWILIO_AUTH_TOKEN": TOKEN,
                "ORCHESTRATOR_TWILIO_BASE_URL": url,
            }
        finally:
            twilio.closing = True
            telling.join(30)
