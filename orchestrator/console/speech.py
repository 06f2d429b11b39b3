"""The console's own words: English as they stand in the pages, Italian from a table; numbers and times of either."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.console.english import ENGLISH
from orchestrator.console.italian import ITALIAN
from orchestrator.insight.reading.tongue import TONGUES, Tongue
from orchestrator.insight.times import Clock

LANGUAGES = ("en", "it")
_KIB = 1024
_SECOND_MS, _MINUTE_MS, _HOUR_MS, _DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
_ROUNDED = ((_DAY_MS, 3 * _DAY_MS), (_HOUR_MS, _DAY_MS), (_MINUTE_MS, _HOUR_MS))
"""(what it is told in, from when on): nobody needs the seconds of three days ago."""
NONE = "\u2013"
"""Stands where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Says what a page says, in one language and one time zone."""

    language: str = "en"
    zone: str = "UTC"

    @property
    def tongue(self) -> Tongue:
        """The language in which rules and reasons are told."""
        return TONGUES[self.language]

    def say(self, words: str, *places: object) -> str:
        """These words of a page, with what belongs into their places."""
        plain = ENGLISH.get(words, words)
        told = ITALIAN.get(words, plain) if self.language == "it" else plain
        return told.format(*map(self._shown, places)) if places else told

    def several(self, one: str, more: str, count: int) -> str:
        """`1 customer`, `2 customers`."""
        return self.say(one if count == 1 else more, count)

    def _shown(self, value: object) -> str:
        return self.number(value) if isinstance(value, int | float) else str(value)

    def number(self, value: float) -> str:
        """`1,250`, or `1.250`."""
        return self.tongue.number(value)

    def at(self, instant: int | None) -> str:
        """`2026-03-02 10:00:00`, in this zone."""
        return NONE if instant is None else Clock(self.zone).tell(instant)

    def span(self, milliseconds: int) -> str:
        """`3 days 2 hours`."""
        return self.tongue.rough_span(milliseconds)

    def ago(self, instant: int, now: int) -> str:
        """`2 minutes ago`, `in 3 days`, `just now`."""
        away = abs(now - instant)
        unit = next((unit for unit, from_ in _ROUNDED if away >= from_), _SECOND_MS)
        if away < _SECOND_MS:
            return self.say("just now")
        return self.say("{} ago" if instant <= now else "in {}", self.span(away // unit * unit))

    def size(self, count: int) -> str:
        """`12 MB`, from bytes."""
        value, unit = float(count), "B"
        for unit in ("B", "KB", "MB", "GB", "TB"):  # noqa: B007 - the one that it ends with counts
            if value < _KIB:
                break
            value /= _KIB
        return f"{self.number(round(value, 1))} {unit}"

    def reason(self, code: str | None) -> str:
        """Why something did not happen, in words."""
        return "" if code is None else self.tongue.reason(code)

    def gate(self, code: str) -> str:
        """What a gate is called."""
        return self.tongue.gates.get(code, code)


def language_of(chosen: str | None, accepted: str) -> str:
    """The language that was chosen, else the first of the browser's that there is."""
    if chosen in LANGUAGES:
        return str(chosen)
    for one in accepted.split(","):
        word = one.strip()[:2].lower()
        if word in LANGUAGES:
            return word
    return "en"
