"""The address list: where nothing more is sent, whoever the address belongs to now.

An address stands in it as a keyed hash, so that the list outlives what is erased and names nobody. Its verdict comes to
`decide` as a refusal of the gate `suppression`, inside the hand-off.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from orchestrator.domain.chance import id_of
from orchestrator.domain.consent import GIVEN, WITHDRAWN, consented
from orchestrator.domain.input import Event, Refusal
from orchestrator.domain.policies import Policies
from orchestrator.domain.profile import Profile

Kind = Literal["stop", "unsubscribed", "bounce", "complaint", "invalid", "erased", "imported"]
GATE = "suppression"
ALL, MARKETING = "all", "marketing"
SENDER, TOPIC = "sender:", "topic:"
USUAL: Mapping[str, str] = {
    "stop": ALL,
    "unsubscribed": MARKETING,
    "bounce": ALL,
    "complaint": MARKETING,
    "invalid": ALL,
    "erased": ALL,
    "imported": MARKETING,
}
"""kind → what an entry of it stops where nothing else is said.

STOP ends everything on its channel, for carriers and providers block everything too; who unsubscribes or complains wants no
more marketing, and still wants to know that the parcel has left; where nobody reads, nothing is sent at all.
"""
_YIELDING = ("unsubscribed", "imported")
"""Kinds that a later consent to the message's topic and channel outdoes, where no operator has said so."""
OPERATOR, IMPORT = "operator", "import"
"""The sources of what an operator says of one address, and of a list that was brought over."""
HASH_BYTES = 16
_CHECK = b"address list\0"


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """One entry. `scope`: all, marketing, `topic:NAME`, or `sender:ADDRESS` as far as one of our senders goes.

    `lifted`: when it was taken back; it stays, so that it can be told.
    """

    address: bytes
    channel: str
    kind: str
    scope: str
    since: int = 0
    source: str = ""
    reason: str = ""
    lifted: int | None = None

    @property
    def name(self) -> bytes:
        """What tells it apart: of one address, kind and scope there is one entry."""
        return self.address + f"{self.kind}\0{self.scope}".encode()

    @property
    def yields(self) -> bool:
        """Whether a later consent goes before it; what an operator has said of an address stays until one takes it back."""
        return self.kind in _YIELDING and self.scope != ALL and self.source != OPERATOR

    def stops(self, cls: str, topic: str | None, sender: str, agreed_at: int | None = None) -> bool:
        """Whether it stops a message of that class and topic from that sender's address.

        `agreed_at`: when the recipient agreed to it; who did so after unsubscribing means that.
        """
        if self.lifted is not None:
            return False
        if self.yields and agreed_at is not None and agreed_at > self.since:
            return False
        if self.scope == ALL:
            return True
        if self.scope.startswith(SENDER):
            return self.scope[len(SENDER) :] == sender
        return cls != "transactional" and self.scope in (MARKETING, f"{TOPIC}{topic}")


class Word(msgspec.Struct, frozen=True, array_like=True):
    """What somebody said of an address: list it as that, or with `on` False take such entries back.

    An empty `scope` is the kind's usual one; taken back is that scope, or whatever its scope where none is named.
    """

    address: bytes
    channel: str
    kind: str
    scope: str = ""
    at: int = 0
    source: str = ""
    reason: str = ""
    on: bool = True


class Reached(msgspec.Struct, frozen=True, tag_field="input", tag="reached"):
    """To the home of an address: the customer of that raw id was written to there just now."""

    address: bytes
    raw: str


class Heard(msgspec.Struct, frozen=True, tag_field="input", tag="heard"):
    """To the home of an address, and from there to its customer's: an entry of the list that is new or changed."""

    entry: Listed


class Texted(msgspec.Struct, frozen=True, tag_field="input", tag="texted"):
    """To the home of an address: what its customer has written to us."""

    address: bytes
    event: Event


def follows(word: Word, known: Iterable[Listed]) -> list[Listed]:
    """The entries that change by this word; `known` are those of its address.

    One that stands already stays as it was, unless it would yield to a consent, and this one would not or is a later word.
    """
    if word.on:
        scope = word.scope or USUAL.get(word.kind, ALL)
        given = Listed(word.address, word.channel, word.kind, scope, word.at, word.source, word.reason)
        stands = any(one.name == given.name and one.lifted is None and not _outdoes(given, one) for one in known)
        return [] if stands else [given]
    return [
        msgspec.structs.replace(one, lifted=word.at)
        for one in known
        if one.lifted is None and one.kind == word.kind and word.scope in ("", one.scope)
    ]


