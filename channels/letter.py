"""An email as it may leave: addresses, names and headers that cannot smuggle a line, and the bytes of the whole letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from urllib.parse import quote

from channels.limits import ADDRESS_CHARS, HEADER_LINE_BYTES, NAME_CHARS, SUBJECT_CHARS
from orchestrator.delivery.channel import Refused, RenderedMessage

_WORD = r"[^\s\x00-\x20\x7f@<>()\[\],;:\\\"]"
_ADDRESS = re.compile(rf"{_WORD}{{1,64}}@{_WORD}{{1,253}}")
_HEADER_NAME = re.compile("[A-Za-z][A-Za-z0-9-]{0,63}")
_HEADER_VALUE = re.compile("[ -~]*")
_OURS = re.compile(
    "(from|to|cc|bcc|sender|reply-to|subject|date|message-id|return-path|received|mime-version|content-.*"
    "|resent-.*|dkim-signature|authentication-results|x-sg-e?id)",
    re.IGNORECASE,
)
"""Headers that are set here or by the provider, and by nobody else."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """An email, judged safe."""

    to: str
    sender: Mailbox
    reply_to: str | None
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    message_id: str
    """Message-ID made from ours: bounces and replies carry it."""


def letter_of(message: RenderedMessage) -> Letter | Refused:
    """The letter, or why it cannot be one. Control characters in subject and names become spaces."""
    if message.channel != "email":
        return Refused("config", "channel", "this channel sends email only")
    if not is_address(message.to):
        return Refused("reject", "address", "the recipient's address is malformed")
    sender = Mailbox(message.sender.get("from", ""), one_line(message.sender.get("name", ""), NAME_CHARS))
    reply_to = message.sender.get("reply_to") or None
    if not is_address(sender.address) or not (reply_to is None or is_address(reply_to)):
        return Refused("config", "sender", "the sender's from or reply_to is missing or malformed")
    wrong = next((name for name, value in message.headers.items() if not _may_pass(name, value)), None)
    if wrong is not None:
        return Refused("reject", "header", "an extra header is malformed or not ours to set")
    return Letter(
        to=message.to,
        sender=sender,
        reply_to=reply_to,
        subject=one_line(message.subject, SUBJECT_CHARS),
        text=printable(message.body_text),
        html=printable(message.body_html),
        headers=message.headers,
        message_id=f"<{quote(message.message_id, safe='')}@{_domain(sender.address)}>",
    )


def is_address(address: str) -> bool:
    """Whether this is one plain address, local@domain, that no header, command or list can read otherwise."""
    return len(address) <= ADDRESS_CHARS and bool(_ADDRESS.fullmatch(address)) and printable(address) == address


def printable(text: str) -> str:
    """The text with lone surrogates, which no encoding can carry, replaced."""
    return text.encode("utf-8", "replace").decode()


def one_line(text: str, at_most: int) -> str:
    """The text as a header value: every run of white space and control characters is one space."""
    if text.isprintable():  # nothing to replace, and the usual case
        spaced = text
    else:
        spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in printable(text))
    return " ".join(spaced.split())[:at_most]


def letter_bytes(letter: Letter) -> bytes:
    """The whole letter in RFC 5322 form: ASCII, unless an address is not.

    Headers are written here: the standard library folds List-Unsubscribe into encoded words, which no mail client reads as
    links, and loses or adds spaces in one subject of ten of the naughty strings.
    """
    lines = [
        f"From: {_mailbox(letter.sender)}",
        f"To: {letter.to}",
        f"Subject: {_encoded(letter.subject, 'Subject')}",
        f"Date: {formatdate(usegmt=True)}",
        f"Message-ID: {letter.message_id}",
        *([f"Reply-To: {letter.reply_to}"] if letter.reply_to else []),
        *(f"{name}: {value}" for name, value in letter.headers.items()),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode() + _parts(letter).as_bytes()


def _parts(letter: Letter) -> EmailMessage:
    parts = EmailMessage(policy=SMTP)
    if letter.text or not letter.html:
        parts.set_content(letter.text, cte="quoted-printable")
        if letter.html:
            parts.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    else:
        parts.set_content(letter.html, subtype="html", cte="quoted-printable")
    return parts


def _mailbox(box: Mailbox) -> str:
    if not box.name:
        return box.address
    if box.name.isascii() and "=?" not in box.name:
        escaped = box.name.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}" <{box.address}>'
    return f"{_words(box.name, 'From')} <{box.address}>"


def _encoded(value: str, name: str) -> str:
    """The value as it is where that is plain ASCII, else as encoded words; "=?" alone would be read as one."""
    return value if value.isascii() and "=?" not in value else _words(value, name)


def _words(value: str, name: str) -> str:
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def _may_pass(name: str, value: str) -> bool:
    fits = len(name) + len(value) + 2 <= HEADER_LINE_BYTES and _HEADER_VALUE.fullmatch(value)
    return bool(_HEADER_NAME.fullmatch(name) and not _OURS.fullmatch(name) and fits)


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    return domain if domain.isascii() else domain.encode("punycode").decode("ascii")
