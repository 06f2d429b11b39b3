"""A measure in the reader's language: its values, its target, what it is grouped under, and when its periods begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from orchestrator.console.speech import NONE, Speech
from orchestrator.domain.measure import Measure

_TIMES = (("{} days", 86_400_000), ("{} hours", 3_600_000), ("{} minutes", 60_000), ("{} seconds", 1_000))
_SMALL = 0.1
"""Below so large a share a second digit is told."""
_LARGE = 1_000
"""From there on nobody reads the cents."""
_ANSWER = "Survey Answered"
FAMILIES = ("voice", "staying", "doing", "worth", "campaigns")
"""What measures are grouped under, in order; in words `family_…`."""


def value_of(speech: Speech, value: float | None, unit: str) -> str:
    """`12.4%`, `31 points`, `3.9 days`."""
    if value is None:
        return NONE
    if unit == "share":
        return f"{_fixed(speech, value * 100, 2 if abs(value) < _SMALL else 1)}%"
    if unit == "time":
        words, size = next((one for one in _TIMES if abs(value) >= one[1]), _TIMES[-1])
        return speech.say(words, _fixed(speech, value / size, 1))
    if unit == "count":
        return speech.number(round(value))
    if unit == "points":
        return _fixed(speech, value, 1)
    return _fixed(speech, value, 0 if abs(value) >= _LARGE else 2)


def _fixed(speech: Speech, value: float, digits: int) -> str:
    """With so many digits, for one column reads better with the same."""
    text = f"{value:,.{digits}f}"
    marks = {ord(","): speech.tongue.thousands, ord("."): speech.tongue.decimal, ord("-"): "\u2212"}
    return ("0" if float(value) == 0 and not digits else text).translate(marks)


def interval_of(speech: Speech, low: float | None, high: float | None, unit: str) -> str:
    """`from 11.2% to 13.7%`; empty where there is none."""
    if low is None and high is None:
        return ""
    return speech.say("from {} to {}", value_of(speech, low, unit), value_of(speech, high, unit))


def target_of(speech: Speech, measure: Measure) -> str:
    """`at least 90%`; empty where there is none."""
    least, most = measure.at_least, measure.at_most
    if least is not None and most is not None:
        return interval_of(speech, least, most, measure.unit)
    if least is not None:
        return speech.say("at least {}", value_of(speech, least, measure.unit))
    return "" if most is None else speech.say("at most {}", value_of(speech, most, measure.unit))


def words_of(words: Mapping[str, str], speech: Speech, otherwise: str = "") -> str:
    """A title or definition in that language, else in English, else in any."""
    return words.get(speech.language) or words.get("en") or next(iter(words.values()), otherwise)


def family_of(measure: Measure) -> str:
    """What it is about, by what it looks at."""
    if _ANSWER in measure.events:
        return "voice"
    by_kind = {"worth": ("clv", "ratio"), "campaigns": ("lift", "runs"), "staying": ("wheel", "moves", "stays", "cohort")}
    return next((name for name, kinds in by_kind.items() if measure.kind in kinds), "doing")


def begin_of(period: str, group: str) -> int | None:
    """The first instant of a calendar period by its name, UTC: `2026-02-14`, `2026-W07`, `2026-02`, `2026-Q1`, `2026`."""
    try:
        if period == "week":
            year, week = group.split("-W")
            first = date.fromisocalendar(int(year), int(week), 1)
        elif period == "quarter":
            year, quarter = group.split("-Q")
            first = date(int(year), 3 * int(quarter) - 2, 1)
        else:
            first = date.fromisoformat(f"{group}-01-01"[:10] if period == "year" else f"{group}-01"[:10])
    except ValueError:
        return None
    return int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp() * 1000)


def last_day(until: int) -> str:
    """The date of the last day before that instant."""
    return (datetime.fromtimestamp(until / 1000, tz=UTC) - timedelta(milliseconds=1)).date().isoformat()
