"""Where recipients choose what they get: `/u/TOKEN` to unsubscribe, `/p/TOKEN` for all choices, `/c/TOKEN` to confirm.

Machines open links before people do, so looking changes nothing; a POST acts at once, without login, cookie or redirect, as
mail programs do it (RFC 8058). What is chosen becomes events of the recipient that hold their own proof, and, where it ends
something, an entry of the address list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.domain.calendar import iso
from orchestrator.domain.chance import id_of
from orchestrator.domain.choices import LIVES_MS, Choice, Purpose, read_choice, signed_choice
from orchestrator.domain.consent import CONFIRMED, EVERY_CHANNEL, GIVEN, SNOOZED, WITHDRAWN, consented, question, ruling_word
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.input import Event
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Profile
from orchestrator.domain.suppression import MARKETING, PAGE, TOPIC, Listed, Word
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.bodies import Bounds, Refused, read_bytes
from orchestrator.intake.choice_page import (
    LANGUAGES,
    SNOOZES,
    Shown,
    asked,
    holds,
    offered,
    preferences,
    said,
    text_version,
    titled,
)
from orchestrator.intake.choice_words import CHOICE_WORDS
from orchestrator.intake.edge import Submit
from orchestrator.intake.limits import ANSWERS_A_MINUTE, CHOICE_BODY_MAX_BYTES, SURVEY_PAGES_A_MINUTE
from orchestrator.intake.pace import Pace
from orchestrator.intake.page import HEADERS, language
from orchestrator.intake.replies import Say
from orchestrator.intake.survey_page import notice

_FIELDS_MAX = 400
_BUSY = {"retry-after": "60"}
_TWICE_MS = 2_000
"""A choice that comes again within so long is the same one: sooner than anybody could have chosen otherwise in between."""
Known = Callable[[str], Awaitable[Profile | None]]
"""What is known of a recipient, by raw id; None where that cannot be told here."""


Entries = Callable[[Choice, Profile | None], Awaitable[list[Listed]]]
"""What the list holds against the recipient's addresses now."""


async def nothing_listed(_choice: Choice, _profile: Profile | None) -> list[Listed]:
    """Where the list is elsewhere."""
    return []


async def nobody_knows(_person: str) -> Profile | None:
    """Where profiles are elsewhere."""
    return None


@dataclass(slots=True)
class ChoiceDoor:
    """What the pages need. `keys` signed the links; `now` gives milliseconds; `say` notes what ends on an address.

    `shop`: whose pages they are.
    """

    policies: Policies
    keys: Callable[[], tuple[bytes, ...]]
    submit: Submit
    say: Say
    now: Callable[[], int]
    known: Known = nobody_knows
    ready: Callable[[], bool] = lambda: True
    pages: Pace = field(default_factory=lambda: Pace(SURVEY_PAGES_A_MINUTE))
    """Looks: machines open every link of a campaign, and must keep nobody from acting."""
    answers: Pace = field(default_factory=lambda: Pace(ANSWERS_A_MINUTE))
    shop: str = ""
    listed: Entries = nothing_listed

    def title(self, choice: Choice) -> str:
        """What the link's topic is called."""
        return titled(self.policies.topics.get(choice.topic) or Topic(choice.topic), choice.locale)


Act = Callable[[ChoiceDoor, Choice, Request, dict[str, str]], Awaitable[Response]]
Show = Callable[[ChoiceDoor, Choice, Request], Awaitable[str]]


def choice_routes(door: ChoiceDoor) -> list[Route]:
    """The pages of choices."""
    made: tuple[tuple[Purpose, Show, Act], ...] = (
        ("u", _unsubscribe_page, _unsubscribe),
        ("p", _preferences_page, _choose),
        ("c", _confirm_page, _confirm),
    )
    return [
        Route(f"/{purpose}/{{token}}", partial(_answered, door, purpose, show, act), methods=["GET", "HEAD", "POST"])
        for purpose, show, act in made
    ]


async def _answered(door: ChoiceDoor, purpose: Purpose, show: Show, act: Act, request: Request) -> Response:
    choice = read_choice(request.path_params["token"], purpose, door.keys())
    if choice is None:
        return _not_known(door, request.headers.get("accept-language", ""))
    looks = request.method != "POST"
    if looks and not door.pages.allows("", door.now()):
        return _busy(choice)
    if door.now() >= choice.made + LIVES_MS[purpose]:
        return _sent(said(choice.locale, "gone", "gone_why", shop=door.shop), 410)
    return _sent(await show(door, choice, request)) if looks else await _acted(door, choice, act, request)


def _not_known(door: ChoiceDoor, told: str) -> Response:
    if door.ready():
        return _sent(notice(told, "unknown", "unknown_why"), 404)
    return _sent(notice(told, "busy", "soon_why"), 503, _BUSY)


def _busy(choice: Choice) -> Response:
    return _sent(notice(choice.locale, "busy", "busy_why"), 429, _BUSY)


