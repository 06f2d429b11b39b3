"""Templates as recipients read them, and what a template cannot do."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.delivery.channel import RenderedMessage
from orchestrator.delivery.formats import day, money
from orchestrator.delivery.plain import plain_text
from orchestrator.delivery.render import Renderer, render_texts
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Source, Template

CONTEXT: dict[str, Any] = {
    "event": {"properties": {"total": 1234.5, "products": [{"name": "Tè <verde>"}, {"name": "Caffè"}]}},
    "item": None,
    "profile": {"traits": {"first_name": "Ada", "nickname": None}, "features": {}},
    "stage": {"current": "interest"},
    "enrolment": {},
    "now": "2026-03-31T10:00:00Z",
}


def template(inputs: dict[str, Any] | None = None, default_locale: str = "en", **locales: dict[str, str]) -> Template:
    """A template of these parts: `default={…}, it={…}, it_it={…}`."""
    sources = {
        "" if locale == "default" else locale.replace("_", "-"): {
            part: Source(text, f"templates/t/{locale}/{part}") for part, text in parts.items()
        }
        for locale, parts in locales.items()
    }
    return Template("t", "shop", inputs or {}, sources, default_locale)


def sms(text: str, locale: str = "en", **context: Any) -> str:
    return render_texts(template(default={"sms": text}), "sms", locale, {**CONTEXT, **context}).text


def mail(locale: str = "en", context: dict[str, Any] | None = None, **parts: str) -> tuple[str, str, str]:
    texts = render_texts(template(default={"subject": "Hi", **parts}), "email", locale, {**CONTEXT, **(context or {})})
    return texts.subject, texts.html, texts.text


def test_a_message_carries_everything_it_needs() -> None:
    made = template(
        {"code": {"type": "string"}}, default={"subject": "{{ code }}", "html": "<b>{{ code }}</b>", "text": "{{ code }}"}
    )
    outgoing = Outgoing("m1", 7, "welcome", "t", "email", "ada@example.com", "en", 0, {**CONTEXT, "code": "A&B"})
    renderer = Renderer({"t": made}, {"shop": {"email": {"from": "shop@example.org"}}})
    assert renderer.render(outgoing, {"List-Unsubscribe": "<https://x>"}) == RenderedMessage(
        message_id="m1",
        channel="email",
        to="ada@example.com",
        body_text="A&B",
        campaign="welcome",
        sender={"from": "shop@example.org"},
        subject="A&B",
        body_html="<b>A&amp;B</b>",
        headers={"List-Unsubscribe": "<https://x>"},
    )


def test_a_template_that_is_not_there_is_told() -> None:
    outgoing = Outgoing("m1", 7, "welcome", "gone", "email", "ada@example.com", "en", 0, {})
    with pytest.raises(RenderError, match="'gone', template: there is no template of this name"):
        Renderer({}, {}).render(outgoing)


@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("it-IT", ("Oggetto", "testo IT")),
        ("it_CH", ("Oggetto", "testo")),
        ("de", ("Subject", "text")),
        ("", ("Subject", "text")),
    ],
)
def test_each_piece_falls_back_on_its_own(locale: str, read: tuple[str, str]) -> None:
    made = template(
        default={"subject": "Subject", "text": "text"},
        it={"subject": "Oggetto", "text": "testo"},
        it_it={"text": "testo IT"},
    )
    texts = render_texts(made, "email", locale, CONTEXT)
    assert (texts.subject, texts.text) == read


def test_html_is_escaped_in_html_and_nowhere_else() -> None:
    name = "{% for p in event.properties.products %}{{ p.name }};{% endfor %}"
    assert mail(html=name, text=name, subject=name) == ("Tè <verde>;Caffè;", "Tè &lt;verde&gt;;Caffè;", "Tè <verde>;Caffè;")


@pytest.mark.parametrize("key", ["name", "source", "template_name", "loop", "html"])
def test_no_input_can_switch_escaping_off(key: str) -> None:
    assert mail(html=f"{{{{ {key} }}}}", text="x", context={key: "<a.txt>"})[1] == "&lt;a.txt&gt;"


def test_a_subject_is_one_line() -> None:
    assert mail(text="x", subject=" Hello\n  {{ who }} ", context={"who": "Ada\r\nBcc: eve"})[0] == "Hello Ada Bcc: eve"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("{{ profile.traits.first_name }}", "Ada"),
        ('{{ profile.traits.nickname | default("there") }}', "there"),
        ('{{ profile.traits.nobody | default("there") }}', "there"),
        ('{{ profile.traits.first_name | default("there") }}', "Ada"),
        ('{{ "" | default("there", true) }}', "there"),
        ("{% if profile.traits.nobody %}a{% else %}b{% endif %}", "b"),
        ("{% if profile.traits.nickname %}a{% else %}b{% endif %}", "b"),
        ('{{ event.properties.total | money("EUR") }}', "€1,234.50"),
        ('{{ event.properties.total | money("EUR", "it") }}', "1.234,50 €"),
        ("{{ now | day }} {{ now | day('it') }}", "31 March 2026 31 marzo 2026"),
    ],
)
def test_what_is_missing_may_be_tested_or_defaulted(text: str, read: str) -> None:
    assert sms(text) == read


@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("it-IT", "3,00 €, 31 marzo 2026"),
        ("it-CH", "3,00 €, 31 marzo 2026"),
        ("de-AT", "€ 3,00, 31. März 2026"),
        ("fr", "€3.00, 31 March 2026"),
    ],
)
def test_filters_speak_the_language_of_the_text(locale: str, read: str) -> None:
    text = {"sms": '{{ 3 | money("EUR") }}, {{ now | day }}'}
    made = template(default=text, it=text, de=text)
    assert render_texts(made, "sms", locale, CONTEXT).text == read


@pytest.mark.parametrize("locale", ["", "en", "xx", "C", "../../etc", "en_US.UTF-8", "it" * 900, "\0", "zh-Hant-TW-x"])
def test_no_locale_stops_a_message(locale: str) -> None:
    text = {"sms": "{{ 3 | money }}, {{ now | day }}"}
    assert render_texts(template(default=text, xx=text), "sms", locale, CONTEXT).text


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a\n{{ nobody }}", 2, "`nobody`: no value here"),
        ("à\n\n{{ profile.traits.nobody }}", 3, "`profile.traits.nobody`: no value here"),
        ("a\n{% if", 2, "syntax error"),
        ("a\n{{ profile.traits.nickname }}", 2, "`profile.traits.nickname`: prints null"),
        ("{{ profile.traits.nobody | upper }}", 1, "`profile.traits.nobody | upper`: no value here"),
        (
            "{% for n in [1, 2] %}\n{% if n == 2 %}\n{{- profile.traits.nickname -}}{% endif %}{% endfor %}",
            3,
            "prints null",
        ),
        ("{{ event.properties.products }}", 1, "prints null, a list or an object"),
        ("{{ debug() }}", 1, "unknown function"),
        ("{{ profile.traits.first_name | nothing }}", 1, "unknown filter"),
        ("{% include 'x' %}", 1, "template not found"),
        ("{{ profile.traits.first_name | money('EUR') }}", 1, "money needs a number"),
        ("{{ 1 | money('euro') }}", 1, "money needs a currency"),
        ("{{ 1 | money('EUR', 5) }}", None, "a filter was given what it cannot take"),
        ("{{ 1 | money(1, 2, 3) }}", None, "a filter was given what it cannot take"),
        ("{{ profile.traits.first_name | day }}", 1, "day needs a date"),
        ("{{ 'x' * 2000 }}", None, "2,000 characters long, 1,600 are the limit"),
        ("  ", None, "there is no sms.txt to send"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_where_and_why(text: str, line: int | None, said: str) -> None:
    with pytest.raises(RenderError, match=r"templates/t/default/sms|there is no") as caught:
        sms(text)
    assert (caught.value.template, caught.value.part, caught.value.line) == ("t", "sms", line)
    assert said in caught.value.message
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 300000000 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ 'a\nb' | indent(1000000000) }}",
        "{{ [1] | batch(1000000000, 'x') | list }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% set n = namespace(s='aaaaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    ],
    ids=["loops", "product", "format", "indent", "batch", "recursion", "doubling"],
)
def test_no_template_runs_or_grows_without_end(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(RenderError):
        sms(text)
    assert time.monotonic() - began < 2


class Poison:
    def boom(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    "value", [Poison(), float("nan"), {1, 2}, b"x", object], ids=["object", "nan", "set", "bytes", "class"]
)
def test_only_json_can_be_read(value: object) -> None:
    with pytest.raises(RenderError, match="holds more than JSON") as caught:
        sms("x", thing=value)
    assert caught.value.part == "context"


def test_a_value_is_never_a_template() -> None:
    assert sms("{{ x }}", x="{{ now }}{% raise %}") == "{{ now }}{% raise %}"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert sms("{{ x }}", x="a\ud800b") == "a?b"


def test_a_missing_input_is_told() -> None:
    with pytest.raises(RenderError, match="`with` gives no code"):
        render_texts(template({"code": {}}, default={"sms": "x"}), "sms", "en", CONTEXT)


@pytest.mark.parametrize("parts", [{"subject": "x"}, {"text": "x"}, {"text": "x", "subject": " "}])
def test_an_email_needs_a_subject_and_a_text(parts: dict[str, str]) -> None:
    with pytest.raises(RenderError, match="there is no"):
        render_texts(template(default=parts), "email", "en", CONTEXT)


def test_the_preheader_is_hidden_at_the_top_of_the_page() -> None:
    page = mail(html="<html><body class=x><p>Hi</p></body></html>", preheader="Only {{ who }}", context={"who": "<you>"})[1]
    assert page.startswith("<html><body class=x><div style=")
    assert ">Only &lt;you&gt;</div><p>Hi</p>" in page


def test_without_a_text_the_page_is_read_out() -> None:
    subject, page, text = mail(
        html='<p>Hi <b>{{ profile.traits.first_name }}</b></p><a href="https://x.org">Go</a>', preheader="no"
    )
    assert (subject, text) == ("Hi", "Hi Ada\n\nGo (https://x.org)\n")
    assert "<b>Ada</b>" in page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<h1>A</h1><p>b&amp;c &euro;&nbsp;3</p>", "A\n\nb&c € 3\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ('<a href="https://x.org/?a=1&amp;b=2">Go <b>on</b></a>.', "Go on (https://x.org/?a=1&b=2).\n"),
        ('<a href="https://x.org">https://x.org</a> <a href="#top">up</a> <a>no</a>', "https://x.org up no\n"),
        ('<a href="mailto:a@b.it">write</a>', "write (a@b.it)\n"),
        ('<a href="https://x.org"><img alt="Logo" src="x.png"></a>', "Logo (https://x.org)\n"),
        ('<a href="https://x.org"><img src="x.png"></a>', "https://x.org\n"),
        ("<head><title>t</title><style>p{}</style></head><body>a<script>b</script></body>", "a\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ("<p>a\n   b</p>\n\n\n<p>c</p>", "a b\n\nc\n"),
        ("<!-- x --><p>a < b</p></b></a></style>", "a < b\n"),
        ("<div><div>a</div></div><div>b</div><hr>c", "a\nb\n\nc\n"),
        ("<ul><li><p>a</p></li><li>b <br> c</li></ul>d", "- a\n\n- b\nc\n\nd\n"),
        ("<head><title>t</title><body>a</body>", "a\n"),
        ("a <b>b</b> c\n<i>d</i>", "a b c d\n"),
        ("", "\n"),
    ],
)
def test_a_page_reads_well_as_text(page: str, text: str) -> None:
    assert plain_text(page) == text


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "read"),
    [
        (0, "EUR", "it", "0,00 €"),
        (-1234567.891, "EUR", "it-IT", "-1.234.567,89 €"),
        (-5, "USD", "en-US", "-$5.00"),
        (0.125, "GBP", "en", "£0.13"),
        (1500, "JPY", "it", "1.500 ¥"),
        ("19.9", "CHF", "en", "CHF 19.90"),
        ("19.9", "CHF", "it", "19,90 CHF"),
        (1234.5, "EUR", "de", "1.234,50 €"),
        (1234567.5, "EUR", "fr-FR", "1 234 567,50 €"),
        (1234.5, "EUR", "pt_BR", "€ 1.234,50"),
        (1234.5, "EUR", "de-XY", "1.234,50 €"),
        (1234.5, "EUR", "xx", "€1,234.50"),
    ],
)
def test_money_is_written_as_people_write_it(amount: object, currency: str, locale: str, read: str) -> None:
    assert money(amount, currency, locale) == read


@pytest.mark.parametrize("value", ["2026-02-29", "", "x", None, 5])
def test_what_is_no_date_is_not_written(value: object) -> None:
    with pytest.raises(Exception, match="day needs a date"):
        day(value, "it")


@pytest.mark.parametrize("amount", [True, None, "x", float("nan"), float("inf"), 1e300, [], "1e999999999"])
def test_what_is_no_amount_is_not_written(amount: object) -> None:
    with pytest.raises(Exception, match="money needs a number"):
        money(amount, "EUR", "it")


def test_a_page_that_is_no_html_is_refused_like_any_other_text() -> None:
    with pytest.raises(RenderError, match="the page is not HTML"):
        mail(html="<p>Hello</p><![foo[ x ]]>")


def test_what_an_elif_asks_is_blamed_on_nothing_else() -> None:
    with pytest.raises(RenderError) as caught:
        sms("{% if event.properties.total < 0 %}x{% elif profile.traits.b.c %}y{% endif %}")
    assert "event.properties.total" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "printed"), [({}, "The Shop, 1 &lt;Market&gt; Street"), ({"name": "A", "postal_address": "B"}, "A, B")]
)
def test_a_message_says_who_sends_it_and_where_unless_an_input_is_called_so(given: dict[str, str], printed: str) -> None:
    email = {"from": "shop@example.org", "name": "The Shop", "postal_address": "1 <Market> Street"}
    made = template(default={"subject": "Hi", "html": "<p>{{ sender.name }}, {{ sender.postal_address }}</p>"})
    made = replace(made, sender="shop", inputs={"sender": {"type": "object"}} if given else {})
    context = {"sender": given} if given else {}
    out = Outgoing("0" * 24, 1, "c", "t", "email", to="a@example.org", locale="en", not_after=0, context=context)
    assert printed in Renderer({"t": made}, {"shop": {"email": email}}).render(out).body_html


def test_a_message_that_asks_a_survey_carries_its_link() -> None:
    made = template(default={"subject": "Hi", "text": "Tell us: {{ survey.url }}"})
    asked = Outgoing(
        message_id="0" * 24,
        key=1,
        campaign="c",
        template="t",
        channel="email",
        to="a@example.org",
        locale="en",
        not_after=0,
        context={"survey": {"url": "placeholder"}},
        survey="nps",
        person="u:anna",
    )
    senders = {"shop": {"email": {"from": "shop@example.org"}}}
    assert Renderer({"t": made}, senders).render(asked).body_text.strip() == "Tell us: placeholder"
    linked = Renderer({"t": made}, senders, lambda out: f"https://shop.example/{out.survey}/{out.person}")
    assert linked.render(asked).body_text.strip() == "Tell us: https://shop.example/nps/u:anna"


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("<p>Hi {{ a }}</p><p>{% if b %}yes{% else %}no{% endif %}</p>", {"a": "Ada", "b": 1}),
        (
            "<table>{% for p in a %}<tr><td>{{ p.n }}</td><td>{{ p.m }}</td></tr>{% endfor %}</table>x",
            {"a": [{"n": 1, "m": 2}] * 3},
        ),
        ("<ul>{% for p in a %}<li>{{ p }}{% endfor %}</ul>", {"a": ["x", "y"]}),
        (
            '<a href="{{ a }}">go</a> <a href="{{ a }}">{{ a }}</a> <a href="x?{{ b }}"><img alt="{{ b }}"></a>',
            {"a": "u", "b": 2},
        ),
        ('<a href="{{ a }}">go</a>', {"a": ""}),
        ("<title>{{ a }}</title><style>{{ a }}</style>{{ a }}<!-- {{ a }} -->", {"a": "x\n  y"}),
        ("{# no #}<p>&lt;{{ a }}&gt; &#123;&#123; a &#125;&#125;</p>", {"a": "<b>&amp;"}),
        ("{{ a | safe }}<br>{{ a }}", {"a": "<b>x</b>"}),
        ("<head>{% set z = 1 %}</head><body>{{ z }}</body>", {"a": 1}),
        ("<p {% if a %}class=x{% endif %}>x<br>{{- a -}}<br></p>y", {"a": 1}),
    ],
)
def test_a_page_read_out_once_says_what_each_page_says(page: str, values: dict[str, Any]) -> None:
    _, made, text = mail(html=page, context=values)
    assert text == plain_text(made)
