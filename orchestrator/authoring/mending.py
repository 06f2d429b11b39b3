"""What to write instead of a value that has the wrong kind or form."""

from __future__ import annotations

import re
from typing import Any

_CLOCK = re.compile(r"\d{1,2}:\d\d")
_LOOSE = re.compile(r"(\d{1,6})\s*([A-Za-z]*)\.?")
_UNITS = {"s": "s", "sec": "s", "second": "s", "m": "m", "min": "m", "minute": "m", "h": "h", "hr": "h", "hour": "h"}
_UNITS |= {"d": "d", "day": "d"}
_DAYS = {"w": 7, "week": 7, "month": 30, "y": 365, "year": 365}
_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""What YAML 1.1 read as true and false; YAML 1.2 reads a text."""
_DAY_MINUTES = 24 * 60
_KINDS = {
    "string": "write one text, without brackets; in quotes if it looks like a number",
    "array": "write a list: [one, another]",
    "object": "write settings: {name: value}, or one a line below it",
    "integer": "write a whole number, without quotes",
    "number": "write a number, without quotes",
    "boolean": "write true or false, without quotes",
}


def instead_of(value: Any, schema: dict[str, Any]) -> str:
    """What to write, as concrete as the schema and the value allow."""
    if "x-fix" in schema:
        return str(schema["x-fix"])
    truth = _TRUTHS.get(str(value).lower(), "") if schema.get("type") == "boolean" else ""
    guess = truth or _guess(value, schema.get("pattern", ""))
    if guess:
        return f"write `{guess}`"
    called = schema.get("description", "")
    if called:
        hour = '; a time of day is {at: "10:00"}' if "duration" in called and _CLOCK.fullmatch(str(value)) else ""
        return f"write {called}{hour}"
    if isinstance(value, str) and "maxLength" in schema and len(value) > schema["maxLength"]:
        return "shorten it"
    bounds = [f"{word} {schema[name]}" for name, word in (("minimum", "at least"), ("maximum", "at most")) if name in schema]
    if bounds:
        return f"write a number of {' and '.join(bounds)}"
    kinds = schema.get("type", "object")
    return _KINDS.get(kinds if isinstance(kinds, str) else kinds[0], "")


def _guess(value: Any, pattern: str) -> str:
    """What was meant, where that is plain: `1 day` is `1d`, `9:00` is `09:00`, 10 is `10%`."""
    text = str(value).strip().lower() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return next((made for made in _meant(text) if text and pattern and re.search(pattern, made)), "")


def _times(text: str) -> list[str]:
    """The time of day that YAML 1.1 reads as so many minutes: 600 was `10:00`; a range with a short hour."""
    if text.isdigit() and int(text) < _DAY_MINUTES:
        return [f"{int(text) // 60:02}:{int(text) % 60:02}"]
    return ["-".join(part.strip().rjust(5, "0") for part in text.split("-"))] if text.count(":") > 1 else []


def _meant(text: str) -> list[str]:
    found = [*_times(text), f"0{text}", f"{text}%", text.replace(" ", ""), f"properties.{text}"]
    loose = _LOOSE.fullmatch(text)
    if loose is None or not loose[2]:
        return found
    unit = loose[2].removesuffix("s") or loose[2]
    if unit in _DAYS:
        return [f"{int(loose[1]) * _DAYS[unit]}d"]
    return [f"{loose[1]}{_UNITS[unit]}", *found] if unit in _UNITS else found
