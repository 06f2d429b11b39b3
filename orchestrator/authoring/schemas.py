"""The JSON Schemas of the authored files, shipped in `rules/schema` for editors and for the check."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any


@lru_cache(maxsize=64)
def schema_of(name: str) -> dict[str, Any]:
    """The schema in `rules/schema/NAME.schema.json`."""
    text = (resources.files("rules") / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def resolved(schema: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """Follow `$ref`: the schema meant and the name of the file in which it stands."""
    while "$ref" in schema:
        file, _, pointer = schema["$ref"].partition("#")
        name = file.removesuffix(".schema.json") or name
        found: Any = schema_of(name)
        for member in pointer.strip("/").split("/") if pointer.strip("/") else ():
            found = found[member]
        schema = found
    return schema, name
