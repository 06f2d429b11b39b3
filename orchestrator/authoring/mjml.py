"""MJML texts: what is wrong in their tags, and the HTML that they become when a workspace is compiled.

Jinja does not go through the compilers: each `{{ … }}` and `{% … %}` is replaced by a mark before, and put back after. A
`{% … %}` between tags becomes a comment, because parsers move text out of tables; inside a tag it becomes a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import Report
from orchestrator.authoring.tags import tag_faults
from orchestrator.domain.template import Source

_JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STYLE = re.compile(r"<(/?)(?:mj-)?style\b")
_AT = re.compile(r" (?:in root template )?at position (\d+):\d+|in root template")


@dataclass(slots=True)
class _Marked:
    """A text with marks instead of its Jinja. `blocks`: what each mark stands for, and where that was written."""

    text: str
    word: str
    blocks: list[tuple[str, int]] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)
    """(character here, character as authored) at the beginning and after each mark"""

    def authored(self, at: int) -> int:
        """The authored character that stands here."""
        here, there = next(pair for pair in reversed(self.moved) if pair[0] <= at)
        return there + at - here

    def mark(self, number: int) -> str:
        return f"{self.word}{number}x"


def compile_mjml(source: Source, report: Report) -> Source | None:
    """The HTML of an MJML text, with its Jinja; reports what is wrong at its place, and then there is none."""
    marked, before = _marked(source.text), report.count
    for at, code, message, fix in tag_faults(marked.text):
        report.add(code, _place(source, marked.authored(at)), message, fix)
    page = _page(marked, source, report) if report.count == before else None
    for number, (_, at) in enumerate(marked.blocks if page is not None else ()):
        if marked.mark(number) not in (page or ""):
            message, fix = (
                "MJML has no place for this here, and would drop it",
                "put it into a text, an attribute or between tags",
            )
            report.add("E601", _place(source, at), message, fix)
    return _restored(page, marked, source) if page is not None and report.count == before else None


def _marked(text: str) -> _Marked:
    word = "jinja"
    while word in text:
        word += "q"
    found = _Marked("", word, moved=[(0, 0)])
    end = 0
    for match in _JINJA.finditer(text):
        found.text += text[end : match.start()]
        end = match.end()
        if not match[0].startswith("{#"):
            mark = found.mark(len(found.blocks))
            found.text += mark if match[0].startswith("{{") or _inside(found.text) else f"<!--{mark}-->"
            found.blocks.append((match[0], match.start()))
        found.moved.append((len(found.text), end))
    found.text += text[end:]
    return found


def _inside(before: str) -> bool:
    """Whether what follows is inside a tag or a style sheet, where a comment is none."""
    styles = _STYLE.findall(before)
    return before.rfind("<") > before.rfind(">") or bool(styles and not styles[-1])


def _place(source: Source, at: int) -> Place:
    before = source.text[:at]
    return Place(source.file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def _page(marked: _Marked, source: Source, report: Report) -> str | None:
    """The compiled page, its styles written into its elements too."""
    import css_inline  # noqa: PLC0415 - 0.1 s, and few workspaces have MJML
    import mrml  # noqa: PLC0415

    try:
        page = mrml.to_html(marked.text, render_options=mrml.RenderOptions(fonts={})).content
        return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline(page)
    except BaseException as error:
        if not isinstance(error, OSError | ValueError) and type(error).__name__ != "PanicException":
            raise
        found = _AT.search(str(error))
        before = marked.text.encode()[: int(found[1])] if found is not None and found[1] else b""
        at = marked.authored(len(before.decode(errors="replace")))
        message = f"this MJML cannot be compiled: {_AT.sub('', str(error)).strip()}"
        report.add(
            "E601", _place(source, at), message, "a whole text is <mjml><mj-body> … </mj-body></mjml>, without mj-include"
        )
        return None


def _restored(page: str, marked: _Marked, source: Source) -> Source:
    """The page with its Jinja. Each piece of that begins a line, so that errors can be told where they were written."""
    pieces, lines, end = list[str](), [1], 0
    for match in re.finditer(rf"(?:<!--|&lt;!--)?{marked.word}(\d+)x(?:--&gt;|-->)?", page):
        block, at = marked.blocks[int(match[1])]
        opening = 3 if block[2] in "-+" else 2
        between = page[end : match.start()]
        lines += [lines[-1]] * between.count("\n")
        first = _place(source, at).line
        lines += range(first, first + block.count("\n") + 1)
        pieces += [between, block[:opening], "\n", block[opening:]]
        end = match.end()
    return Source("".join((*pieces, page[end:])), source.file, lines=tuple(lines))