async def _acted(door: ChoiceDoor, choice: Choice, act: Act, request: Request) -> Response:
    if not door.answers.allows(choice.purpose + choice.message, door.now()):
        return _busy(choice)
    try:
        return await act(door, choice, request, await _given(request))
    except (Refused, ClientDisconnect):
        return _sent(notice(choice.locale, "unknown", "later"), 400)
    except (Overloaded, Unavailable):
        return _sent(notice(choice.locale, "busy", "later"), 503, {"retry-after": "1"})


async def _given(request: Request) -> dict[str, str]:
    """The form's fields. Raises Refused."""
    raw = await read_bytes(request, Bounds(body_bytes=CHOICE_BODY_MAX_BYTES))
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="replace")
    except ValueError:
        raise Refused(400, "form", "too many fields") from None
    return dict(pairs)


# ── unsubscribing ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _unsubscribe_page(door: ChoiceDoor, choice: Choice, _request: Request) -> str:
    words, title, back = CHOICE_WORDS[language(choice.locale)], door.title(choice), _all_choices(door, choice)
    everything = ("what", "all", words["all"])
    if not choice.topic:
        return asked(choice.locale, "all", (), [everything], back=back, shop=door.shop)
    buttons = [("what", "topic", words["unsubscribe_one"].format(title)), everything]
    return asked(choice.locale, "unsubscribe", (title, _by(choice)), buttons, back=back, shop=door.shop)


def _all_choices(door: ChoiceDoor, choice: Choice) -> str:
    """Where a link to unsubscribe leads on to; nowhere once the message's own link to there has run out."""
    if door.now() >= choice.made + LIVES_MS["p"]:
        return ""
    return f"../p/{signed_choice(replace(choice, purpose='p'), door.keys()[0])}"


async def _unsubscribe(door: ChoiceDoor, choice: Choice, _request: Request, given: dict[str, str]) -> Response:
    """A mail program's one click, or the page's button: the topic on this channel, or everything; all, where there is none."""
    one_click = given.get("List-Unsubscribe") == "One-Click"
    source, back = "one-click" if one_click else "unsubscribe page", _all_choices(door, choice)
    if given.get("what") == "all" or not choice.topic:
        await _end_all(door, choice, source)
        return _sent(said(choice.locale, "saved_all", "saved_all_why", back=back, shop=door.shop))
    proof = {"source": source, "text": text_version(choice.locale, "unsubscribe"), "message_id": choice.message}
    await door.say([_word(door, choice, f"{TOPIC}{choice.topic}", source)])
    await door.submit([_event(door, choice, WITHDRAWN, {"topic": choice.topic, "channel": choice.channel, **proof})])
    places = (door.title(choice), _by(choice))
    return _sent(said(choice.locale, "unsubscribed", "unsubscribed_why", *places, back=back, shop=door.shop))


async def _end_all(door: ChoiceDoor, choice: Choice, source: str) -> None:
    """No marketing any more: every topic on every channel, and this address."""
    proof = {"source": source, "text": text_version(choice.locale, "all"), "message_id": choice.message}
    await door.say([_word(door, choice, MARKETING, source)])
    await door.submit([_event(door, choice, WITHDRAWN, {"topic": topic, **proof}) for topic in door.policies.topics])


def _word(door: ChoiceDoor, choice: Choice, scope: str, reason: str) -> Word:
    return Word(choice.address, choice.channel, "unsubscribed", scope, door.now(), PAGE, reason)


# ── all choices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _preferences_page(door: ChoiceDoor, choice: Choice, request: Request) -> str:
    shown = await _shown(door, choice)
    return preferences(_locale(choice, shown, request), shown, door.shop)


def _locale(choice: Choice, shown: Shown, request: Request) -> str:
    """The language that was chosen just now or is known of the recipient, else the message's."""
    return next((one for one in (request.query_params.get("lang"), shown.spoken) if one in LANGUAGES), choice.locale)


async def _shown(door: ChoiceDoor, choice: Choice) -> Shown:
    """How everything stands, as far as that is known here."""
    topics = list(door.policies.topics.values())
    profile = await door.known(choice.person)
    listed = await door.listed(choice, profile)
    held = [one for one in listed if not one.yields]
    if profile is None:
        return Shown(topics, [choice.channel], held=held)
    channels = [one for one, trait in ADDRESS_TRAITS.items() if profile.traits.get(trait)] or [choice.channel]
    left = [one for one in listed if one.yields]
    states = {(topic.name, one): _state(door.policies, profile, topic.name, one, left) for topic in topics for one in channels}
    spoken = str(profile.traits.get("locale") or profile.traits.get("language") or "")
    until = profile.snooze.until if profile.snooze is not None and profile.snooze.until > door.now() else None
    return Shown(topics, channels, states, spoken.replace("_", "-").lower().partition("-")[0], until, held)


def _state(policies: Policies, profile: Profile, topic: str, channel: str, left: list[Listed]) -> str:
    """`left`: entries that a new choice would go before; what one stops is no yes yet."""
    word = ruling_word(profile, topic, channel)
    agreed_at = word.at if word is not None and word.given else None
    stopped = any(one.channel == channel and one.stops("marketing", topic, "", agreed_at) for one in left)
    if consented(policies, profile, topic, channel) and not stopped:
        return "yes"
    return "pending" if question(profile, topic, channel) is not None else "no"


