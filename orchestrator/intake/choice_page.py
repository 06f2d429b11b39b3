"""The pages on which recipients choose what they get: forms without scripts, in their language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from itertools import chain, repeat

from orchestrator.domain.policies import Topic
from orchestrator.domain.suppression import ALL, SENDER, TOPIC, Listed
from orchestrator.domain.survey import in_locale
from orchestrator.intake.choice_words import CHOICE_WORDS
from orchestrator.intake.page import framed, headed, language

SNOOZES = (7, 30, 90)
"""Days of a break that the page offers."""
LANGUAGES = ("it", "en")
STATES = ("yes", "no", "pending", "leave")
"""How a topic stands on a channel; `leave`: this page does not know."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the preference page shows: how each (topic, channel) stands, since when it is dated, and the break if any."""

    topics: Sequence[Topic]
    channels: Sequence[str]
    states: Mapping[tuple[str, str], str] = field(default_factory=dict)
    spoken: str = ""
    until: int | None = None
    held: Sequence[Listed] = ()
    """Entries of the address list that no choice here goes before."""


def offered(shown: Shown, given: Mapping[str, str]) -> bool:
    """Whether the form's answers are among those that the page offers."""
    topics = {f"topic:{channel}:{topic.name}" for topic in shown.topics for channel in shown.channels}
    return (
        given.get("pause", "") in ("", "0", *map(str, SNOOZES))
        and given.get("language", "") in ("", *LANGUAGES)
        and all(given[name] in STATES for name in topics & given.keys())
    )


def titled(topic: Topic, locale: str) -> str:
    """What recipients read for a topic: its title, else its name as words."""
    return in_locale(topic.title, locale)[1] or topic.name.replace("-", " ").replace("_", " ").capitalize()


def holds(locale: str, shown: Shown) -> list[str]:
    """What is not sent whatever is chosen, why, and how to change that."""
    titles = {topic.name: titled(topic, locale) for topic in shown.topics}
    return list(dict.fromkeys(_hold(CHOICE_WORDS[language(locale)], one, titles) for one in shown.held))


def _hold(words: Mapping[str, str], one: Listed, titles: Mapping[str, str]) -> str:
    why = _WHY.get(one.kind, "other")
    if why == "stop" and one.channel != "sms":
        why = "other"
    scope = one.scope.removeprefix(TOPIC)
    if one.scope == ALL:
        what = words["held_all"]
    elif one.scope.startswith(SENDER):
        what = words["held_sender"]
    else:
        what = words["held_topic"].format(titles[scope]) if scope in titles else words["held_marketing"]
    return words[f"held_{why}"].format(what, words.get(f"by_{one.channel}", one.channel))


_WHY = {"stop": "stop", "complaint": "complaint", "bounce": "bounce", "invalid": "bounce"}


def text_version(locale: str, page: str) -> str:
    """Names the words that a recipient agreed to, so that they can be found again."""
    words = CHOICE_WORDS[language(locale)]
    told = "\0".join(value for name, value in words.items() if name.startswith(page) or name in ("yes", "no", "intro", "all"))
    return f"{page} {language(locale)} {sha256(told.encode()).hexdigest()[:8]}"


def said(locale: str, title: str, why: str, *places: str, back: str = "", shop: str = "", notes: Sequence[str] = ()) -> str:
    """A page that says one thing; `back` leads to the choices, `notes` stand below."""
    words = CHOICE_WORDS[language(locale)]
    link = f'\n<p><a href="{escape(back)}">{words["again"]}</a></p>' if back else ""
    text = escape(words[why].format(*places))
    return framed(locale, words[title], f"{headed(words[title], shop)}\n<p>{text}</p>{_noted(notes)}{link}", shop)


def _noted(notes: Sequence[str]) -> str:
    return "".join(f'\n<p class="wrong">{escape(one)}</p>' for one in notes)


