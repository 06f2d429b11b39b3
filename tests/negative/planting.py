"""How a bug is planted: a context in which production behaves wrongly, and the invariants that must notice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from unittest.mock import patch

from tests.simulation.world import World


class Runs(Protocol):
    """A simulated world."""

    def run(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Plant:
    """`caught_by`: invariants that may name it first, in the worlds that these seeds make. `seed` is tried first."""

    name: str
    caught_by: tuple[str, ...]
    within: Callable[[], AbstractContextManager[None]]
    world: Callable[[int], Runs]
    seed: int


PLANTS: dict[str, Plant] = {}
Within = Callable[[], AbstractContextManager[None]]


def plant(*caught_by: str, world: Callable[[int], Runs] = World, seed: int = 0) -> Callable[[Within], Within]:
    """Register a context manager as a planted bug.

    `seed` noticed it when it was last looked for; where worlds have changed since, the search begins anew.
    """

    def registered(within: Within) -> Within:
        name = within.__name__
        PLANTS[name] = Plant(name, caught_by, within, world, seed)
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
