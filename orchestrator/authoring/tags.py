"""The tags of an MJML text: which MJML does not have, which are not closed, how deep they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.limits import TAGS_DEPTH

_TAGS = frozenset({
    "mjml", "mj-head", "mj-body", "mj-include", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font",
    "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-preview", "mj-style", "mj-title", "mj-accordion",
    "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-button", "mj-carousel", "mj-carousel-image",
    "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section",
    "mj-social", "mj-social-element", "mj-spacer", "mj-table", "mj-text", "mj-wrapper",
})  # fmt: skip
"""Of MJML 4, by its documentation."""
_ALONE = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
"""Tags of HTML that nothing closes."""


class TagFault(NamedTuple):
    """`at`: the character of the tag's name."""

    at: int
    code: str
    message: str
    fix: str


def tag_faults(text: str) -> Iterator[TagFault]:
    """What is wrong with the tags of a text without Jinja."""
    reader = _Tags()
    reader.feed(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for tag, line, column in reader.unknown:
        fix = did_you_mean(tag, _TAGS) or "see the MJML documentation"
        yield TagFault(starts[line - 1] + column + 1, "E604", f"there is no MJML tag `{tag}`", fix)
    for tag, line, column in (*reader.unclosed, *(one for one in reader.open if one[0].startswith("mj"))):
        message = f"`<{tag}>` is not closed where it should be"
        yield TagFault(starts[line - 1] + column + 1, "E601", message, f"write </{tag}>")
    if reader.deep is not None:
        line, column = reader.deep
        message = f"more than {TAGS_DEPTH} tags inside one another"
        yield TagFault(starts[line - 1] + column, "E106", message, "close them, or nest them less")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.unknown: list[tuple[str, int, int]] = []
        self.unclosed: list[tuple[str, int, int]] = []
        self.open: list[tuple[str, int, int]] = []
        self.deep: tuple[int, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _ALONE:
            self.open.append((tag, *self.getpos()))
        if len(self.open) > TAGS_DEPTH and self.deep is None:
            self.deep = self.getpos()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag.startswith("mj") and tag not in _TAGS:
            self.unknown.append((tag, *self.getpos()))

    def handle_endtag(self, tag: str) -> None:
        at = next((at for at in reversed(range(len(self.open))) if self.open[at][0] == tag), None)
        if at is not None:
            self.unclosed += [one for one in self.open[at + 1 :] if one[0].startswith("mj")]
            del self.open[at:]
