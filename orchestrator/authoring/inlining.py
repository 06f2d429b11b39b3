"""Pages whose style sheets are written into their elements, because many mail programs heed nothing else."""

from __future__ import annotations

import re
from functools import lru_cache

from orchestrator.authoring.finding import Report
from orchestrator.authoring.limits import PAGES_KEPT
from orchestrator.authoring.marks import marked, restored
from orchestrator.authoring.placing import written_at
from orchestrator.domain.template import Source

_STYLE = re.compile(r"<style\b", re.IGNORECASE)


def has_styles(text: str) -> bool:
    """Whether there is a style sheet to write into the elements."""
    return _STYLE.search(text) is not None


def inline_styles(source: Source, report: Report) -> Source | None:
    """The page with its styles in its elements; of the sheets only rules such as `@media` are left."""
    marks, before = marked(source.text), report.count
    try:
        page = inlined(marks.text, keep=False)
    except ValueError as error:
        told = f"the styles of this page cannot be written into its elements: {error}"
        report.add("E601", written_at(source, 0), told, "mend its <style>")
        return None
    for at in marks.dropped(page):
        message = "this would be lost when the styles are written into the page"
        report.add("E601", written_at(source, at), message, "put it into the page's text, an attribute or between tags")
    return restored(page, marks, source) if report.count == before else None


@lru_cache(maxsize=PAGES_KEPT)
def inlined(page: str, *, keep: bool) -> str:
    """The page with its styles in its elements; `keep` the sheets too. Raises ValueError."""
    import css_inline  # noqa: PLC0415 - 0.1 s, and not every workspace has styles

    inliner = css_inline.CSSInliner(keep_style_tags=keep, keep_at_rules=not keep, load_remote_stylesheets=False)
    return inliner.inline(page)
