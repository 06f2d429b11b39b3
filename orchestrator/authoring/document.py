"""An authored file as plain values, with the line and column of every key and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where the author must type: `file` relative to the workspace, `line` and `column` from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """One file. `keys` and `values` give (line, column) by path."""

    file: str
    value: Any
    keys: dict[Path, tuple[int, int]]
    values: dict[Path, tuple[int, int]]
    doubtful: tuple[tuple[Place, str], ...] = ()
    """Numbers that another reader of YAML takes for others, as they are written."""

    @property
    def root(self) -> Spot:
        return Spot(self, (), self.value)

    def key_place(self, path: Path) -> Place:
        """The key that leads to `path`; the element itself in a list; the first character of the file at the top."""
        if not path:
            return Place(self.file)
        found = self.keys.get(path)
        return Place(self.file, *found) if found is not None else self.place(path)

    def place(self, path: Path) -> Place:
        """The value at `path`, or the nearest one around it."""
        while path:
            found = self.values.get(path)
            if found is not None:
                return Place(self.file, *found)
            path = path[:-1]
        return Place(self.file)


@dataclass(frozen=True, slots=True)
class Spot:
    """One value in a document. What has another shape than asked for reads as absent: the shape check has told it."""

    document: Document
    path: Path
    value: Any

    @property
    def place(self) -> Place:
        return self.document.place(self.path)

    @property
    def key_place(self) -> Place:
        return self.document.key_place(self.path)

    @property
    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) else None

    def get(self, name: str) -> Spot | None:
        """The member of that name."""
        if not isinstance(self.value, dict) or name not in self.value:
            return None
        return Spot(self.document, (*self.path, name), self.value[name])

    def text_of(self, name: str) -> str | None:
        """The text of the member of that name."""
        found = self.get(name)
        return None if found is None else found.text

    def members(self) -> list[tuple[str, Spot]]:
        if not isinstance(self.value, dict):
            return []
        return [(name, Spot(self.document, (*self.path, name), value)) for name, value in self.value.items()]

    def elements(self) -> list[Spot]:
        if not isinstance(self.value, list):
            return []
        return [Spot(self.document, (*self.path, index), value) for index, value in enumerate(self.value)]

    def one_or_more(self) -> list[Spot]:
        """The elements of a list, or the value itself."""
        return self.elements() if isinstance(self.value, list) else [self]

    def at(self, *path: str | int) -> Spot:
        """The value at `path` below this one; as near as there is."""
        value, taken = self.value, []
        for member in path:
            try:
                value = value[member]
            except (KeyError, IndexError, TypeError):
                break
            taken.append(member)
        return Spot(self.document, (*self.path, *taken), value)
