"""Whatever stands in the files, the check gives findings and never an exception."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import check
from orchestrator.authoring.parse import parse
from orchestrator.authoring.unreadable import Unreadable

Written = Callable[..., Path]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "\x07",
    "profile",
    "10%",
    "2d",
    [],
    {},
    [[]],
    [None],
    {"": 1},
    {"var": 5},
    {"if": {}},
]
CUTS = ["\t", "{", "]", ": ", "- ", '"', "&a ", "*a", "!x ", "\n", "|", "é", "\r\n", "#", "? "]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _places(member, (*path, name))


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("seed", range(8))
def test_a_workspace_with_odd_values_gives_findings_only(seed: int, written: Written, base: dict[str, str]) -> None:
    chance = random.Random(seed)
    documents = {name: parse(name, text).value for name, text in base.items() if name.endswith(".yaml")}
    for _ in range(6):
        root = written()
        for name in chance.sample(sorted(documents), 2):
            value = documents[name]
            for _ in range(2):
                value = _with(value, chance.choice(list(_places(value))), chance.choice(ODD))
            (root / name).write_text(json.dumps(value), encoding="utf-8")
        for finding in check(root):
            assert finding.line >= 1
            assert finding.column >= 1


@pytest.mark.parametrize("seed", range(8))
def test_a_workspace_with_broken_text_gives_findings_only(seed: int, written: Written, base: dict[str, str]) -> None:
    chance = random.Random(1_000 + seed)
    for _ in range(6):
        changed = {}
        for name in chance.sample(sorted(base), 3):
            text = base[name]
            for _ in range(chance.randint(1, 3)):
                start = chance.randrange(len(text))
                end = min(len(text), start + chance.choice([0, 0, 1, 8, 60]))
                text = text[:start] + chance.choice(CUTS) + text[end:]
            changed[name] = text
        check(written(changed))


def test_random_bytes_are_refused_or_read(written: Written) -> None:
    chance = random.Random(7)
    for _ in range(20):
        root = written()
        for name in ("wheel.yaml", "campaigns/thanks.yaml", "tables/products.csv", "templates/thanks/email.txt"):
            (root / name).write_bytes(chance.randbytes(chance.randint(0, 60)))
        check(root)


def test_random_text_is_refused_or_read() -> None:
    chance = random.Random(11)
    alphabet = "ab:-?{}[],&*!|>'\"%@`# \n\t\\~0.1"
    for _ in range(3_000):
        text = "".join(chance.choices(alphabet, k=chance.randint(0, 30)))
        try:
            document = parse("a.yaml", text)
        except Unreadable:
            continue
        assert () in document.values
