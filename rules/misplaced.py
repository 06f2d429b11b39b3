"""What to write instead of a name that stands where an operator belongs."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import Any

from rules.operators import FAMILIAR, OPERATORS

_ROOTS = ("event", "item", "profile", "stage", "enrolment", "now")
"""Where a path begins that a `var` reads."""
_PATH = re.compile(r"[\w.]+")
_SHOWN_MAX = 40


def instead_of(name: str, given: Any) -> str:
    """The nearest operator, or the test that was meant where `name` is a place and `given` what it is compared with."""
    familiar = FAMILIAR.get(name) or (name.lower() if name.lower() in OPERATORS else None)
    near = [familiar] if familiar else get_close_matches(name, OPERATORS, n=1)
    if near and not _is_place(name):
        return f"did you mean {near[0]!r}?"
    if not _PATH.fullmatch(name):
        return 'write the operator first, and what it compares in a list: {">=": [{var: PLACE}, 3]}'
    operator, value = _compared(given)
    whole = "" if _is_place(name) else ", with the whole place that is read"
    return f'the operator comes first: {{"{operator}": [{{var: {name}}}, {value}]}}{whole}'


def _is_place(name: str) -> bool:
    return name.partition(".")[0] in _ROOTS


def _compared(given: Any) -> tuple[str, str]:
    """The operator and the value that are meant by what stands behind a place."""
    if isinstance(given, dict) and len(given) == 1:
        ((inner, value),) = given.items()
        operator = FAMILIAR.get(inner, inner)
        return (operator, _shown(value)) if operator in OPERATORS and operator != "var" else ("==", "…")
    return "in" if isinstance(given, list) and given else "==", _shown(given)


def _shown(value: Any) -> str:
    text = "…" if isinstance(value, dict) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_MAX else "…"
