"""What templates share: partials and frames, put together with each fault at its own file's line; styles in the elements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import check, load_workspace
from orchestrator.authoring.limits import INCLUDES
from orchestrator.delivery.render import render_texts
from orchestrator.delivery.unrenderable import RenderError

Written = Callable[..., Path]
PAGE = "templates/thanks/email.html"
SETTINGS = "templates/thanks/template.yaml"
FRAMED = "sender: shop\nsubject: Hello\nframe: shop\n"
SHOP = """\
<!doctype html>
<html><head><style>
h1 { color: #123456; }
@media (max-width: 600px) { h1 { color: #654321; } }
</style></head>
<body>
{{ content }}
<footer>{% include "foot" %}</footer>
</body></html>
"""
CONTEXT: dict[str, Any] = {
    "unsubscribe_url": "",
    "event": {"properties": {"order_id": "O-1", "total": 60}},
    "profile": {"traits": {"first_name": "Ann"}, "features": {"orders": 1}, "user_id": "anna"},
}


def told(path: Path) -> list[str]:
    return [f"{one.code} {one.file}:{one.line}:{one.column} {one.message}" for one in check(path) if one.severity == "error"]


def page(path: Path, locale: str = "en") -> str:
    return render_texts(load_workspace(path).templates["thanks"], "email", locale, CONTEXT).html


def test_a_text_stands_in_its_frame_with_what_that_includes(written: Written) -> None:
    made = page(
        written(
            {
                SETTINGS: FRAMED,
                PAGE: "<h1>{{ event.properties.order_id }}</h1>\n",
                "partials/shop.html": SHOP,
                "partials/foot.html": "Order {{ event.properties.order_id }}\n",
            }
        )
    )
    assert "<footer>Order O-1</footer>" in made
    assert '<h1 style="color: #123456;">O-1</h1>' in made
    assert "@media (max-width: 600px)" in made
    assert "color: #123456; }" not in made.partition("</head>")[0], "what stands in the elements is not sent twice"


def test_a_partial_is_that_of_the_texts_locale(written: Written) -> None:
    path = written(
        {
            PAGE: '{% include "foot" %}',
            "templates/thanks/it/email.html": "<p>{% include 'foot' %}</p>",
            "partials/foot.html": "Bye",
            "partials/it/foot.html": "Ciao",
        }
    )
    assert page(path, "en").strip() == "Bye"
    assert page(path, "it-CH").strip() == "<p>Ciao</p>"


def test_a_plain_text_stands_in_a_frame_if_there_is_one_for_it(written: Written) -> None:
    files = {SETTINGS: FRAMED, PAGE: "<p>x</p>", "templates/thanks/email.txt": "Hello\n"}
    frames = {"partials/shop.html": "{{ content }}", "partials/shop.txt": "{{ content }}\n\nYours\n"}
    path = written(files | frames)
    template = load_workspace(path).templates["thanks"]
    assert render_texts(template, "email", "en", CONTEXT).text == "Hello\n\nYours"
    (path / "partials/shop.txt").unlink()
    template = load_workspace(path).templates["thanks"]
    assert render_texts(template, "email", "en", CONTEXT).text == "Hello"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({PAGE: '\n<p>{% include "feet" %}'}, "E316 templates/thanks/email.html:2:16 there is no partial `feet.html`"),
        ({SETTINGS: FRAMED.replace("shop\n", "shop\n", 1), PAGE: "x"}, "E316 templates/thanks/template.yaml:3:8"),
        ({PAGE: "{% include name %}"}, "E601 templates/thanks/email.html:1:1 `include` takes the name of a partial in quotes"),
        (
            {PAGE: '{% include "a" %}', "partials/a.html": 'x\n{% include "b" %}', "partials/b.html": '{% include "a" %}'},
            "E606 partials/b.html:1:13 `a` would stand inside itself",
        ),
        (
            {PAGE: '{% include "a" %}' * (INCLUDES + 1), "partials/a.html": "x"},
            f"E606 templates/thanks/email.html:1:{INCLUDES * 17 + 13} more than {INCLUDES} partials",
        ),
        (
            {SETTINGS: FRAMED, PAGE: "x", "partials/shop.html": "<p></p>"},
            "E606 partials/shop.html:1:1 this frame says nowhere where the text stands",
        ),
        (
            {SETTINGS: FRAMED, PAGE: "x", "partials/shop.html": "{{ content }}{{content}}"},
            "E606 partials/shop.html:1:1 this frame says more than once",
        ),
        (
            {PAGE: 'x\n{% include "foot" %}', "partials/foot.html": "<p>\n  {{ profile.traits.first_name }}</p>"},
            "E603 partials/foot.html:2:6 `profile.traits.first_name` may be absent",
        ),
        (
            {SETTINGS: FRAMED, PAGE: "x\n {{ nobody }}", "partials/shop.html": SHOP, "partials/foot.html": "x"},
            "E306 templates/thanks/email.html:2:5 there is no `nobody`",
        ),
        (
            {PAGE: '{% include "foot" %}', "partials/foot.html": "<p>\n{% if %}"},
            "E601 partials/foot.html:2",
        ),
        (
            {PAGE: '{% include "foot" %}', "partials/foot.html": "<style>a{}</style><p>\n{{ 1 | nothing }}"},
            "E601 partials/foot.html:2",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_it_was_written(written: Written, files: dict[str, str], said: str) -> None:
    (found,) = told(written({"templates/thanks/email.txt": "x", **files}))
    assert found.startswith(said)


def test_a_partial_that_nothing_can_include_is_told(written: Written) -> None:
    path = written({"partials/foot.css": "x", "partials/it/de/foot.html": "x"})
    assert [one.file for one in check(path) if one.code == "W101"] == ["partials/foot.css", "partials/it/de/foot.html"]


def test_a_message_that_cannot_be_rendered_names_the_partials_line(written: Written) -> None:
    foot = "<p>\n\n{{ profile.traits.first_name }}\n</p>"
    path = written({PAGE: '<style>p{color:red}</style>\n{% include "foot" %}', "partials/foot.html": foot})
    template = load_workspace_unchecked(path)
    with pytest.raises(RenderError) as caught:
        render_texts(template, "email", "en", {**CONTEXT, "profile": {"traits": {}}})
    assert (caught.value.file, caught.value.line) == ("partials/foot.html", 3)


def load_workspace_unchecked(path: Path) -> Any:
    from orchestrator.authoring.workspace import load_admitted  # noqa: PLC0415

    return load_admitted(path).templates["thanks"]


def test_what_is_written_to_be_read_stays_unread_by_jinja(written: Written) -> None:
    text = "<style>p{color:red} @media print { #a { color: red } }</style><p>&#123;&#123; event }}</p>"
    assert "{{ event }}" in page(written({PAGE: text}))


def test_a_page_without_styles_and_partials_is_left_as_it_is(written: Written) -> None:
    assert page(written({PAGE: "<P CLASS=x>&nbsp;{{ event.properties.order_id }}</P>"})).endswith("<P CLASS=x>&nbsp;O-1</P>")


def test_a_loop_around_rows_survives_the_writing_of_styles(written: Written) -> None:
    rows = "{% for n in [1, 2] %}<tr><td>{{ n }}</td></tr>{% endfor %}"
    made = page(written({PAGE: f"<style>td{{color:red}}</style><table>\n{rows}\n</table>"}))
    assert made.count('<td style="color: red;">') == 2
