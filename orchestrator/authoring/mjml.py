"""MJML texts: tags that MJML does not have."""

from __future__ import annotations

from html.parser import HTMLParser

from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import Scope

_TAGS = frozenset({
    "mjml", "mj-head", "mj-body", "mj-include", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font",
    "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-preview", "mj-style", "mj-title", "mj-accordion",
    "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-button", "mj-carousel", "mj-carousel-image",
    "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section",
    "mj-social", "mj-social-element", "mj-spacer", "mj-table", "mj-text", "mj-wrapper",
})  # fmt: skip
"""Of MJML 4, by its documentation."""


def check_mjml(file: str, text: str, scope: Scope) -> None:
    """Report each tag that begins as MJML's do and is none of them."""
    reader = _Tags()
    reader.feed(text)
    for tag, line, column in reader.unknown:
        fix = did_you_mean(tag, _TAGS)
        scope.report.add(
            "E604", Place(file, line, column + 2), f"there is no MJML tag `{tag}`", fix or "see the MJML documentation"
        )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.unknown: list[tuple[str, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag.startswith("mj") and tag not in _TAGS:
            self.unknown.append((tag, *self.getpos()))
