"""Who an event is about: ids as text, without those that emitters send when they know nobody."""

from __future__ import annotations

from typing import Any

from orchestrator.errors import RejectedEvent
from orchestrator.intake.limits import ID_MAX_CHARS
from orchestrator.intake.strict_json import kind_of

NEVER_IDENTIFY = frozenset(
    {
        "", "0", "-1", "null", "(null)", "<null>", "nil", "none", "undefined", "nan", "n/a", "unknown",
        "true", "false", "[object object]", "object", "{}", "[]",
        "test", "anonymous", "guest", "not_authenticated", "00000000-0000-0000-0000-000000000000",
    }
)  # fmt: skip
"""Trimmed and in lower case. One profile under such an id would be everybody."""


def identifying(value: Any, where: str) -> str | None:
    """Give the id as text, or None where it identifies nobody. A number becomes its digits."""
    if type(value) is not str:
        if value is None or value is True or value is False:
            return None
        if type(value) is not int:
            raise RejectedEvent(f"{where}: an id is a string, got {kind_of(value)}; send it as a string")
        value = str(value)
    if value.strip().lower() in NEVER_IDENTIFY:
        return None
    if len(value) > ID_MAX_CHARS:
        raise RejectedEvent(f"{where}: an id has at most {ID_MAX_CHARS} characters, got {len(value)}; send a shorter one")
    return str(value)
