"""Everything that the console says, it says in Italian too."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from orchestrator.console.english import ENGLISH
from orchestrator.console.frame import WAYS
from orchestrator.console.italian import ITALIAN, PARTS

ROOT = Path(str(resources.files("orchestrator.console")))
_CALL = re.compile(r"\b(?:say|several)\(([^()]*)")
_TEXT = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_SAYING = {"say", "several", "_form", "_trouble", "_plain", "Mistyped", "_ends"}
_CODE = re.compile(r"[a-z]+_")
"""A code is put together from this and what follows; all of them stand in `ENGLISH`."""


def of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").glob("*.html"):
        for call in _CALL.findall(path.read_text(encoding="utf-8")):
            for one, other in _TEXT.findall(call):
                yield one or other


def of_modules() -> Iterator[str]:
    for path in ROOT.rglob("*.py"):
        if path.name == "running.py":  # what it says is for logs
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name in _SAYING:
                told = (found for argument in node.args for found in ast.walk(argument))  # type: ignore[attr-defined]
                yield from (one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_word_has_its_italian() -> None:
    said = {*of_templates(), *of_modules(), *ENGLISH, *(words for _, words in WAYS)}
    words = {one for one in said if len(one) > 1 and not _CODE.fullmatch(one)} - {"email", "sms", ", "}
    assert len(words) > 150
    assert sorted(words - ITALIAN.keys()) == []


def test_both_languages_have_the_same_places() -> None:
    uneven = [one for one, told in ITALIAN.items() if ENGLISH.get(one, one).count("{}") != told.count("{}")]
    assert uneven == []


def test_a_word_stands_in_the_file_of_one_page() -> None:
    counted = Counter(words for part in PARTS for words in part)
    assert [words for words, count in counted.items() if count > 1] == []
