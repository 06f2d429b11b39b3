"""Message templates: texts by locale, as authored and as delivery renders them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.campaign import LATER

Part = str
"""`subject`, `preheader`, `html` (email.html), `text` (email.txt) or `sms` (sms.txt)."""

DEFAULT = ""
"""The locale of the files that stand in the template's own folder."""


SENDER, NAME, POSTAL_ADDRESS = "sender", "name", "postal_address"
"""How templates read who writes: `sender.name`, `sender.postal_address`."""


@dataclass(frozen=True, slots=True)
class Source:
    """One text to render, and where it was written."""

    text: str
    file: str
    line: int = 1
    lines: tuple[int, ...] = field(default=(), metadata=LATER)
    """Of a compiled text: the line of the file that each of its lines comes from."""
    files: tuple[str, ...] = field(default=(), metadata=LATER)
    """Of a text that several files make: the one that each of its lines comes from."""

    def line_of(self, line: int) -> int:
        """The line of the file in which that line of the text was written, both from 1."""
        return self.lines[min(line, len(self.lines)) - 1] if self.lines else self.line + line - 1

    def file_of(self, line: int) -> str:
        """The file in which that line of the text was written."""
        return self.files[min(line, len(self.files)) - 1] if self.files else self.file


@dataclass(frozen=True, slots=True)
class Template:
    """One folder of `templates/`. `inputs` is the JSON Schema of each value that `with` must give.

    `sources` holds the texts by locale and part; ask `source` for the one that fits a recipient.
    """

    name: str
    sender: str | None = None
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[Part, Source]] = field(default_factory=dict)
    default_locale: str = "en"

    def source(self, part: Part, locale: str | None = None) -> Source | None:
        """The text for that locale: each part falls back `it-IT` → `it` → default; None where there is none at all."""
        found = self.placed(part, locale)
        return None if found is None else found[1]

    def placed(self, part: Part, locale: str | None = None) -> tuple[str, Source] | None:
        """The same, and the locale of the folder in which it stands."""
        for place in (*chain(locale), DEFAULT, *chain(self.default_locale)):
            found = self.sources.get(place, {}).get(part)
            if found is not None:
                return place, found
        return None

    def language(self, place: str, locale: str | None) -> str:
        """In which locale a text of that folder is written for a recipient: theirs, if it is of the text's language."""
        own, theirs = chain(place or self.default_locale), chain(locale)
        return theirs[0] if theirs and own and theirs[-1] == own[-1] else own[0] if own else ""

    def carries(self, channel: str, locale: str | None = None) -> bool:
        """Whether it has text to send on that channel."""
        parts = ("sms",) if channel == "sms" else ("html", "text")
        return any(self.source(part, locale) is not None for part in parts)


def chain(locale: str | None) -> tuple[str, ...]:
    """`it-IT` → `it-it`, `it`: folders compare in lower case, with dashes."""
    if not locale:
        return ()
    words = locale.replace("_", "-").lower().split("-")
    return tuple("-".join(words[:count]) for count in range(len(words), 0, -1))


def folder_locale(name: str) -> str:
    """The locale that a folder's name means."""
    return name.replace("_", "-").lower()


def told_of(senders: Mapping[str, Mapping[str, Any]], name: str | None) -> dict[str, str]:
    """What templates read of their sender: what the email settings of senders.yaml say of it, on each channel."""
    email = senders.get(name or "", {}).get("email")
    found = email if isinstance(email, Mapping) else {}
    return {each: found[each] for each in (NAME, POSTAL_ADDRESS) if isinstance(found.get(each), str)}
