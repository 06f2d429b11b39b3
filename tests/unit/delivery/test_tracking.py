"""Links of emails: which are rewritten, which never, and that each leads where it did."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.delivery.render import Renderer
from orchestrator.delivery.tracking import Tracking, hosts_of, with_utm
from orchestrator.domain.clicks import read_click
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Links
from orchestrator.domain.template import Source, Template

KEY, DOOR = b"k" * 32, "https://go.shop.example"
OUTGOING = Outgoing("0" * 24, 7, "cart-reminder", "t", "email", "ada@example.com", "en", 0, {}, home=2)


def tracking(base: str = DOOR, hosts: tuple[str, ...] = ("shop.example",), **links: Any) -> Tracking:
    return Tracking(Links(**{"track": True, **links}), frozenset(hosts), base, lambda: (KEY,))


def led_to(url: str) -> str:
    """Where a rewritten link leads."""
    assert url.startswith(f"{DOOR}/l/"), url
    click = read_click(url.removeprefix(f"{DOOR}/l/"), [KEY])
    assert click is not None
    assert (click.message, click.home, click.key) == ("0" * 24, 2, 7)
    return click.url


def hrefs(page: str) -> list[str]:
    return [html.unescape(one[1] or one[2]) for one in re.finditer(r"""(?i)href="([^"]*)"|href='([^']*)'""", page)]


def test_links_of_a_page_lead_over_the_door_to_where_they_led() -> None:
    page = """<a class="b" href="https://shop.example/a?x=1&amp;y=2">A</a>
    <A HREF='https://shop.example/&#x2f;b' title="a > b">B</A>
    <area href="https://shop.example#top"><!--[if mso]><a href="https://shop.example/mso">C</a><![endif]-->"""
    made = tracking().page(page, OUTGOING)
    assert [led_to(url) for url in hrefs(made)] == [
        "https://shop.example/a?x=1&y=2",
        "https://shop.example//b",
        "https://shop.example#top",
        "https://shop.example/mso",
    ]
    assert re.sub(r"""href=("[^"]*"|'[^']*')""", "", made, flags=re.IGNORECASE) == re.sub(
        r"""href=("[^"]*"|'[^']*')""", "", page, flags=re.IGNORECASE
    )


@pytest.mark.parametrize(
    "url",
    [
        "mailto:hello@shop.example",
        "tel:+39333",
        "#top",
        "/relative",
        "https://evil.example/shop.example",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://user@shop.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        *(f"{DOOR}/{page}/abc" for page in "supcl"),
        "https://shop.example/\r\nSet-Cookie: x",
        "https://[::1/",
        "https://shop.example/" + "x" * 2_000,
        "",
    ],
)
def test_what_is_not_the_workspace_s_own_is_left_as_it_is(url: str) -> None:
    page = f'<a href="{html.escape(url)}">x</a>'
    assert tracking(hosts=("shop.example", "go.shop.example")).page(page, OUTGOING) == page


def test_links_of_a_text_lead_over_the_door_and_the_words_around_stay() -> None:
    made = tracking().text("Go (https://shop.example/a). Or https://evil.example/x, https://shop.example!\n", OUTGOING)
    first, rest = made.removeprefix("Go (").split("). Or ")
    assert led_to(first) == "https://shop.example/a"
    assert rest.startswith("https://evil.example/x, ")
    assert led_to(rest.removeprefix("https://evil.example/x, ").removesuffix("!\n")) == "https://shop.example"


def test_what_a_customer_typed_never_becomes_a_link_that_we_signed() -> None:
    text = "Hi {{ profile.traits.first_name }}, https://shop.example/cart"
    page = '<a href="https://shop.example/">Hi {{ profile.traits.first_name }}</a>'
    made = Template("t", None, {}, {"": {p: Source(s, "f") for p, s in (("subject", "x"), ("text", text), ("html", page))}})
    renderer = Renderer({"t": made}, {}, tracking=tracking(hosts=tuple(hosts_of([made]))))
    name = 'https://evil.example/ <a href="https://evil.example">'
    message = renderer.render(Outgoing(**{**outgoing_fields(), "context": {"profile": {"traits": {"first_name": name}}}}))
    assert message.body_text.startswith(f"Hi {name}, {DOOR}/l/")
    assert [led_to(url) for url in hrefs(message.body_html)] == ["https://shop.example/"]


def outgoing_fields() -> dict[str, Any]:
    return {name: getattr(OUTGOING, name) for name in OUTGOING.__struct_fields__}


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ('<a href="https://Shop.example/a">', {"shop.example"}),
        ("see https://a.example, http://b.example:8080/x", {"b.example:8080"}),
        ("https://{{ host }}/x https://shop.example{{ path }}", set()),
        ("https://evil.example.{{ x }}", set()),
        ("(https://c.example)", {"c.example"}),
    ],
)
def test_hosts_are_those_that_the_texts_write_out(text: str, hosts: set[str]) -> None:
    assert hosts_of([Template("t", sources={"": {"html": Source(text, "f")}})]) == hosts


def test_utm_is_added_but_never_over_what_stands_there() -> None:
    links = tracking(track=False, utm={"source": "mail", "campaign": "spring"})
    (url,) = hrefs(links.page('<a href="https://shop.example/?a=1&amp;utm_source=ours#x">x</a>', OUTGOING))
    assert url == "https://shop.example/?a=1&utm_source=ours&utm_medium=email&utm_campaign=spring#x"
    (url,) = hrefs(tracking(utm={"source": "mail"}).page('<a href="https://shop.example">x</a>', OUTGOING))
    assert parse_qsl(urlsplit(led_to(url)).query) == [
        ("utm_medium", "email"),
        ("utm_campaign", "cart-reminder"),
        ("utm_source", "mail"),
    ]


def test_a_door_at_the_shop_s_own_address_hides_none_of_its_links() -> None:
    ours = tracking(base="https://shop.example")
    made = ours.page('<a href="https://shop.example/cart">x</a><a href="https://shop.example/u/abc">y</a>', OUTGOING)
    assert re.findall(r'href="https://shop\.example/(\w)/', made) == ["l", "u"]


def test_without_a_word_of_the_workspace_links_are_left_alone() -> None:
    page = '<a href="https://shop.example">x</a>'
    assert tracking(track=False).page(page, OUTGOING) == page


PIECES = st.lists(
    st.sampled_from(
        [
            "<a ", "href=", '"', "'", "https://shop.example/", "https://evil.example/", ">", "</a>", "&quot;", " x=1", "=",
            "<area",            "/", "é", "\n", "<!--", "-->", "&#x2f;", "href='https://shop.example'", '<a href="https://shop.example/?a=1&amp;b=2">',
        ]
    ),
    max_size=25,
)  # fmt: skip


@given(PIECES, st.sampled_from(["page", "text"]))
def test_whatever_stands_in_a_page_only_our_own_links_change(pieces: list[str], kind: str) -> None:
    text = "".join(pieces)
    rewrite: Callable[[str, Outgoing], str] = getattr(tracking(), kind)
    made = rewrite(text, OUTGOING)
    tokens = re.findall(rf"{re.escape(DOOR)}/l/([\w-]+)", made)
    for token in tokens:
        click = read_click(token, [KEY])
        assert click is not None
        assert urlsplit(click.url).netloc == "shop.example"


def test_utm_keeps_what_was_encoded() -> None:
    assert with_utm("https://shop.example/a%20b?q=%C3%A8&x", {"source": "a b"}) == (
        "https://shop.example/a%20b?q=%C3%A8&x&utm_source=a+b"
    )
