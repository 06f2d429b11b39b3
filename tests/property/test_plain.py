"""A page read out once, as a template, says what each page made from it says when it is read out by itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.delivery.plain import plain_text
from orchestrator.delivery.press import Press
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.template import Source, Template

PIECES = (
    "<p>", "</p>", "<div>", "</div>", "<br>", "<ul>", "<li>", "</li>", "</ul>", "<table>", "<tr>", "<td>", "</td>", "</tr>",
    "</table>", "<h1>", "</h1>", '<a href="https://a.example/{{ x }}">', '<a href="{{ u }}">', '<a href="#top">', "</a>",
    '<a href="mailto:a@b.it">', '<img alt="{{ x }}" src="i.png">', "<style>{{ x }}</style>", "<!-- {{ x }} -->", "<body>",
    "<b>", "</b>", "<hr>", "{{ x }}", "{{- x -}}", "{{ u }}", "{% if x %}", "{% else %}", "{% endif %}", "{{ y }}",
    "{% for y in xs %}", "{% endfor %}", "{# {{ x }} #}", " ", "\n", "  \n\n ", "word", "word word", "&amp;", "&lt;b&gt;",
    "&nbsp;", "é", "- ", "(", "x{{ x }}y",
)  # fmt: skip
VALUES = st.sampled_from(["", "Ada", "<b>", "a  b", "a\nb", "&amp;", "- ", "(x)", "\t", "https://v.example", "é\u00a0è"])

URLS = st.sampled_from(["", "https://u.example/?a=1&b=2", "a b"])
"""Other than the values: where a link happens to say where it leads, that is told once by one and twice by the other."""


def read(page: str, context: dict[str, Any]) -> tuple[str, str] | None:
    """The page and its text; None where the template is none."""
    template = Template("t", sources={"": {"subject": Source("s", "s"), "html": Source(page, "h")}})
    try:
        texts = Press().texts(template, "email", "en", context)
    except RenderError:
        return None
    return texts.html, texts.text


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), VALUES, URLS, st.lists(VALUES, max_size=3))
def test_a_page_read_out_once_says_what_each_page_says(page: str, x: str, u: str, xs: list[str]) -> None:
    found = read(page, {"x": x, "u": u, "xs": xs})
    if found is not None and found[0]:
        assert found[1] == plain_text(found[0])
