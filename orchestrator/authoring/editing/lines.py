"""The first line of a file by which editors find its schema."""

from __future__ import annotations

from orchestrator.authoring.files import FOLDERS, SINGLE

FOLDER = ".schemas"
"""Where they lie in a workspace."""
_MARK = "# yaml-language-server: $schema="
_KINDS = {
    "events": "event",
    "campaigns": "campaign",
    "surveys": "survey",
    "personas": "persona",
    "measures": "measure",
    "tests": "tests",
}


def kind_of(file: str) -> str | None:
    """The schema of a file of a workspace, by its path; None where it has none."""
    top, *below = file.split("/")
    if not file.endswith(".yaml"):
        return None
    if not below:
        stem = file.removesuffix(".yaml")
        return stem if stem in SINGLE else None
    if top in FOLDERS and len(below) == 1:
        return _KINDS[top]
    return "template" if top == "templates" and file.endswith("/template.yaml") else None


def with_line(file: str, text: str) -> str:
    """The text with that line before it; as it is where it has one, or no schema."""
    kind = kind_of(file)
    if kind is None or _MARK in text:
        return text
    up = "../" * file.count("/")
    line = f"{_MARK}{up}{FOLDER}/{kind}.schema.json"
    return f"{line}\r\n{text}" if text.partition("\n")[0].endswith("\r") else f"{line}\n{text}"
