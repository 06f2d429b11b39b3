"""How a bug is planted: a context in which production behaves wrongly, and the invariants that must notice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True, slots=True)
class Plant:
    """`caught_by`: invariants that may name it first."""

    name: str
    caught_by: tuple[str, ...]
    within: Callable[[], AbstractContextManager[None]]


PLANTS: dict[str, Plant] = {}
Within = Callable[[], AbstractContextManager[None]]


def plant(*caught_by: str) -> Callable[[Within], Within]:
    """Register a context manager as a planted bug."""

    def registered(within: Within) -> Within:
        name = within.__name__
        PLANTS[name] = Plant(name, caught_by, within)
        return within

    return registered


def instead(owner: object, name: str, *, after: Callable[..., None]) -> AbstractContextManager[Any]:
    """A context in which `after`, with the same arguments, follows each call."""
    real = getattr(owner, name)

    def both(*given: Any, **named: Any) -> Any:
        result = real(*given, **named)
        after(*given, **named)
        return result

    return patch.object(owner, name, both)
