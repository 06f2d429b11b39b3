"""What each persona gets, in each language that the template is written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from minijinja import Environment, TemplateError

from orchestrator.authoring import Workspace
from orchestrator.authoring.scope import CHANNELS
from orchestrator.delivery.press import Press
from orchestrator.delivery.render import render_texts
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.sms import foreign_in, size_of
from orchestrator.domain.template import DEFAULT, SENDER, Template, chain, told_of
from orchestrator.insight.preview.people import Person, Use, context_of, lacking, people_of, uses_of

_BUILT_IN = frozenset({"range", "dict", "namespace", "loop", "self", "super", "caller", "true", "false", "none"})
_PARTS: Mapping[str, tuple[str, ...]] = {"email": ("subject", "preheader", "html", "text"), "sms": ("sms",)}


@dataclass(frozen=True, slots=True)
class Foreign:
    """A character that GSM-7 has not: each SMS holds 70 characters instead of 160."""

    character: str
    code: str
    name: str
    times: int


@dataclass(frozen=True, slots=True)
class Segments:
    """What an SMS costs. `length`, `room` (of one) and `each` (of several) in characters of its encoding."""

    count: int
    length: int
    room: int
    each: int
    encoding: str
    foreign: tuple[Foreign, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One message. `error` is why it would be refused; `missing` what it reads and this person has not."""

    persona: str
    locale: str
    own: bool
    """It is the persona's own language."""
    channel: str
    sender: Mapping[str, str]
    to: str
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    segments: Segments | None = None
    missing: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """A template with everything that is seen of it."""

    template: str
    uses: tuple[Use, ...]
    people: tuple[Person, ...]
    languages: tuple[str, ...]
    messages: tuple[Shown, ...]

    def as_json(self) -> dict[str, Any]:
        """The result of the command."""
        uses = [
            {"campaign": use.campaign, "step": use.step, "channels": list(use.channels)} for use in self.uses if use.campaign
        ]
        return {
            "template": self.template,
            "uses": uses,
            "personas": [person.name for person in self.people],
            "locales": list(self.languages),
            "messages": [asdict(message) for message in self.messages],
        }


def preview_of(workspace: Workspace, name: str) -> Preview:
    """The template for each persona in each of its languages, on each channel that it has a text for."""
    template, uses = workspace.templates[name], uses_of(workspace, name)
    people, languages, press = people_of(workspace), languages_of(template), Press()
    messages = [
        shown(workspace, template, use_on(uses, channel), person, language, channel, press)
        for person in people
        for language in languages
        for channel in CHANNELS
        if template.carries(channel, language)
    ]
    return Preview(name, tuple(uses), tuple(people), languages, tuple(messages))


def languages_of(template: Template) -> tuple[str, ...]:
    """The main folder's language, then those of its others."""
    others = (place for place in template.sources if place not in (DEFAULT, *chain(template.default_locale)))
    return (template.default_locale, *sorted(others))


def use_on(uses: list[Use], channel: str) -> Use:
    """The first step that sends it on that channel; the first of all where none does."""
    return next((use for use in uses if channel in use.channels), uses[0])


def shown(
    workspace: Workspace, template: Template, use: Use, person: Person, language: str, channel: str, press: Press
) -> Shown:
    """One message as it would be rendered."""
    own = bool(chain(person.locale)) and chain(person.locale)[-1] == chain(language)[-1]
    locale = person.locale if own else language
    sender = workspace.senders.get(template.sender or "", {}).get(channel, {})
    context = {SENDER: told_of(workspace.senders, template.sender), **context_of(workspace.program, template, use, person)}
    missing = lacking(frozenset(_reads(template, channel, locale)), context)
    made = Shown(person.name, locale, own, channel, sender, person.address(channel), missing=missing)
    try:
        texts = render_texts(template, channel, locale, context, press)
    except RenderError as error:
        return _with(made, error=str(error))
    if channel == "sms":
        return _with(made, text=texts.text, segments=segments_of(texts.text))
    return _with(made, subject=texts.subject, preheader=texts.preheader, html=texts.html, text=texts.text)


def _with(message: Shown, **given: Any) -> Shown:
    held = {name: getattr(message, name) for name in ("persona", "locale", "own", "channel", "sender", "to", "missing")}
    return Shown(**held, **given)


def segments_of(text: str) -> Segments:
    """How many SMS the text is, and because of which characters."""
    size, times = size_of(text), Counter(foreign_in(text))
    foreign = tuple(
        Foreign(one, f"U+{ord(one):04X}", unicodedata.name(one, "").lower(), number) for one, number in times.most_common()
    )
    return Segments(size.count, size.length, size.room, size.each, "UCS-2" if foreign else "GSM-7", foreign)


def _reads(template: Template, channel: str, locale: str) -> Iterator[str]:
    finder = Environment()
    for part in _PARTS[channel]:
        source = template.source(part, locale)
        try:
            paths = finder.undeclared_variables_in_str(source.text, nested=True) if source is not None else ()
        except TemplateError:
            continue
        yield from (path for path in paths if path.split(".", maxsplit=1)[0] not in _BUILT_IN)