def asked(
    locale: str, title: str, places: Sequence[str], buttons: Sequence[tuple[str, str, str]], *, back: str = "", shop: str = ""
) -> str:
    """A question with a button for each (field, value, words) that answers it; `back` leads to the choices."""
    words = CHOICE_WORDS[language(locale)]
    forms = "\n".join(
        f'<form method="post"><button type="submit" name="{name}" value="{escape(value)}"{look}>{escape(text)}</button></form>'
        for (name, value, text), look in zip(buttons, chain([""], repeat(' class="plain"')), strict=False)
    )
    link = f'\n<p class="apart"><a href="{escape(back)}">{words["again"]}</a></p>' if back else ""
    text = escape(words[f"{title}_why"].format(*places))
    return framed(locale, words[title], f"{headed(words[title], shop)}\n<p>{text}</p>\n{forms}{link}", shop)


def preferences(locale: str, shown: Shown, shop: str = "", wrong: str = "") -> str:
    """The page of all choices; `wrong` says why what was sent is refused."""
    words = CHOICE_WORDS[language(locale)]
    told = f'<p class="wrong" role="alert">{escape(wrong)}</p>\n' if wrong else ""
    fields = "\n".join(_topic(topic, locale, shown) for topic in shown.topics)
    body = (
        f"{headed(words['preferences'], shop)}\n{told}<p>{words['intro']}</p>{_noted(holds(locale, shown))}\n"
        f'<form method="post" novalidate>\n{fields}\n{_spoken(locale, shown)}\n{_pause(locale, shown)}\n'
        f'<button type="submit" name="save" value="1">{words["save"]}</button>\n</form>\n'
        f'<form method="post" class="apart"><h2>{words["all"]}</h2>\n<p>{words["all_why"]}</p>\n'
        f'<button type="submit" name="all" value="1" class="plain">{words["all"]}</button>\n</form>'
    )
    return framed(locale, words["preferences"], body, shop)


def _topic(topic: Topic, locale: str, shown: Shown) -> str:
    words = CHOICE_WORDS[language(locale)]
    fields = []
    for channel in shown.channels:
        state = shown.states.get((topic.name, channel), "leave")
        options = [(one, words[one]) for one in (*([state] if state in ("pending", "leave") else ()), "yes", "no")]
        name = f"topic:{channel}:{topic.name}"
        fields.append(f"<div>{_select(name, words[channel], options, state)}</div>")
    legend = f"<legend>{escape(titled(topic, locale))}</legend>"
    return f'<fieldset class="choice">{legend}\n<div class="fields">{"".join(fields)}</div></fieldset>'


def _spoken(locale: str, shown: Shown) -> str:
    words = CHOICE_WORDS[language(locale)]
    options = [(one, words[f"lang_{one}"]) for one in LANGUAGES]
    if shown.spoken not in LANGUAGES:
        options.insert(0, ("", words["leave"]))
    return f'<div class="choice fields"><div>{_select("language", words["language"], options, shown.spoken)}</div></div>'


def _pause(locale: str, shown: Shown) -> str:
    words = CHOICE_WORDS[language(locale)]
    options = [("", words["pause_none"])]
    if shown.until is not None:
        options = [("", words["pause_until"].format(dated(shown.until, locale))), ("0", words["pause_end"])]
    options += [(str(days), words["pause_days"].format(days)) for days in SNOOZES]
    select = _select("pause", words["pause"], options, "", "pause-why")
    return f'<div class="choice fields"><div>{select}<p id="pause-why">{words["pause_why"]}</p></div></div>'


def dated(instant: int, locale: str) -> str:
    """A day as people write it, in UTC."""
    day = datetime.fromtimestamp(instant / 1000, UTC)
    return f"{day.day:02}/{day.month:02}/{day.year}" if language(locale) == "it" else f"{day.day} {day:%b %Y}"


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str, described: str = "") -> str:
    ident = "f-" + sha256(name.encode()).hexdigest()[:8]
    about = f' aria-describedby="{described}"' if described else ""
    inner = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    return f'<label for="{ident}">{escape(label)}</label><select id="{ident}" name="{escape(name)}"{about}>{inner}</select>'