def _outdoes(given: Listed, one: Listed) -> bool:
    """Whether it takes the place of one that a consent may have gone before. A list that comes again is nobody's word."""
    return one.yields and (not given.yields or (given.source != IMPORT and given.since > one.since))


def normalised(channel: str, address: str) -> str:
    """The address as the list has it: an email in lower case, a number as `+` and digits."""
    text = unicodedata.normalize("NFKC", address).strip()
    if channel != "sms":
        return text.casefold()
    text = text.removeprefix("whatsapp:")
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    if not digits or any(letter.isalpha() for letter in text):
        return text.casefold()
    if text.lstrip().startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_NUMBER = re.compile(r"\+[0-9]{5,15}")
"""A country code and what follows; 15 digits is the most there is (E.164)."""
_NUMBER_SIGNS = re.compile(r"(whatsapp:)?(\+|00)[0-9 \t().\-/\u00a0\u2010-\u2013]+")


def channel_of(address: str) -> str | None:
    """The channel that an address is one of by its looks: an email has an @, a number begins with + or 00. None: neither."""
    text = unicodedata.normalize("NFKC", address).strip()
    if _EMAIL.fullmatch(text):
        return "email"
    return "sms" if _NUMBER_SIGNS.fullmatch(text) and _NUMBER.fullmatch(normalised("sms", text)) else None


def hashed(key: bytes, channel: str, address: str) -> bytes:
    """What the list keeps of an address."""
    text = f"{channel}\0{normalised(channel, address)}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, text, "sha256")[:HASH_BYTES]


def mark_of(key: bytes) -> bytes:
    """Tells whether a list was written with this key, and nothing of the key."""
    return hmac.digest(key, _CHECK, "sha256")[:HASH_BYTES]


def refusal(
    entries: Iterable[Listed], cls: str, topic: str | None, sender: str, agreed_at: int | None = None
) -> Refusal | None:
    """The verdict of these entries of one address; the widest one names the reason."""
    found = [one for one in entries if one.stops(cls, topic, sender, agreed_at)]
    if not found:
        return None
    first = min(found, key=lambda one: (one.scope != ALL, one.since, one.name))
    return Refusal(GATE, None, first.kind)


PAGE = "page"
"""The source of what is said on our own pages, which say themselves what it does to consents."""
_STOPPED, _STARTED = "stop:", "start:"
"""How the ids of consent events begin that follow from the list."""


def concerns_consents(word: Listed) -> bool:
    """Whether its customer's consents follow."""
    return word.kind in ("stop", "unsubscribed") and not word.scope.startswith(SENDER) and word.source != PAGE


def withdrawn(word: Listed, profile: Profile, policies: Policies, now: int) -> list[Event]:
    """What becomes of the customer's consents by an entry of theirs that is new.

    What they had agreed to on that channel is withdrawn; lifted, just that is given again.
    """
    if not concerns_consents(word):
        return []
    topics = [name for name in policies.topics if word.scope in (ALL, MARKETING, f"{TOPIC}{name}")]
    if word.lifted is None:
        agreed = [topic for topic in topics if consented(policies, profile, topic, word.channel)]
        return [_said(word, profile, topic, WITHDRAWN, now) for topic in agreed]
    words = {topic: profile.consents.get(topic, {}).get(word.channel) for topic in topics}
    back = [topic for topic, said in words.items() if said is not None and said.id.startswith(_STOPPED) and not said.given]
    return [_said(word, profile, topic, GIVEN, now) for topic in back]


def _said(word: Listed, profile: Profile, topic: str, name: str, now: int) -> Event:
    at = word.since if word.lifted is None else word.lifted
    begin = _STOPPED if name == WITHDRAWN else _STARTED
    proof = {"topic": topic, "channel": word.channel, "source": word.source, "text": word.reason}
    return Event(
        message_id=begin + id_of(word.address.hex(), topic, str(at)),
        occurred_at=at,
        name=name,
        user_id=profile.user_id,
        anonymous_id=None if profile.user_id is not None else profile.name,
        received_at=now,
        source=word.source,
        properties={name: value for name, value in proof.items() if value},
    )


def is_scope(text: str) -> bool:
    """Whether it says what an entry stops."""
    return text in (ALL, MARKETING) or any(text.startswith(word) and len(text) > len(word) for word in (SENDER, TOPIC))


encode_listed = msgspec.msgpack.Encoder().encode
decode_listed = msgspec.msgpack.Decoder(Listed).decode
