"""A text whose Jinja does not go through compilers of HTML: marks stand for it meanwhile, and it is put back after.

A `{% … %}` between tags becomes a comment, because parsers move text out of tables; inside a tag it becomes a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.authoring.document import Place
from orchestrator.authoring.placing import written_at
from orchestrator.domain.template import Source

JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STYLE = re.compile(r"<(/?)(?:mj-)?style\b")
_OPENING = re.compile(r"\{(?=[{%#])")
"""Of what is no Jinja: it was written as a character reference, to be read and not obeyed."""


@dataclass(slots=True)
class Marked:
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

    def dropped(self, page: str) -> Iterator[int]:
        """Where Jinja was written of which the page has no mark any more."""
        return (at for number, (_, at) in enumerate(self.blocks) if self.mark(number) not in page)


def marked(text: str) -> Marked:
    """The text with a mark instead of each piece of Jinja."""
    word = "jinja"
    while word in text:
        word += "q"
    found = Marked("", word, moved=[(0, 0)])
    end = 0
    for match in JINJA.finditer(text):
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


def restored(page: str, marks: Marked, source: Source) -> Source:
    """The page with its Jinja. Each piece of that begins a line, so that errors can be told where they were written."""
    first = written_at(source, 0)
    pieces, places, end = list[str](), [first], 0
    for match in re.finditer(rf"(?:<!--|&lt;!--)?{marks.word}(\d+)x(?:--&gt;|-->)?", page):
        block, at = marks.blocks[int(match[1])]
        opening = 3 if block[2] in "-+" else 2
        between = page[end : match.start()]
        places += [places[-1]] * between.count("\n")
        here = written_at(source, at)
        places += [Place(here.file, here.line + more) for more in range(block.count("\n") + 1)]
        pieces += [_read(between), block[:opening], "\n", block[opening:]]
        end = match.end()
    text = "".join((*pieces, _read(page[end:])))
    files = tuple(place.file for place in places)
    others = files if set(files) != {source.file} else ()
    return Source(text, source.file, lines=tuple(place.line for place in places), files=others)


def _read(page: str) -> str:
    return _OPENING.sub("{{ '{' }}", page)
