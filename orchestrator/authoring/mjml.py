"""MJML texts: what is wrong in their tags, and the HTML that they become when a workspace is compiled."""

from __future__ import annotations

import re

from orchestrator.authoring.finding import Report
from orchestrator.authoring.inlining import inlined
from orchestrator.authoring.marks import Marked, marked, restored
from orchestrator.authoring.placing import written_at
from orchestrator.authoring.tags import tag_faults
from orchestrator.domain.template import Source

_AT = re.compile(r" (?:in root template )?at position (\d+):\d+|in root template")


def compile_mjml(source: Source, report: Report) -> Source | None:
    """The HTML of an MJML text, with its Jinja; reports what is wrong at its place, and then there is none."""
    marks, before = marked(source.text), report.count
    for at, code, message, fix in tag_faults(marks.text):
        report.add(code, written_at(source, marks.authored(at)), message, fix)
    page = _page(marks, source, report) if report.count == before else None
    for at in marks.dropped(page) if page is not None else ():
        message = "MJML has no place for this here, and would drop it"
        report.add("E601", written_at(source, at), message, "put it into a text, an attribute or between tags")
    return restored(page, marks, source) if page is not None and report.count == before else None


def _page(marks: Marked, source: Source, report: Report) -> str | None:
    """The compiled page, its styles written into its elements too."""
    import mrml  # noqa: PLC0415 - 0.1 s, and few workspaces have MJML

    try:
        page = mrml.to_html(marks.text, render_options=mrml.RenderOptions(fonts={})).content
        return inlined(page, keep=True)
    except BaseException as error:
        if not isinstance(error, OSError | ValueError) and type(error).__name__ != "PanicException":
            raise
        found = _AT.search(str(error))
        before = marks.text.encode()[: int(found[1])] if found is not None and found[1] else b""
        at = marks.authored(len(before.decode(errors="replace")))
        message = f"this MJML cannot be compiled: {_AT.sub('', str(error)).strip()}"
        report.add(
            "E601", written_at(source, at), message, "a whole text is <mjml><mj-body> … </mj-body></mjml>, without mj-include"
        )
        return None
