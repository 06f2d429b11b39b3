"""A page as plain text: a line a block, links as `text (url)`, images as their `alt`.

A page's template can be read out once instead of each page that is made from it: the signs for ends of lines stand in the
text until its values are there, and only then become lines.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LINE, _PARAGRAPH, _BREAK, _BULLET, _URL, _URL_END, _CELL = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6"
"""The end of a line, of a paragraph, a `<br>`, an item of a list; a link's address, which may turn out empty; the end of
a cell.

Unicode's noncharacters: whoever sends them in a value gets a line end instead, and nobody else has any.
"""
_ENDS = re.compile(f"[ {_LINE}{_PARAGRAPH}{_BREAK}]*[{_LINE}{_PARAGRAPH}{_BREAK}][ {_LINE}{_PARAGRAPH}{_BREAK}]*")
_BULLETS = re.compile(f"{_BULLET}[ {_LINE}{_PARAGRAPH}]*")
_NO_URL = re.compile(rf"{_URL}\s*{_URL_END}")
_SIGNS = str.maketrans({_URL: " (", _URL_END: ")", _CELL: " "})
_JINJA = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_OF_PAGES = re.compile(r"\b(?:safe|e|escape|forceescape|autoescape|raw|tojson|include|import|extends|filter)\b")
"""In a block that has one of these the page is not what a text with the same words would be; nor where `{{-` takes white space
away, for other things stand beside it there."""


def plain_text(page: str) -> str:
    """The page as plain text. AssertionError where the standard library cannot read it."""
    return settled(_read_out(page))


def plain_template(text: str) -> str | None:
    """The template of the plain text of a page's template: `settled` makes the text of what it renders to.

    None where that would not be the plain text of each page. Raises as `plain_text`.
    """
    if any(_OF_PAGES.search(block) or "-" in (block[2:3], block[-3:-2]) for block in _JINJA.findall(text)):
        return None
    word = "jinja"
    while word in text:
        word += "q"
    blocks: dict[str, int] = {}

    def mark(match: re.Match[str]) -> str:
        return "" if match[0].startswith("{#") else f"{word}{blocks.setdefault(match[0], len(blocks))}x"

    made = _read_out(_JINJA.sub(mark, text))
    if any(sign in made for sign in ("{{", "{%", "{#")):  # written as `&#123;`, to be read and not obeyed
        return None
    written = list(blocks)
    return re.sub(f"{word}([0-9]+)x", lambda match: written[int(match[1])], made)


def settled(text: str) -> str:
    """The text with lines where their signs stand."""
    if _URL in text or _CELL in text:
        text = _NO_URL.sub("", text).translate(_SIGNS)
    text = _BULLETS.sub("- ", " ".join(text.split()))
    return _ENDS.sub(_lines, text).strip() + "\n"


def _lines(match: re.Match[str]) -> str:
    ends = match[0]
    owed = 2 if _PARAGRAPH in ends else 1 if _LINE in ends else 0
    return "\n" * min(2, owed + ends.count(_BREAK))


def _read_out(page: str) -> str:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "".join(reader.found)


class _Reader(HTMLParser):
    """Collects the words of a page, and the signs of what stands between them."""

    _SILENT = frozenset({"head", "style", "script", "title", "template"})
    _LINES = frozenset({"tr", "li", "div", "dt", "dd", "section", "article", "header", "footer"})
    _PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._end_line(tag)
        if tag in self._SILENT:
            self._silent.append(tag)
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.found)))
        elif tag == "img":
            self.handle_data(given.get("alt") or "")
        elif tag == "li":
            self.handle_data(_BULLET)
        elif tag == "br":
            self.found.append(_BREAK)
        elif tag == "body":
            self._silent.clear()  # it ends a head that nobody closed

    def handle_endtag(self, tag: str) -> None:
        self._end_line(tag)
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag == "a" and self._links:
            href, begun = self._links.pop()
            url = href.removeprefix("mailto:").strip()
            said = "".join(self.found[begun:]).strip(f" {_LINE}{_PARAGRAPH}{_BREAK}")
            if url and not url.startswith("#") and url != said:
                self.handle_data(f"{_URL}{url}{_URL_END}" if said else url)
        elif tag in ("td", "th"):
            self.found.append(_CELL)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)

    def _end_line(self, tag: str) -> None:
        sign = _PARAGRAPH if tag in self._PARAGRAPHS else _LINE if tag in self._LINES else ""
        if sign and not self._silent:
            self.found.append(sign)
