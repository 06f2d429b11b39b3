"""Conditions with the types of a schema, at random: most of them well typed, many of them with their questions asked first."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.conformance.portable_places import NUMBERS, SCHEMA, TEXTS, WHOLE

Rule = Any
_ORDERS, _EQUALITIES = ["<", "<=", ">", ">="], ["==", "!=", "===", "!=="]
_COMPARED_WITH = [number for number in (*NUMBERS, *WHOLE) if abs(number) <= 2**53]


class Conditions:
    """Writes conditions over one object's properties. `scope` are the paths that can be read, by kind."""

    def __init__(self, chance: random.Random, schema: dict[str, Any] = SCHEMA) -> None:
        self.chance = chance
        self.places: dict[str, list[str]] = {}
        self.empty: list[str] = []
        self.below: dict[str, dict[str, Any]] = {}
        self.words: dict[str, list[str]] = {}
        self._gather(schema, "")

    def _gather(self, schema: dict[str, Any], before: str) -> None:
        for name, each in schema.get("properties", {}).items():
            path = before + name
            found = next((way for way in each.get("anyOf", []) if way["type"] != "null"), each)
            kind = "enum" if "enum" in found else next(k for k in _listed(found["type"]) if k != "null")
            kind = "time" if "format" in found else kind
            self.places.setdefault("number" if kind == "integer" else kind, []).append(path)
            self.empty += [] if name in schema["required"] and "null" not in str(each) and not before else [path]
            self.words[path] = found.get("enum", TEXTS)
            if kind == "object":
                self._gather(found, f"{path}.")
            elif kind == "array":
                self.below[path] = found["items"]

    # parts ----------------------------------------------------------------------------------------------------------------

    def read(self, *kinds: str, default: Callable[[], Any] | None = None) -> Rule:
        paths = [path for kind in kinds for path in self.places.get(kind, [])]
        path = self.chance.choice(paths or ["total"])
        if default is not None and self.chance.random() < 0.3:
            return {"var": [path, default()]}
        return {"var": path} if self.chance.random() < 0.9 else {"var": [path]}

    def number(self, depth: int) -> Rule:
        ways = [self._read_number] * 4 + [lambda: self.chance.choice(_COMPARED_WITH)]
        if depth > 0:
            ways += [lambda: self._arithmetic(depth - 1), self._sum, lambda: self._either_number(depth - 1)]
        return self.chance.choice(ways)()

    def _read_number(self) -> Rule:
        return self.read("number", default=lambda: self.chance.choice(_COMPARED_WITH))

    def _arithmetic(self, depth: int) -> Rule:
        name = self.chance.choice(["+", "-", "*", "/", "%", "max", "min"])
        count = 2 if name in "-/%" else self.chance.choice([1, 2, 2, 3])
        return {name: [self.number(depth) for _ in range(1 if name == "-" and self.chance.random() < 0.2 else count)]}

    def _sum(self) -> Rule:
        current = self.chance.choice(["current.count", "current.price", ["current.price", 0]])
        return {"reduce": [{"var": "lines"}, {"+": [{"var": "accumulator"}, {"var": current}]}, 0]}

    def _either_number(self, depth: int) -> Rule:
        return {"if": [self.test(depth), self.number(0), self.number(0)]}

    def text(self) -> Rule:
        if self.chance.random() < 0.3:
            return self.chance.choice(TEXTS)
        return self.read("string", "enum", default=lambda: self.chance.choice(TEXTS))

    # tests ----------------------------------------------------------------------------------------------------------------

    def test(self, depth: int) -> Rule:
        inner = [self._junction, self._junction, self._guarded, self._negated, self._choice, self._iterated]
        if depth > 0 and self.chance.random() < 0.6:
            return self.chance.choice(inner)(depth - 1)
        leaves = [self._order, self._order, self._between, self._equal_text, self._equal_word, self._equal_number]
        return self.chance.choice([*leaves, self._boolean, self._listed, self._within, self._asked, self._missing])(depth)

    def _junction(self, depth: int) -> Rule:
        name = self.chance.choice(["and", "or"])
        return {name: [self.test(depth) for _ in range(self.chance.choice([1, 2, 2, 3]))]}

    def _guarded(self, depth: int) -> Rule:
        """A test behind the questions whether what it reads is there."""
        inside = self.test(depth)
        asked = [
            {self.chance.choice(["!=", "!==", "!=="]): [{"var": path}, None]}
            for path in sorted(_paths(inside) & set(self.empty))
        ]
        return {"and": [*asked, inside]} if self.chance.random() < 0.7 else {"if": [{"and": asked or [True]}, inside, False]}

    def _negated(self, depth: int) -> Rule:
        return {self.chance.choice(["!", "!", "!!"]): [self.test(depth)]}

    def _choice(self, depth: int) -> Rule:
        return {"if": [self.test(depth) for _ in range(self.chance.choice([2, 3, 3, 5]))]}

    def _iterated(self, depth: int) -> Rule:
        path = self.chance.choice(sorted(self.below) or ["lines"])
        element = self.below.get(path, {"type": "string"})
        name = self.chance.choice(["some", "all", "none"])
        source: Rule = {"var": path}
        if self.chance.random() < 0.2:
            source = {"filter": [source, self._body(element, depth)]}
        if self.chance.random() < 0.1:
            source = {"merge": [source, source]}
        return {name: [source, self._body(element, depth)]}

    def _body(self, element: dict[str, Any], depth: int) -> Rule:
        if element["type"] == "object":
            return Conditions(self.chance, element).test(min(depth, 1))
        asked = {"!==": [{"var": ""}, None]}
        if "string" in element["type"]:
            found = {self.chance.choice(_EQUALITIES): [{"var": ""}, self.chance.choice(TEXTS)]}
        else:
            found = {self.chance.choice(_ORDERS + _EQUALITIES): [{"var": ""}, self.chance.choice(_COMPARED_WITH)]}
        return {"and": [asked, found]} if self.chance.random() < 0.4 else found

    def _order(self, depth: int) -> Rule:
        return {self.chance.choice(_ORDERS): [self.number(depth), self.number(depth)]}

    def _between(self, depth: int) -> Rule:
        return {self.chance.choice(["<", "<="]): [self.number(0), self.number(depth), self.number(0)]}

    def _equal_number(self, depth: int) -> Rule:
        return {self.chance.choice(_EQUALITIES): [self.number(depth), self.number(0)]}

    def _equal_text(self, _depth: int) -> Rule:
        return {self.chance.choice(_EQUALITIES): [self.text(), self.text()]}

    def _equal_word(self, _depth: int) -> Rule:
        path = self.chance.choice([*self.places.get("enum", []), *self.places.get("string", ["title"])])
        return {self.chance.choice(_EQUALITIES): [{"var": path}, self.chance.choice(self.words.get(path, TEXTS))]}

    def _boolean(self, _depth: int) -> Rule:
        found = self.read("boolean", default=lambda: self.chance.random() < 0.5)
        if self.chance.random() < 0.5:
            return found
        return {self.chance.choice(_EQUALITIES): [found, self.chance.random() < 0.5]}

    def _listed(self, _depth: int) -> Rule:
        some = [self.chance.choice(TEXTS) for _ in range(3)] + ([None] if self.chance.random() < 0.1 else [])
        numbers = [self.chance.choice(_COMPARED_WITH) for _ in range(3)]
        hays = [path for path in self.places.get("array", []) if path != "lines"]
        number_hays = [path for path in hays if "string" not in str(self.below[path])]
        text_hays = [path for path in hays if path not in number_hays]
        if self.chance.random() < 0.4:
            return {"in": [self.number(0), {"var": self.chance.choice(number_hays)} if number_hays else numbers]}
        return {
            "in": [self.text(), {"var": self.chance.choice(text_hays)} if text_hays and self.chance.random() < 0.5 else some]
        }

    def _within(self, _depth: int) -> Rule:
        return {"in": [self.text(), self.text()]}

    def _asked(self, _depth: int) -> Rule:
        path = self.chance.choice(self.empty or ["total"])
        return {self.chance.choice(_EQUALITIES): [{"var": path}, None]}

    def _missing(self, _depth: int) -> Rule:
        paths = [self.chance.choice(self.empty or ["total"]) for _ in range(self.chance.choice([1, 2]))]
        found: Rule = {"missing": paths} if self.chance.random() < 0.7 else {"missing_some": [1, paths]}
        return {"!": [found]} if self.chance.random() < 0.6 else found


def _listed(kinds: Any) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]


def _paths(rule: Rule) -> set[str]:
    """Paths that are read at the top."""
    if isinstance(rule, list):
        return set().union(*map(_paths, rule))
    if not isinstance(rule, dict):
        return set()
    ((name, given),) = rule.items()
    if name == "var":
        return {given if isinstance(given, str) else given[0]}
    if name in ("some", "all", "none", "filter", "reduce"):
        return _paths(given[0])
    return _paths(given)
