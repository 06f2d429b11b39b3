"""MJML: compiled when a workspace is, with its Jinja where it was written and its faults at their lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.authoring import check, load_workspace
from orchestrator.authoring.limits import TAGS_DEPTH
from orchestrator.delivery.render import render_texts
from orchestrator.delivery.unrenderable import RenderError

Written = Callable[..., Path]
FILE = "templates/thanks/email.mjml"
PAGE = """\
<mjml>
  <mj-head>
    <mj-title>{{ profile.traits.first_name | default("You") }} &amp; us</mj-title>
    <mj-style>.line { color: #333; }</mj-style>
  </mj-head>
  <mj-body>
    {% if event.properties.total > 50 %}
    <mj-section background-color="{% if profile.traits.plan | default('') == 'business' %}#ffd700{% else %}#eeeeee{% endif %}">
      <mj-column><mj-text>A big one, {{ profile.traits.first_name | default("you") }}!</mj-text></mj-column>
    </mj-section>
    {% endif %}
    <mj-section>
      {% for product in event.properties.products | default([]) %}
      <mj-column>
        <mj-button href="https://shop.example/p?id={{ product.product_id | default("") | urlencode }}&amp;a=b">Again</mj-button>
      </mj-column>
      {% endfor %}
    </mj-section>
    <mj-section><mj-column>
      <mj-table>
        {% for product in event.properties.products | default([]) %}
        <tr class="line"><td>{{ product.product_id | default("") }}</td><td>{{ product.quantity | default(1) }}</td></tr>
        {% endfor %}
      </mj-table>
    </mj-column></mj-section>
  </mj-body>
</mjml>
"""


def context(*products: str, total: int = 60, **traits: Any) -> dict[str, Any]:
    lines = [{"product_id": name, "quantity": number} for number, name in enumerate(products, 1)]
    event = {"properties": {"order_id": "O-1", "total": total, "products": lines}}
    return {"event": event, "profile": {"traits": traits, "features": {}, "user_id": "anna"}}


@pytest.fixture
def rendered(written: Written) -> Callable[..., str]:
    def render(**given: Any) -> str:
        template = load_workspace(written({FILE: PAGE, "templates/thanks/email.txt": None})).templates["thanks"]
        return render_texts(template, "email", "en", context(*given.pop("products", ()), **given)).html

    return render


def test_loops_and_conditions_stand_around_what_they_stood_around(rendered: Callable[..., str]) -> None:
    page = rendered(products=["tea", "a&b"], plan="business", first_name="Ann <3")
    assert "A big one, Ann &lt;3!" in page
    assert "#ffd700" in page
    assert "#eeeeee" not in page
    assert re.findall(r'href="([^"]*)"', page) == [
        "https://shop.example/p?id=tea&amp;a=b",
        "https://shop.example/p?id=a%26b&amp;a=b",
    ]
    rows = re.findall(r"<tr[^>]*><td[^>]*>(tea|a&amp;b)</td><td[^>]*>(\d)</td></tr>", page)
    assert rows == [("tea", "1"), ("a&amp;b", "2")]
    small = rendered(total=5)
    assert "A big one" not in small
    assert "Again" not in small
    for made in (page, small):
        assert "jinja" not in made
        assert "{" + "%" not in made
        assert "fonts.googleapis.com" not in made, "nothing is fetched that nobody asked for"


def test_styles_are_written_into_the_elements(rendered: Callable[..., str]) -> None:
    assert re.search(r'<tr[^>]*class="line"[^>]*style="color: ?#333', rendered(products=["tea"]))


def test_the_plain_text_comes_of_the_page(written: Written) -> None:
    template = load_workspace(written({FILE: PAGE, "templates/thanks/email.txt": None})).templates["thanks"]
    text = render_texts(template, "email", "en", context("tea", total=60)).text
    assert "A big one, you!" in text
    assert "Again (https://shop.example/p?id=tea&a=b)" in text
    assert "tea 1" in text


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("    <mj-section><mj-column>\n", "    <¦mj-sektion><mj-column>\n", "E604", "mj-section"),
        ("</mj-table>\n", "\n", "E601", ""),
        ("<mj-table>", '<mj-image width="{{ ¦profile.traits.first_name }}" /><mj-table>', "E603", "may be absent"),
        ("<mj-table>", '<mj-image nothing="¦{{ event.properties.total }}" /><mj-table>', "E601", "would drop it"),
        ("{{ product.quantity | default(1) }}", "{{ ¦product.quantity }}", "E603", ""),
        ("total > 50", "total > 50 and ¦event.properties.totl", "E306", "totl"),
    ],
)
def test_a_fault_is_told_where_it_was_written(written: Written, old: str, new: str, code: str, words: str) -> None:
    assert PAGE.count(old) == 1
    text = PAGE.replace(old, new)
    before, mark, _ = text.partition("¦")
    found = [each for each in check(written({FILE: text.replace("¦", "")})) if each.file == FILE]
    assert code in {each.code for each in found}, found
    one = next(each for each in found if each.code == code)
    assert words in one.message + one.fix
    if mark:
        assert (one.line, one.column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def test_an_error_of_delivery_names_the_line_that_was_written(written: Written) -> None:
    page = PAGE.replace("{{ product.quantity | default(1) }}", "{{ product.quantity | default(1) | money }}")
    template = load_workspace(written({FILE: page, "templates/thanks/email.txt": None})).templates["thanks"]
    given = context("tea")
    given["event"]["properties"]["products"][0]["quantity"] = "many"
    with pytest.raises(RenderError) as refused:
        render_texts(template, "email", "en", given)
    assert (refused.value.file, refused.value.line) == (FILE, 22)


def test_a_whole_page_is_needed_and_one_only(written: Written) -> None:
    for text, code in (("<p>Hello</p>", "E601"), ("<mjml><mj-body><mj-include path='x'/></mj-body></mjml>", "E601")):
        assert [(each.code, each.file) for each in check(written({FILE: text}))] == [(code, FILE)]
    both = {FILE: PAGE, "templates/thanks/email.html": "<p>Hello</p>"}
    assert [(each.code, each.file) for each in check(written(both))] == [("E205", FILE)]


def test_deep_tags_do_not_end_the_process(written: Written) -> None:
    deep = "<mjml><mj-body>" + "<mj-wrapper>" * 20_000 + "</mj-wrapper>" * 20_000 + "</mj-body></mjml>"
    (found,) = check(written({FILE: deep}))
    assert (found.code, found.line, found.column) == ("E106", 1, 16 + 12 * (TAGS_DEPTH - 2))


def test_jinja_that_the_compiler_would_pull_apart_is_told(written: Written) -> None:
    text = "<mjml><mj-body><mj-section><mj-column>{% if event.properties.total > 9 %}<mj-text>a</mj-text></mj-column>"
    split = text + "</mj-section></mj-body><mj-head><mj-title>b{% endif %}</mj-title></mj-head></mjml>"
    assert {each.code for each in check(written({FILE: split}))} == {"E601"}