async def _choose(door: ChoiceDoor, choice: Choice, request: Request, given: dict[str, str]) -> Response:
    """What the form says and is not so yet, together."""
    shown = await _shown(door, choice)
    choice = replace(choice, locale=_locale(choice, shown, request))
    if "all" in given:
        await _end_all(door, choice, "preference page")
        return _sent(said(choice.locale, "saved_all", "saved_all_why", back=_again(request, choice.locale), shop=door.shop))
    if not offered(shown, given):
        wrong = CHOICE_WORDS[language(choice.locale)]["not_offered"]
        return _sent(preferences(choice.locale, shown, door.shop, wrong), 400)
    events = [*_consents(door, choice, shown, given), *_others(door, choice, shown, given)]
    if events:
        await door.submit(events)
    spoken = given.get("language") or choice.locale
    notes = holds(spoken, shown)
    return _sent(said(spoken, "saved", "saved_why", back=_again(request, spoken), shop=door.shop, notes=notes))


def _again(request: Request, locale: str) -> str:
    """Back to the page of all choices, in that language."""
    return f"{request.url.path.rpartition('/')[2]}?lang={language(locale)}"


def _consents(door: ChoiceDoor, choice: Choice, shown: Shown, given: Mapping[str, str]) -> list[Event]:
    proof = {"source": "preference page", "text": text_version(choice.locale, "preferences"), "message_id": choice.message}
    found = []
    for topic in shown.topics:
        for channel in shown.channels:
            wanted = given.get(f"topic:{channel}:{topic.name}")
            if wanted not in ("yes", "no") or wanted == shown.states.get((topic.name, channel)):
                continue
            name = GIVEN if wanted == "yes" else WITHDRAWN
            found.append(_event(door, choice, name, {"topic": topic.name, "channel": channel, **proof}))
    return found


def _others(door: ChoiceDoor, choice: Choice, shown: Shown, given: Mapping[str, str]) -> list[Event]:
    found = []
    if given.get("language") in LANGUAGES and given["language"] != shown.spoken:
        found.append(_event(door, choice, "", {}, traits={"locale": given["language"]}))
    if given.get("pause") in ("0", *map(str, SNOOZES)):
        found.append(_event(door, choice, SNOOZED, {"days": int(given["pause"]), "source": "preference page"}))
    return found


# ── double opt-in ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _confirm_page(door: ChoiceDoor, choice: Choice, _request: Request) -> str:
    words = CHOICE_WORDS[language(choice.locale)]
    buttons = [("confirm", "1", words["confirm_do"])]
    return asked(choice.locale, "confirm", (door.title(choice), _by(choice)), buttons, shop=door.shop)


async def _confirm(door: ChoiceDoor, choice: Choice, _request: Request, _given: dict[str, str]) -> Response:
    proof = {"source": "confirmation page", "text": text_version(choice.locale, "confirm"), "message_id": choice.message}
    channel = {} if choice.channel == EVERY_CHANNEL else {"channel": choice.channel}
    await door.submit([_event(door, choice, CONFIRMED, {"topic": choice.topic, **channel, **proof})])
    notes, nothing = _stopped(choice, await _shown(door, choice))
    why = "held_confirmed_why" if nothing else "confirmed_why"
    return _sent(said(choice.locale, "confirmed", why, door.title(choice), _by(choice), shop=door.shop, notes=notes))


def _stopped(choice: Choice, shown: Shown) -> tuple[list[str], bool]:
    """(what the address list stops of what was confirmed, in words; whether that is all of it)

    A complaint, a STOP or a dead address goes before any consent.
    """
    every = choice.channel == EVERY_CHANNEL
    stops = [one for one in shown.held if (every or one.channel == choice.channel) and one.stops("marketing", choice.topic, "")]
    nothing = {one.channel for one in stops} >= (set(shown.channels) if every else {choice.channel})
    return holds(choice.locale, replace(shown, held=stops)), nothing


def _by(choice: Choice) -> str:
    return CHOICE_WORDS[language(choice.locale)].get(f"by_{choice.channel}", choice.channel)


def _event(
    door: ChoiceDoor, choice: Choice, name: str, properties: Mapping[str, Any], traits: Mapping[str, Any] | None = None
) -> Event:
    """What was chosen, as the recipient's event. Sent twice at once, it is the same one."""
    kind, _, ident = choice.person.partition(":")
    now = door.now()
    about = (str(properties.get("topic", "")), str(properties.get("channel", "")), str(properties.get("days", "")))
    return Event(
        message_id=id_of(choice.message, choice.purpose, name, *about, str(traits or ""), str(now // _TWICE_MS)),
        occurred_at=now,
        type="track" if name else "identify",
        name=name,
        user_id=ident if kind == "u" else None,
        anonymous_id=ident if kind == "a" else None,
        received_at=now,
        source=PAGE,
        properties={**properties, "at": iso(now)} if name else {},
        traits=dict(traits or {}),
    )


def _sent(page: str, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return Response(page, status, headers={**HEADERS, **(more or {})})
