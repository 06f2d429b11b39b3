"""A breakpoint for processes that run the product as it is: with this folder on PYTHONPATH their whole group dies there.

`BREAKPOINT` is one of `PLACES`, `BREAKPOINT_AT` at which call, `BREAKPOINT_TOLD` a file for the ids of its messages.
Python imports this by its name at its start; without `BREAKPOINT` it does nothing.
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def _attempts(engine: Any, *_: Any) -> list[str]:
    return [each.message_id for one in _decided(engine) for each in one.decision.attempts]


def _outcomes(engine: Any, *_: Any) -> list[str]:
    return [
        one.given.message_id
        for one in _decided(engine)
        if type(one.given).__name__ == "Outcome" and one.given.detail != "evidence"
    ]


def _decided(engine: Any) -> list[Any]:
    return [one for partition in engine.partitions for one in partition.decided]


def _begun(_self: Any, message: Any, *_: Any) -> list[str]:
    return [] if getattr(message, "doubted", 0) else [message if isinstance(message, str) else message.message_id]


def _told(_self: Any, _key: int, outcome: Any) -> list[str]:
    return [] if outcome.detail == "evidence" else [outcome.message_id]


PLACES: dict[str, tuple[str, str, bool, Callable[..., list[str]]]] = {
    "attempt decided, not durable": ("orchestrator.partition.engine", "Engine.commit", False, _attempts),
    "attempt durable, not handed over": ("orchestrator.partition.engine", "Engine.commit", True, _attempts),
    "with the edge, not rendered": ("orchestrator.delivery.dispatch", "Dispatcher._attempt", False, _begun),
    "rendered, not noted": ("orchestrator.delivery.departures", "Departures.note", False, _begun),
    "noted, before the socket": ("orchestrator.delivery.departures", "Departures.note", True, _begun),
    "answered, not told": ("orchestrator.intake.link", "EngineLink.answer", False, _told),
    "told to the engine": ("orchestrator.intake.link", "EngineLink.answer", True, _told),
    "outcome decided, not durable": ("orchestrator.partition.engine", "Engine.commit", False, _outcomes),
    "outcome durable": ("orchestrator.partition.engine", "Engine.commit", True, _outcomes),
}
"""name → (module, function, whether after it, whose messages a call is about: none, and the call does not count)."""


class _Stop:
    """Counts calls that are about messages, and kills at the right one."""

    def __init__(self, *, after: bool, about: Callable[..., list[str]]) -> None:
        self._after, self._about, self._left = after, about, int(os.environ.get("BREAKPOINT_AT", "1"))

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(*given: Any, **named: Any) -> Any:
            here = self._here(given)
            if here and not self._after:
                self._kill(here)
            found = real(*given, **named)
            if here and self._after and not inspect.isawaitable(found):
                self._kill(here)
            return self._awaited(found, here) if here and inspect.isawaitable(found) else found

        return call

    async def _awaited(self, found: Any, here: list[str]) -> Any:
        result = await found
        self._kill(here)
        return result

    def _here(self, given: tuple[Any, ...]) -> list[str]:
        about = self._about(*given)
        self._left -= bool(about)
        return about if about and not self._left else []

    def _kill(self, idents: list[str]) -> None:
        with open(os.environ["BREAKPOINT_TOLD"], "w", encoding="utf-8") as told:  # noqa: PTH123 - nothing else is imported
            told.write("\n".join(idents))
        os.killpg(0, signal.SIGKILL)


class _Finder:
    """Puts the breakpoint into its module once that is there."""

    def __init__(self, module: str, function: str, stop: _Stop) -> None:
        self._module, self._function, self._stop = module, function, stop

    def find_spec(self, name: str, path: Any = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == self._module else None
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def loaded(module: ModuleType) -> None:
                load(module)
                owner, _, method = self._function.partition(".")
                kind = getattr(module, owner)
                setattr(kind, method, self._stop.around(getattr(kind, method)))

            spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


if "BREAKPOINT" in os.environ:
    _module, _function, _after, _about = PLACES[os.environ["BREAKPOINT"]]
    sys.meta_path.insert(0, _Finder(_module, _function, _Stop(after=_after, about=_about)))
