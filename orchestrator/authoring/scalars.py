"""Plain scalars by the core schema of YAML 1.2: `NO`, `on`, `12:30`, `1_000` and `2026-11-23` stay text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_INT = re.compile(r"[-+]?[0-9]+\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_DIGITS = 400
"""Characters of a number; a longer one stays text."""
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SPECIAL: dict[str, float] = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def plain(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _SPECIAL:
        return _SPECIAL[text]
    if len(text) > _DIGITS or text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Any:
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text) or _HEX.match(text):
        return int(text, 0)
    return float(text) if _FLOAT.match(text) else text


def doubtful(text: str) -> bool:
    """Whether an unquoted number is octal here and decimal elsewhere, or the other way round (`007`, `0o17`)."""
    return text[:1] in "+-0" and (_LEADING_ZERO.match(text) is not None or _OCTAL.match(text) is not None)


_KINDS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def tagged(tag: str, text: str) -> Any:
    """What a scalar with an explicit core tag means; ValueError for another tag or a text that does not fit it."""
    if tag in ("!", "tag:yaml.org,2002:str"):
        return text
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind == tag or kind not in _KINDS or not _KINDS[kind](value := plain(text)):
        raise ValueError(tag)
    return float(value) if kind == "float" else value
