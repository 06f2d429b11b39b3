"""Puts a mutant in the place of a module: into functions that others have imported already, or before anybody imports it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType


class _Changed(SourceFileLoader):
    """Loads a module from other text than its file has."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, _fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec")


@dataclass(slots=True)
class Instead:
    """A finder that finds that source in place of the module's own."""

    name: str
    path: Path
    source: str

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=_Changed(name, str(self.path), self.source))


def put(name: str, source: str) -> bool:
    """Give the functions of a loaded module the code of that source; whether that changed any."""
    module = sys.modules[name]
    fresh = ModuleType(name)
    fresh.__dict__.update({key: value for key, value in vars(module).items() if key.startswith("__")})
    exec(compile(source, str(module.__file__), "exec"), vars(fresh))  # noqa: S102 - our own source, with one change
    changed = False
    for old, new in _functions(module, fresh, name):
        if old.__code__ != new.__code__ or old.__defaults__ != new.__defaults__:
            old.__code__, old.__defaults__, changed = new.__code__, new.__defaults__, True
    return changed


def _functions(one: object, other: object, name: str) -> Iterator[tuple[FunctionType, FunctionType]]:
    """The functions of both, by name: of a module also those of its classes."""
    for key, found in list(vars(one).items()):
        new = vars(other).get(key)
        if isinstance(found, property) and isinstance(new, property):
            found, new = found.fget, new.fget  # noqa: PLW2901 - what is inside
        if isinstance(found, FunctionType) and isinstance(new, FunctionType) and found.__module__ == name:
            yield found, new
        elif isinstance(found, type) and isinstance(new, type) and found.__module__ == name:
            yield from _functions(found, new, name)
