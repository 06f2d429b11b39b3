"""What customers typed, in every place of a message: it says what they typed, and does nothing else."""

from __future__ import annotations

import email
import email.policy
import html
import json
import re
import time
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.letter import Letter, letter_bytes, letter_of
from channels.limits import SUBJECT_CHARS
from orchestrator.delivery.channel import RenderedMessage
from orchestrator.delivery.press import PART_CHARS
from orchestrator.delivery.render import Renderer
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Source, Template

NAUGHTY = Path(__file__).parents[3] / "shared" / "corpora" / "naughty-strings" / "blns.json"
PAGE = """<!doctype html><html><head><title>{{ x }}</title></head><body>
<p title="{{ x }}" class='{{ x }}'>Hi {{ x }},</p><!-- {{ x }} -->
<a href="https://shop.example/?q={{ x | urlencode }}">{{ x }}</a><img alt="{{ x }}" src="https://shop.example/i.png">
{% for y in xs %}<li>{{ y }}</li>{% endfor %}{% if x %}<b>yes</b>{% endif %}</body></html>"""
PARTS = {"subject": "For {{ x }}", "preheader": "Dear {{ x }}", "html": PAGE, "sms": "Hi {{ x }}"}
SENDERS = {"shop": {"email": {"from": "shop@example.org", "name": "The Shop"}, "sms": {"from": "+390"}}}
RENDERER = Renderer({"t": Template("t", "shop", {}, {"": {part: Source(text, part) for part, text in PARTS.items()}})}, SENDERS)
MARK = "neutral"


def rendered(value: Any, channel: str = "email") -> RenderedMessage:
    context = {"x": value, "xs": [value, value], "profile": {"traits": {"first_name": value}}}
    return RENDERER.render(Outgoing("0" * 24, 1, "c", "t", channel, "ada@example.com", "en", 0, context))


class _Shape(HTMLParser):
    """The tags of a page with the names of their attributes, and its words apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        del data
        self.tags.append(("!", ()))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shape(page: str) -> _Shape:
    found = _Shape()
    found.feed(page)
    found.close()
    return found


@cache
def neutral() -> tuple[Any, ...]:
    return tuple(shape(rendered(MARK).body_html).tags)


def obeys(value: str) -> None:
    """The laws of one value, in an email and in an SMS."""
    try:
        message = rendered(value)
    except RenderError as error:
        is_too_long(error)
        return
    typed = value.encode("utf-8", "replace").decode()
    page = shape(message.body_html)
    if typed:  # an empty one is false, and its branch is another
        assert tuple(page.tags) == neutral(), "no value opens or closes a tag, an attribute or a comment"
    assert squeezed(message.subject) == squeezed(f"For {typed}")
    assert squeezed(typed) in squeezed(message.body_text)
    assert len(message.body_html) <= PART_CHARS["html"] + 10_000
    assert_no_line_is_smuggled(message)
    assert_text(value)


def squeezed(text: str) -> str:
    """The text without what a line may lose: white space, and what turns the direction of writing."""
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "", "".join(text.split()))


def assert_no_line_is_smuggled(message: RenderedMessage) -> None:
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    letter = letter_of(message)
    assert isinstance(letter, Letter)
    assert len(letter.subject) <= SUBJECT_CHARS
    read = email.message_from_bytes(letter_bytes(letter), policy=email.policy.default)
    assert list(read.keys()) == ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def is_too_long(error: RenderError) -> None:
    """The only reason for which a text may be refused."""
    if "characters long" not in str(error):
        raise error


def assert_text(value: str) -> None:
    try:
        text = rendered(value, "sms").body_text
    except RenderError as error:
        is_too_long(error)
        return
    assert len(text) <= PART_CHARS["sms"]
    assert text == f"Hi {value.encode('utf-8', 'replace').decode()}".strip()


WICKED = (
    "\r\nBcc: eve@example.com", "\n\n<script>", "a\r\n\r\nbody", "{{ x }}", "{{ profile.traits.first_name }}{% raise %}",
    "{% include 't' %}", "{# x #}", "</title><script>alert(1)</script>", '" onload="alert(1)', "' onclick='x", "--><script>",
    "&lt;b&gt;", "<b>", "javascript:x", "\u202egnp.exe", "\u2066\u2067\u2069", "\u200f\u202d", "\x00\x01\x02\x03\x04\x05\x06",
    "\ud800", "=?utf-8?q?x?=", "=?", "\u2028\u2029\x85\x0b\x0c", "jinja0x", "<!--jinja0x-->", "x" * 499, "é" * 1_601,
    "%0d%0aX: y", "\\r\\n", "{{'x'*9}}", "}}", "%}", "{%", "\N{ZERO WIDTH JOINER}" * 50, "",
)  # fmt: skip


@pytest.mark.parametrize("value", WICKED)
def test_what_is_meant_to_break_out_stays_in(value: str) -> None:
    obeys(value)


def test_no_naughty_string_breaks_out() -> None:
    if not NAUGHTY.exists():
        pytest.skip(f"the corpus of naughty strings is not here: {NAUGHTY}")
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    assert len(strings) > 400
    for value in strings:
        obeys(value)


@given(st.text(max_size=60) | st.lists(st.sampled_from(WICKED), max_size=4).map("".join))
def test_nothing_that_can_be_typed_breaks_out(value: str) -> None:
    obeys(value)


@pytest.mark.parametrize("size", [10_000, 1_000_000, 5_000_000])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_huge_values_are_refused_quickly_and_told_without_them(size: int, channel: str) -> None:
    began = time.monotonic()
    with pytest.raises(RenderError) as caught:
        rendered("Ada" * size, channel)
    assert time.monotonic() - began < 5
    assert len(str(caught.value)) < 500
    assert "Ada" not in str(caught.value)


def test_a_subject_cannot_turn_the_words_around_it() -> None:
    subject = rendered("\u202eknab ruoy\u2066 \u2069\u202c").subject
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", subject)
    assert subject == "For knab ruoy"


def test_what_was_typed_is_escaped_once_and_no_more() -> None:
    page = rendered("<b>&amp;").body_html
    assert html.unescape(page).count("<b>&amp;") >= 5
    assert "&amp;amp;amp;" not in page
