"""rules/CODES.md: what each code means, an example that produces it, and the way out. Its anchors are the codes."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

PAGE = "rules/CODES.md"
_SECTION = re.compile(r"^### (\S+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


@cache
def page() -> str:
    """The whole page."""
    return (resources.files("rules") / "CODES.md").read_text(encoding="utf-8")


@cache
def _sections() -> dict[str, str]:
    return {code: text.strip() for code, text in _SECTION.findall(page())}


def section(code: str) -> str:
    """What the page says of a code, as Markdown; empty where it says nothing."""
    return _sections().get(code, "")


def address(code: str) -> str:
    """Where the page says it."""
    return f"{PAGE}#{code.lower()}"
