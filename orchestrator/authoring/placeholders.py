"""Placeholders of other tools, which would go out as they are written."""

from __future__ import annotations

import re

from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import Report
from orchestrator.authoring.placing import written_at
from orchestrator.domain.template import Source

_OTHERS = re.compile(  # each begins with its sign: what stands before is looked at after it, which is several times faster
    r"\{(?<![{%#$].)\s*(?P<braces>(?:event|profile|item|stage|enrolment)\.[\w.]+|first_?name|last_?name|name)\s*\}(?!\})"
    r"|\*\|(?P<bars>[A-Z0-9_:]{2,40})\|\*"
    r"|%(?<![\w%].)(?P<percent>[A-Z][A-Z0-9_]{2,40})%"
    r"|\[\[?(?P<brackets>(?:first|last)_?name)\]\]?"
    r"|\$\{(?P<dollar>[\w.]+)\}",
    re.IGNORECASE,
)


def check_placeholders(source: Source, report: Report, at: Place | None = None) -> None:
    """Report each, with how it is written here; `at` where the text stands in another file's setting."""
    for match in _OTHERS.finditer(source.text):
        if match["percent"] and match["percent"].upper() != match["percent"]:
            continue
        place = at or written_at(source, match.start())
        name = next(name for name in match.groups() if name)
        written = name if "." in name else f"profile.traits.{name.lower().replace(' ', '_')}"
        report.add("W602", place, f"`{match[0]}` goes out as it is written", f"to print a value, write {{{{ {written} }}}}")
