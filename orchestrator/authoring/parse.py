"""Text → Document, by the core rules of YAML 1.2 (JSON is a part of it)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events as ev

from orchestrator.authoring.document import Document, Path, Place
from orchestrator.authoring.limits import DEPTH, NODES
from orchestrator.authoring.scalars import doubtful, plain, tagged
from orchestrator.authoring.unreadable import Unreadable, translated

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(slots=True)
class _Tree:
    """One value; `members` of a mapping or list, `scalar` otherwise."""

    line: int
    column: int
    scalar: Any = None
    mapping: list[tuple[str, tuple[int, int], _Tree]] | None = None
    sequence: list[_Tree] | None = None
    open: bool = False


def parse(file: str, text: str) -> Document:
    """The document that `text` is; raises Unreadable with the place and what to do."""
    text = _SURROGATES.sub(_joined_surrogates, text)
    try:
        builder = _Builder(file, text)
        tree = builder.build()
    except yaml.MarkedYAMLError as error:
        raise translated(file, text, error) from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise Unreadable("E102", Place(file), f"this is not a text that YAML allows: {error}", "") from None
    flat = _Flat(file)
    value = flat.write_out(tree, (), 0)
    return Document(file, value, flat.keys, flat.values, tuple(builder.doubtful))


def _joined_surrogates(match: re.Match[str]) -> str:
    """JSON writes a character beyond U+FFFF as two escapes; YAML as one."""
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


class _Builder:
    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.events = yaml.parse(text, Loader=_LOADER)
        self.anchors: dict[str, _Tree] = {}
        self.doubtful: list[tuple[Place, str]] = []

    def refuse(self, event: Any, message: str, fix: str, code: str = "E102") -> Unreadable:
        return Unreadable(code, Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1), message, fix)

    def next(self) -> Any:
        return next(self.events)

    def build(self) -> _Tree:
        self.next()
        if isinstance(self.next(), ev.StreamEndEvent):
            return _Tree(1, 1)
        tree = self.value(self.next(), 0)
        self.next()
        after = self.next()
        if not isinstance(after, ev.StreamEndEvent):
            raise self.refuse(after, "one file holds one document", "remove what follows `---`, or give it its own file")
        return tree

    def value(self, event: Any, depth: int) -> _Tree:
        if depth > DEPTH:
            raise self.refuse(event, f"nested deeper than {DEPTH} values", "make it flatter", "E106")
        if isinstance(event, ev.AliasEvent):
            return self.alias(event)
        tree = _Tree(event.start_mark.line + 1, event.start_mark.column + 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = tree
        if isinstance(event, ev.ScalarEvent):
            if event.anchor is not None and event.value == "" and event.implicit[0]:
                raise self.refuse(event, f"`&{event.anchor}` is read as a YAML anchor", "put the text in quotes")
            tree.scalar = self.scalar(event)
        else:
            self.collection(event, tree, depth)
        return tree

    def alias(self, event: Any) -> _Tree:
        known = self.anchors.get(event.anchor)
        if known is None or known.open:
            reason = "no value is marked" if known is None else "stands inside the value that is marked"
            raise self.refuse(event, f"`*{event.anchor}`: {reason} `&{event.anchor}`", "quote the text if `*` is meant as such")
        return known

    def scalar(self, event: Any) -> Any:
        if event.tag is None:
            if event.implicit[0] and doubtful(event.value):
                place = Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
                self.doubtful.append((place, event.value))
            return plain(event.value) if event.implicit[0] else event.value
        try:
            return tagged(event.tag, event.value)
        except ValueError:
            raise self.refuse(
                event, f"the tag `{event.tag}` is not known here", "quote the text if `!` is meant as such"
            ) from None

    def collection(self, event: Any, tree: _Tree, depth: int) -> None:
        if event.tag not in (None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            written = _operator(event.tag)
            raise self.refuse(event, f"`{written}` is read as a YAML tag", f'an operator must be quoted: `"{written}"`')
        tree.open = True
        if isinstance(event, ev.SequenceStartEvent):
            tree.sequence = self.elements(depth)
        else:
            tree.mapping = self.members(depth)
        tree.open = False

    def elements(self, depth: int) -> list[_Tree]:
        found = []
        while not isinstance(event := self.next(), ev.SequenceEndEvent):
            found.append(self.value(event, depth + 1))
        return found

    def members(self, depth: int) -> list[tuple[str, tuple[int, int], _Tree]]:
        found: list[tuple[str, tuple[int, int], _Tree]] = []
        names: set[str] = set()
        while not isinstance(event := self.next(), ev.MappingEndEvent):
            name = self.name(event)
            if name in names:
                raise self.refuse(event, f"`{name}` stands here twice", "keep one of them", "E103")
            names.add(name)
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            found.append((name, place, self.value(self.next(), depth + 1)))
        return found

    def name(self, event: Any) -> str:
        if isinstance(event, ev.AliasEvent) or event.tag is None or event.tag == "tag:yaml.org,2002:str":
            if not isinstance(event, ev.ScalarEvent):
                if isinstance(event, ev.MappingStartEvent) and event.flow_style:
                    raise self.refuse(event, "a text that begins with `{{` is read as settings", 'put it in quotes: "{{ … }}"')
                raise self.refuse(event, "a key must be a plain text", "write it as text, in quotes if need be")
            return str(event.value)
        written = _operator(event.tag)
        raise self.refuse(event, f"`{written}` must be quoted: YAML reads it as a tag", f'quote the operator: `"{written}"`')


def _operator(tag: str) -> str:
    """`!=` from the tag that YAML makes of an unquoted `!=:`."""
    return tag.replace("tag:yaml.org,2002:", "!!").rstrip(":")


@dataclass(slots=True)
class _Flat:
    """Writes a tree out as plain values, aliases copied, within the bound on values."""

    file: str
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def write_out(self, tree: _Tree, path: Path, depth: int) -> Any:
        if depth > DEPTH or len(self.values) >= NODES:
            bound = f"{NODES} values" if depth <= DEPTH else f"{DEPTH} levels"
            raise Unreadable(
                "E106", Place(self.file, tree.line, tree.column), f"more than {bound} in one file", "make it smaller"
            )
        self.values[path] = (tree.line, tree.column)
        if tree.mapping is not None:
            found: dict[str, Any] = {}
            for name, place, member in tree.mapping:
                self.keys[(*path, name)] = place
                found[name] = self.write_out(member, (*path, name), depth + 1)
            return found
        if tree.sequence is not None:
            return [self.write_out(element, (*path, index), depth + 1) for index, element in enumerate(tree.sequence)]
        return tree.scalar
