"""What is certain at a step because the run's conditions have asked for it: places that are there when a message is made.

`while` is judged whenever a step begins and a message is judged again, so what it asks is there then. Events do not change. A
feature without a window stays once it is there, and so does what the run has kept. A trait that `if` has asked for may have
been taken away since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestrator.authoring.sampling import Empty
from rules.statements import Statement
from rules.values import ABSENT
from rules.worlds import Known, witness

if TYPE_CHECKING:
    from orchestrator.domain.program import Feature

_FEATURES = "profile.features."
_RUN = "enrolment."
_GONE: dict[str, Any] = {"absent": ABSENT, "null": None}


@dataclass(frozen=True)
class Asked:
    """`now`: what holds whenever the step begins; `earlier`: what held together, at instants before it."""

    known: Known = field(default_factory=Known)
    now: Sequence[Statement] = ()
    earlier: Sequence[Sequence[Statement]] = ()
    features: Mapping[str, Feature] = field(default_factory=dict)

    def excludes(self, empty: Empty) -> bool:
        """Whether the place cannot be empty in that way."""
        path, how = empty
        if how not in _GONE:
            return False
        return any(
            self._there(place, () if place != path else (how,))
            for place in self._places()
            if place == path or place.startswith(f"{path}.")
        )

    def may_be_empty(self, path: str) -> bool:
        """Whether nothing makes it certain that something is there."""
        return not (self.excludes((path, "absent")) and self.excludes((path, "null")))

    def at_first(self, empty: Empty) -> bool:
        """Whether the place was there when the run was asked last, and need not be now."""
        path, how = empty
        return how in _GONE and any(_is_there(path, (how,), held, self.known) for held in self.earlier)

    @cached_property
    def certain(self) -> list[str]:
        """The places that are there."""
        return [place for place in self._places() if self._there(place, ())]

    def _places(self) -> list[str]:
        groups = (self.now, *self.earlier)
        return list(dict.fromkeys(place.path for held in groups for one in held for place in one.places.values() if place.path))

    def _there(self, path: str, ways: Iterable[str]) -> bool:
        groups = [self.now, *(self.earlier if self._stays(path) else ())]
        return any(_is_there(path, tuple(ways) or tuple(_GONE), held, self.known) for held in groups)

    def _stays(self, path: str) -> bool:
        """Whether it is there for good once it is there: what the run keeps, and features without a window."""
        if path.startswith(_RUN):
            return True
        feature = self.features.get(path.removeprefix(_FEATURES)) if path.startswith(_FEATURES) else None
        return feature is not None and feature.over_days is None


def _is_there(path: str, ways: tuple[str, ...], held: Sequence[Statement], known: Known) -> bool:
    """Whether what held leaves no world in which the place is empty in one of these ways."""
    named = any(path in one.places for one in held)
    empty = Known(known.whole, {**known.fixed, path: [_GONE[way] for way in ways]}, known.least)
    return named and witness(held, empty) is None
