"""Strict JSON objects: what every reader of the same bytes understands alike, or a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from orchestrator.errors import RejectedEvent
from orchestrator.intake.limits import DEPTH_MAX, INTEGER_MAX

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_MARKED = bytes.maketrans(b"123456789[", b"000000000{")
_LONG_NUMBER = b"0" * len(str(INTEGER_MAX))
_TOO_DEEP = f"nested deeper than {DEPTH_MAX} levels; flatten the event"
_NAMES = {
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
    dict: "an object",
}


def read_object(raw: bytes) -> dict[str, Any]:
    """Read the object that these bytes hold.

    Refused with its place: broken JSON, invalid UTF-8, NaN, a repeated key, an integer beyond 2^53, nesting beyond 32.
    """
    tree = _decoded(raw)
    if type(tree) is not dict:
        raise RejectedEvent(f"$: expected an object, got {kind_of(tree)}; send each event as one JSON object")
    marked = raw.translate(_MARKED)
    if marked.find(_LONG_NUMBER) >= 0 or marked.count(b"{") > DEPTH_MAX:
        _refuse_extremes(tree)
    # A key that the tree lost took its colon with it; only an escaped colon can hide that.
    if raw.count(b":") != _ENCODER.encode(tree).count(b":") or raw.find(b"\\u003") >= 0:
        _refuse_repeated_keys(raw)
    return tree


def kind_of(value: Any) -> str:
    """Say what a JSON value is, in plain words."""
    return _NAMES.get(type(value), "something else")


def _decoded(raw: bytes) -> Any:
    try:
        return _DECODER.decode(raw)
    except RecursionError:
        raise RejectedEvent(_TOO_DEEP) from None
    except UnicodeDecodeError as error:
        raise RejectedEvent(f"invalid UTF-8 ({error.reason}); encode the event as UTF-8") from None
    except ValueError as error:
        detail = str(error).removeprefix("JSON is malformed: ")
        raise RejectedEvent(f"not valid JSON: {detail}; encode the event with a JSON library") from None


def _refuse_repeated_keys(raw: bytes) -> None:
    def pairs(found: list[tuple[str, Any]]) -> None:
        keys = [key for key, _ in found]
        if len(set(keys)) != len(keys):
            twice = next(key for at, key in enumerate(keys) if key in keys[:at])
            raise RejectedEvent(f"the key {twice!r} stands twice in one object; send each key once")

    json.loads(raw, object_pairs_hook=pairs)


def _refuse_extremes(tree: dict[str, Any]) -> None:
    stack: list[tuple[str, int, Any]] = [("$", 1, tree)]
    while stack:
        where, depth, value = stack.pop()
        if isinstance(value, int) and abs(value) > INTEGER_MAX:
            raise RejectedEvent(f"{where}: an integer beyond 2^53 loses digits in other readers; send it as a string")
        if isinstance(value, dict | list):
            if depth > DEPTH_MAX:
                raise RejectedEvent(_TOO_DEEP)
            stack.extend((place, depth + 1, child) for place, child in _children(where, value))


def _children(where: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((f"{where}.{key}", child) for key, child in value.items())
    return ((f"{where}[{at}]", child) for at, child in enumerate(value))
