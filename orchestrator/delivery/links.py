"""Links in messages to our own pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from orchestrator.delivery.limits import UNSUBSCRIBE_CHARS
from orchestrator.domain.choices import CONFIRM, PREFERENCES, UNSUBSCRIBE, Choice, Purpose, signed_choice
from orchestrator.domain.consent import EVERY_CHANNEL, GIVEN
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.suppression import hashed
from orchestrator.domain.survey import LINK_LIFE_MS, Link, Survey, signed


@dataclass(frozen=True, slots=True)
class SurveyLinks:
    """Where recipients answer. `base` is the door as they reach it; of `keys` the first signs."""

    base: str
    keys: Callable[[], tuple[bytes, ...]]

    def url(self, outgoing: Outgoing) -> str:
        """The link of a message that asks a survey, good for as long as it says."""
        until = outgoing.not_after + LINK_LIFE_MS
        link = Link(outgoing.message_id, Survey(outgoing.survey, "text").tag, outgoing.person, outgoing.locale, until)
        return f"{self.base}/s/{signed(link, self.keys()[0])}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a message gets by which its recipient can choose: values for its template, and headers."""

    urls: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoiceLinks:
    """Where recipients choose. `base` is the door as they reach it; of `keys` the first signs; `mailbox` takes mail, if any."""

    base: str
    keys: Callable[[], tuple[bytes, ...]]
    address_key: Callable[[], bytes]
    mailbox: str = ""

    def of(self, outgoing: Outgoing) -> Chosen:
        """The links of a message, and for marketing by email the headers of RFC 2369 and, over https, RFC 8058."""
        keys = self.keys()
        if not keys or not self.base or outgoing.channel not in ("email", "sms"):
            return Chosen()
        urls = {
            UNSUBSCRIBE: self._url("u", outgoing, outgoing.channel, outgoing.topic),
            PREFERENCES: self._url("p", outgoing, outgoing.channel, outgoing.topic),
        }
        asked = _asked(outgoing)
        if asked is not None:
            urls[CONFIRM] = self._url("c", outgoing, *asked)
        marketing = outgoing.channel == "email" and outgoing.cls == "marketing"
        return Chosen(urls, self._headers(urls[UNSUBSCRIBE]) if marketing else {})

    def _headers(self, url: str) -> dict[str, str]:
        mailbox = f", <mailto:{self.mailbox}?subject={quote('unsubscribe ' + url.rpartition('/')[2])}>" if self.mailbox else ""
        by = f"<{url}>{mailbox}"
        found = {"List-Unsubscribe": by if len(by) <= UNSUBSCRIBE_CHARS else f"<{url}>"}
        return {**found, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url.startswith("https://") else found

    def _url(self, purpose: Purpose, outgoing: Outgoing, channel: str, topic: str) -> str:
        address = hashed(self.address_key(), outgoing.channel, outgoing.to)
        choice = Choice(
            purpose, outgoing.message_id, address, outgoing.not_after, outgoing.locale, channel, topic, outgoing.person
        )
        return f"{self.base}/{purpose}/{signed_choice(choice, self.keys()[0])}"


@dataclass(frozen=True, slots=True)
class PageLinks:
    """All links to our own pages."""

    surveys: SurveyLinks
    choices: ChoiceLinks


def _asked(outgoing: Outgoing) -> tuple[str, str] | None:
    """(channel, topic) that a message about a `Consent Given` asks to confirm."""
    event = outgoing.context.get("event")
    if not isinstance(event, dict) or event.get("event") != GIVEN:
        return None
    topic, channel = event["properties"].get("topic"), event["properties"].get("channel")
    return (channel if isinstance(channel, str) else EVERY_CHANNEL, topic) if isinstance(topic, str) else None
