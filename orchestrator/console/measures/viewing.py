"""Which time a page of measures shows, and what it tells apart, as its address has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from orchestrator.console.asked import Asked
from orchestrator.console.looking_back import day_of
from orchestrator.console.measures.wording import last_day
from orchestrator.domain.limits import DAY_MS
from orchestrator.errors import UsageError
from orchestrator.insight.measures import BY, Span

_PLAIN = re.compile(r"[^a-z0-9]+")
"""What no file of ours is called, whatever a workspace calls its measures."""
_STEM_MAX = 60
PRESETS = (7, 30, 90, 365)
"""Days that a link shows, today among them; UTC."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """`days`: of a preset, else 0. `first`, `last`: the dates of a form, as they were given."""

    span: Span
    days: int = 0
    first: str = ""
    last: str = ""
    by: str = ""

    @property
    def given(self) -> dict[str, str]:
        """What an address says of it."""
        found = {"days": str(self.days or ""), "first": self.first, "last": self.last, "by": self.by}
        return {name: value for name, value in found.items() if value}

    def at(self, path: str, **more: str) -> str:
        """The address of that page with the same view, and with what is given beside it or instead."""
        found = {name: value for name, value in {**self.given, **more}.items() if value}
        return f"{path}?{urlencode(found)}" if found else path

    def spanning(self, path: str, days: int, **more: str) -> str:
        """The same page of the last days; of all time where there are none."""
        return self.at(path, **{**more, "first": "", "last": "", "days": str(days or "")})

    def stem(self, what: str) -> str:
        """What a file of it is called: `nps-from-2026-01-01-to-2026-01-31-by-stage`; days are UTC, the last one is in it."""
        ever, plain = Span(), _PLAIN.sub("-", what.lower()).strip("-")[:_STEM_MAX].rstrip("-") or "measure"
        first = "" if self.span.first == ever.first else f"-from-{last_day(self.span.first + 1)}"
        last = "" if self.span.last == ever.last else f"-to-{last_day(self.span.last)}"
        return plain + (first + last or "-all-time") + (f"-by-{self.by}" if self.by else "")


def viewing(asked: Asked) -> Viewing:
    """As it is asked. UsageError where a date is none, or what it is to be told apart by."""
    by = asked.query.get("by", "")
    if by and by not in BY:
        raise UsageError(asked.speech.say("Measures cannot be told apart by {}.", by))
    first, last = (asked.query.get(name, "").strip() for name in ("first", "last"))
    days = asked.query.get("days", "")
    if first or last:
        return Viewing(_between(asked, first, last), 0, first, last, by)
    if days in map(str, PRESETS):
        end = (day_of(asked.now) + 1) * DAY_MS
        return Viewing(Span(end - int(days) * DAY_MS, end), int(days), by=by)
    return Viewing(Span(), by=by)


def _between(asked: Asked, first: str, last: str) -> Span:
    ever = Span()
    begin = _day(asked, first) if first else ever.first
    end = _day(asked, last) + DAY_MS if last else ever.last
    if begin >= end:
        raise UsageError(asked.speech.say("The first day is after the last."))
    return Span(begin, end)


def _day(asked: Asked, text: str) -> int:
    """The first instant of that date, UTC."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise UsageError(asked.speech.say("{} is no date; write it like 2026-01-31.", text)) from None
