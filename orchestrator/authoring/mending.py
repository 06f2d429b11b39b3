"""What to write instead of a value that has the wrong kind or form."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.authoring.habits import compared, glued_step

_CLOCK = re.compile(r"\d{1,2}:\d\d")
_HOUR = re.compile(r"(\d{1,2})(?::00)?\s*(am|pm)?")
_SHORT_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FRACTION = re.compile(r"(\d{1,4}\.\d{1,3})\s*([dhm])")
_LONG = 10**4
"""A year is shorter, a phone number longer."""
_SPAN = re.compile(r"\d{1,6}[smhd]")
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


def instead_of(value: Any, schema: dict[str, Any], name: str | int = "") -> str:
    """What to write, as concrete as the schema and the value allow; `name` is the setting's."""
    if "x-fix" in schema:
        return str(schema["x-fix"])
    truth = _TRUTHS.get(str(value).lower(), "") if schema.get("type") == "boolean" else ""
    called = schema.get("description", "")
    small = isinstance(value, float) and "share" in called and 0 < value < 1
    guess = "" if small else truth or _guess(value, schema.get("pattern", ""))
    made = f"write `{guess}`" if guess else _rebuilt(value, schema, called, name)
    if made:
        return made
    if called:
        hour = '; a time of day is {at: "10:00"}' if "duration" in called and _CLOCK.fullmatch(str(value)) else ""
        return f"write {called}{hour}"
    if isinstance(value, str) and "maxLength" in schema and len(value) > schema["maxLength"]:
        return "shorten it"
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> str:
    bounds = [f"{word} {schema[name]}" for name, word in (("minimum", "at least"), ("maximum", "at most")) if name in schema]
    if bounds:
        return f"write a number of {' and '.join(bounds)}, without quotes"
    kinds = schema.get("type", "object")
    return _KINDS.get(kinds if isinstance(kinds, str) else kinds[0], "")


def _rebuilt(value: Any, schema: dict[str, Any], called: str, name: str | int) -> str:
    """The same thing in the form that is wanted; empty where it cannot be told."""
    kinds = schema.get("type", "object")
    if isinstance(value, bool):
        return ""
    if kinds == "array":
        return "" if "steps" in called and isinstance(value, str) else _listed(value)
    if kinds == "object":
        return _grouped(value, schema.get("properties", {}))
    if isinstance(value, int | float):
        return _of_number(value, kinds, called)
    if isinstance(value, list):
        return f"write `prefer: [{', '.join(map(str, value))}]`" if name == "channel" else ""
    return _of_text(value, called) if isinstance(value, str) else ""


def _listed(value: Any) -> str:
    if isinstance(value, dict):
        return "write a list: begin the first line of each with `- `, or put it into [ ]"
    return f"write `[{value}]`" if isinstance(value, str | int | float) else ""


def _grouped(value: Any, settings: dict[str, Any]) -> str:
    if value is None:
        return "write its settings below it, indented further" if settings else ""
    first = next(iter(settings), "")
    if isinstance(value, str) and " " in value and value.split()[0] in settings:
        word, _, rest = value.partition(" ")
        return f"write {{{word}: {rest}}}"
    return f"write {{{first}: {value}}}" if first and isinstance(value, str | int | float) else ""


def _of_number(value: float, kinds: Any, called: str) -> str:
    """A number where a text is wanted: which unit, or which share, is for the author to say."""
    if "share" in called and 0 < value < 1:
        return f"write `{value * 100:g}%`, or `{value:g}%` if so little is meant"
    if "days" in called:
        return f"write `{value}d`"
    if "duration" in called:
        return f"say in which unit: `{value}d` for days, `{value}h` for hours, `{value}m` for minutes"
    if kinds != "string":
        return ""
    return f'put it in quotes: "{value}"' if value < _LONG else "put it in quotes, with its `+` or its zeros if it has some"


def _of_text(value: str, called: str) -> str:
    if "condition" in called:
        return compared(value)
    if "pattern" in called and "`" not in value:
        return f"write {{event: {value}}}"
    if "{after:" in called:
        return "write `once`" if value == "never" else f"write {{after: {value}}}" if _SPAN.fullmatch(value) else ""
    return glued_step(value, ("send", "wait", "wait_for", "move_to", "emit", "split", "set")) if "a step" in called else ""


def _guess(value: Any, pattern: str) -> str:
    """What was meant, where that is plain: `1 day` is `1d`, `9:00` is `09:00`, 10 is `10%`."""
    if not isinstance(value, str) and _is_name(pattern):
        return ""
    text = str(value).strip().lower() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return next((made for made in _meant(text) if text and pattern and re.search(pattern, made)), "")


def _times(text: str) -> list[str]:
    """The time of day that YAML 1.1 reads as so many minutes: 600 was `10:00`; a range with a short hour."""
    if text.isdigit() and int(text) < _DAY_MINUTES:
        return [f"{int(text) // 60:02}:{int(text) % 60:02}"]
    return ["-".join(part.strip().rjust(5, "0") for part in text.split("-"))] if text.count(":") > 1 else []


def _is_name(pattern: str) -> bool:
    """Whether it takes nearly any text, so that no guess means anything."""
    return bool(re.search(pattern, "any text"))


def _span(text: str) -> list[str]:
    """`21-9` and `9pm-9am` as `21:00-09:00`."""
    parts = [_HOUR.fullmatch(part.strip()) for part in text.split("-")]
    hours = [int(part[1]) % 12 + 12 * (part[2] == "pm") if part[2] else int(part[1]) for part in parts if part is not None]
    return [f"{hours[0]:02}:00-{hours[1]:02}:00"] if len(hours) == len(parts) == 2 else []  # noqa: PLR2004 - from and until


def _day(text: str) -> list[str]:
    """`2026-2-1` as `2026-02-01`."""
    found = _SHORT_DAY.fullmatch(text)
    return [f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"] if found else []


def _half(text: str) -> list[str]:
    """`1.5d` as `36h`."""
    found = _FRACTION.fullmatch(text)
    if found is None:
        return []
    smaller = {"d": ("h", 24), "h": ("m", 60), "m": ("s", 60)}[found[2]]
    number = float(found[1]) * smaller[1]
    return [f"{number:.0f}{smaller[0]}"] if number.is_integer() else []


def _meant(text: str) -> list[str]:
    found = [
        *_span(text),
        *_day(text),
        *_half(text),
        *_times(text),
        f"0{text}",
        f"{text}%",
        text.replace(" ", ""),
        f"properties.{text}",
    ]
    loose = _LOOSE.fullmatch(text)
    if loose is None or not loose[2]:
        return found
    unit = loose[2].removesuffix("s") or loose[2]
    if unit in _DAYS:
        return [f"{int(loose[1]) * _DAYS[unit]}d"]
    return [f"{loose[1]}{_UNITS[unit]}", *found] if unit in _UNITS else found
