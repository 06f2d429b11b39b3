"""Message templates: texts by locale, as authored and as delivery renders them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.campaign import LATER

Part = str
"""`subject`, `preheader`, `html` (email.html), `text` (email.txt) or `sms` (sms.txt)."""

DEFAULT = ""
"""The locale of the files that stand in the template's own folder."""


@dataclass(frozen=True, slots=True)
class Source:
    """One text to render, and where it was written."""

    text: str
    file: str
    line: int = 1
    lines: tuple[int, ...] = field(default=(), metadata=LATER)
    """Of a compiled text: the line of the file that each of its lines comes from."""

    def line_of(self, line: int) -> int:
        """The line of the file in which that line of the text was written, both from 1."""
        return self.lines[min(line, len(self.lines)) - 1] if self.lines else self.line + line - 1


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
        for place in (*_chain(locale), DEFAULT, *_chain(self.default_locale)):
            found = self.sources.get(place, {}).get(part)
            if found is not None:
                return found
        return None

    def carries(self, channel: str, locale: str | None = None) -> bool:
        """Whether it has text to send on that channel."""
        parts = ("sms",) if channel == "sms" else ("html", "text")
        return any(self.source(part, locale) is not None for part in parts)


def _chain(locale: str | None) -> tuple[str, ...]:
    """`it-IT` → `it-it`, `it`: folders compare in lower case, with dashes."""
    if not locale:
        return ()
    words = locale.replace("_", "-").lower().split("-")
    return tuple("-".join(words[:count]) for count in range(len(words), 0, -1))


def folder_locale(name: str) -> str:
    """The locale that a folder's name means."""
    return name.replace("_", "-").lower()
