"""Alike texts are rendered once, and the outcome is that of rendering each."""

from typing import Any

import pytest

from orchestrator.delivery.render import Renderer
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Source, Template
from orchestrator.insight.alike import AlikeOnce

BASE: dict[str, Any] = {
    "event": {"total": 5, "items": [{"name": "a"}]},
    "profile": {"traits": {"name": "Ada"}},
    "now": "2026-01-01",
}
TEXTS = [
    "Hi",
    "{{ profile.traits.name }}",
    "{{ profile.traits.name | default('you') }}",
    "{% if event.total > 3 %}{{ profile.traits.name }}{% else %}x{% endif %}",
    "{% set p = profile %}{{ p.traits.name }}",
    "{% for one in event['items'] %}{{ one.name }}{% endfor %}.",
    "{% for one in event['items'][:3] %}{{ one.name }}{% endfor %}.",
    "{{ event.total | money }}",
    "{{ profile.traits.name.first }}",
    "{{ now | day }}",
]
CONTEXTS: list[dict[str, Any]] = [
    BASE,
    {**BASE, "profile": {"traits": {}}},
    {**BASE, "profile": {"traits": {"name": None}}},
    {**BASE, "profile": {"traits": {"name": {"first": "Ada"}}}},
    {**BASE, "event": {"total": 1, "items": [{"name": None}]}},
    {**BASE, "event": {"total": "5", "items": []}},
    {**BASE, "event": None},
    {**BASE, "now": "today"},
]


class Counting(Renderer):
    """Counts what it renders."""

    count = 0

    def render(self, outgoing: Outgoing, headers: Any = None) -> Any:
        type(self).count += 1
        return super().render(outgoing, headers)


def renderer(text: str, kind: type[Renderer] = Renderer) -> Renderer:
    sources = {"": {"sms": Source(text, "templates/t/sms.txt")}, "it": {"sms": Source(f"it {text}", "templates/t/it/sms.txt")}}
    return kind({"t": Template("t", sources=sources)}, {})


def outgoing(context: dict[str, Any], locale: str = "en") -> Outgoing:
    return Outgoing("m", 1, "c", "t", "sms", "1", locale, 0, context)


def said(call: Any, message: Outgoing) -> str:
    try:
        call(message)
    except RenderError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("text", TEXTS)
def test_it_says_of_every_message_what_rendering_it_says(text: str) -> None:
    alike = AlikeOnce(renderer(text))
    for context in (*CONTEXTS, *CONTEXTS):
        for locale in ("en", "it"):
            message = outgoing(context, locale)
            assert said(alike, message) == said(renderer(text).render, message)


def test_a_text_is_rendered_once_for_the_values_that_it_reads() -> None:
    alike = AlikeOnce(renderer("{{ profile.traits.name }}", Counting))
    for number in range(10):
        alike(outgoing({**BASE, "event": {"total": number}}))
    assert Counting.count == 1
    alike(outgoing({**BASE, "profile": {"traits": {"name": "Bob"}}}))
    assert Counting.count == 2


def test_a_remembered_refusal_does_not_grow() -> None:
    made = Template("t", "shop", {}, {"": {"sms": Source("{{ profile.traits.name }}", "sms.txt")}}, "en")
    once = AlikeOnce(Renderer({"t": made}, {}))
    depths = []
    for _ in range(5):
        with pytest.raises(RenderError) as caught:
            once(Outgoing("m", 1, "c", "t", "sms", "+39", "en", 0, {"profile": {"traits": {}}}))
        depths.append(len(caught.traceback))
    assert depths[-1] == depths[1]
