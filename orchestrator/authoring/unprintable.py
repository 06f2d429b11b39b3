"""What minijinja says of a text that it cannot read, in the author's words."""

from __future__ import annotations

import difflib
import re

_FILTERS = (
    *("abs", "capitalize", "default", "first", "join", "last", "length", "lower", "replace", "reverse", "round", "safe"),
    *("sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "money", "day"),
)
"""Filters that a text may use."""
_WORD = re.compile(r"(?:filter|test|function) (\w+)|statement (\w+)")
_HABITS = {"currency": "money", "price": "money", "date": "day", "strftime": "day", "uppercase": "upper", "lowercase": "lower"}
_HABITS |= {"capitalise": "capitalize", "size": "length", "fallback": "default"}


def fix_of(message: str) -> str:
    """What to do about it."""
    word = next((name for found in _WORD.findall(message) for name in found if name), "")
    if "filter" in message and word:
        near = _HABITS.get(word) or next(iter(difflib.get_close_matches(word, _FILTERS, n=1)), None)
        return f"did you mean `{near}`?" if near else f"filters are: {', '.join(_FILTERS)}"
    if word.startswith("end") or "end of input" in message:
        return "each {% if … %} is closed by {% endif %}, and each {% for … %} by {% endfor %}"
    if "statement" in message:
        return "statements are if, elif, else, for and set, and their ends endif and endfor"
    if "variable block" in message or "}" in message:
        return "write two braces on both sides: {{ … }}"
    return "look at the `{{ … }}` and `{% … %}` of this line"
