"""What operators do, each in two steps: a page that says what would become of it and asks why, then the form that does it.

Every act is an order in the state file, written by the function that the commands use too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from msgspec import structs

from orchestrator.authoring.units import duration
from orchestrator.bootstrap.rails import PUBLISHED, published_of
from orchestrator.console.accounts import Role
from orchestrator.console.asked import Answer, Asked, Elsewhere, Place, Shown
from orchestrator.console.forms import Mistyped, fields_of, reason_of
from orchestrator.console.log import log
from orchestrator.console.looking_back import history_of
from orchestrator.console.pages.audit import asked_about, told
from orchestrator.console.pages.doubts import doubt_of
from orchestrator.console.pages.letters import letter_of
from orchestrator.console.rails import held
from orchestrator.delivery.volume import APPROVE, Rail, may_approve
from orchestrator.domain.input import Control
from orchestrator.domain.profile import unseal
from orchestrator.domain.program import Program
from orchestrator.domain.receipts import WAYS
from orchestrator.errors import UsageError
from orchestrator.insight.held import held_by, known
from orchestrator.insight.under_way import under_way
from orchestrator.partition.mending import END, REDRIVE, REDRIVEN, SETTLE, given_of_letter
from orchestrator.stores.reader import SqliteReader

_SUBJECTS = ("campaign", "channel", "provider", "profile")
_MESSAGES_MAX = 10**9
_LASTING_MAX_MS = 366 * 86_400_000
_UNTOUCHED: Mapping[str, object] = {"wrong": "", "typed": {}}
"""Of a form that nobody has sent yet."""


def switch(asked: Asked) -> Answer:
    """What a switch would do. For one that lets go: what waits, and what would become of it."""
    control = _switch(asked, asked.query)
    shown = None if control.on else held_by([asked.state.path], control, partial(_program, asked))
    return _confirm(asked, control, list(fields_of(asked.query).items()), waiting=shown)


def turn(asked: Asked) -> Answer:
    """Turn it."""
    return _do(asked, _switch(asked, asked.form), "/audit")


def approve(asked: Asked) -> Answer:
    """How much a campaign may send, and the form for more."""
    live = asked.state.live(asked.reader)
    name = asked.query.get("campaign", "")
    if live is None or name not in live.program.campaigns:
        raise UsageError(asked.speech.say("There is no campaign {}.", name))
    found = next((one for one in held(asked, live) if one.campaign == name), None)
    return Shown("approve.html", {"campaign": name, "held": found, **_UNTOUCHED})


def approved(asked: Asked) -> Answer:
    """Somebody's word that it may; not that of who let it go live."""
    name, up_to = asked.form.get("campaign", ""), asked.form.get("up_to", "").replace(" ", "")
    live = asked.state.live(asked.reader)
    if live is None or name not in live.program.campaigns:
        raise UsageError(asked.speech.say("There is no campaign {}.", name))
    if not (up_to.isascii() and up_to.isdigit() and len(up_to) <= len(str(_MESSAGES_MAX)) and 0 < int(up_to) <= _MESSAGES_MAX):
        raise Mistyped("Say how many messages, as a number.")
    life = duration(asked.form.get("lasting", "").strip()) or 0
    if not 0 < life <= _LASTING_MAX_MS:
        raise Mistyped("Say for how long, like 6h or 2d; a year at the most.")
    publisher = published_of(asked.reader.fact(PUBLISHED)).get(name, ("", ""))[1]
    if not may_approve(Rail(name, publisher=publisher), asked.account.name):
        raise Mistyped("{} let it go live; somebody else has to approve it.", publisher)
    return _do(asked, Control(APPROVE, on=True, campaign=name, up_to=int(up_to), until=asked.now + life), "/approvals")


def settle(asked: Asked) -> Answer:
    """A message in doubt, and what it may count as."""
    control = _settle(asked, asked.query)
    found = doubt_of(asked, control.profile or "", control.message or "")
    return _confirm(asked, control, list(fields_of(asked.query).items()), doubt=found)


def settled(asked: Asked) -> Answer:
    """Settle it."""
    return _do(asked, _settle(asked, asked.form), "/doubts")


def end(asked: Asked) -> Answer:
    """The runs that would end: one customer's, or how many a campaign has."""
    control = _end(asked, asked.query)
    if control.profile is None:
        with history_of(asked) as history:
            count = None if history is None else sum(history.under_way(control.campaign).values())
        paused = control.campaign in asked.reader.controls().campaigns
        return _confirm(asked, control, list(fields_of(asked.query).items()), everybody=True, count=count, paused=paused)
    live, key = asked.state.live(asked.reader), asked.reader.key_of(control.profile or "")
    stored = None if key is None else asked.reader.read(key)
    runs = [] if live is None or stored is None else list(under_way(live.program, unseal(stored.sealed), asked.speech.tongue))
    runs = [run for run in runs if control.campaign in (None, run.campaign)]
    return _confirm(asked, control, list(fields_of(asked.query).items()), runs=runs)


def ended(asked: Asked) -> Answer:
    """End them."""
    control = _end(asked, asked.form)
    return _do(asked, control, _back(control))


def redrive(asked: Asked) -> Answer:
    """The dead letter that would be decided again."""
    return _confirm(asked, _redrive(asked, asked.query), list(fields_of(asked.query).items()))


def redriven(asked: Asked) -> Answer:
    """Have it decided again."""
    return _do(asked, _redrive(asked, asked.form), "/letters")


def _switch(asked: Asked, given: Mapping[str, str]) -> Control:
    named = {name: given[name] for name in _SUBJECTS if given.get(name)}
    if given.get("switch") not in ("kill", "pause") or len(named) > 1 or (named and given["switch"] == "kill"):
        raise UsageError(asked.speech.say("There is no such switch."))
    raw = named.pop("profile", None)
    if raw is not None and asked.reader.key_of(raw) is None and raw not in asked.reader.controls().profiles:
        raise UsageError(asked.speech.say("Nobody has this id."))
    control = known([asked.state.path], Control(given["switch"], given.get("on") == "1", **named), partial(_program, asked))  # type: ignore[arg-type]
    return structs.replace(control, profile=raw)


def _program(asked: Asked, reader: SqliteReader) -> Program | None:
    live = asked.state.live(reader)
    return None if live is None else live.program


def _settle(asked: Asked, given: Mapping[str, str]) -> Control:
    raw, message, way = given.get("id", ""), given.get("message", ""), given.get("way", "")
    if way not in WAYS:
        raise UsageError(asked.speech.say("Say what the message counts as."))
    doubt_of(asked, raw, message)
    return Control(SETTLE, on=True, profile=raw, message=message, way=way)


def _end(asked: Asked, given: Mapping[str, str]) -> Control:
    raw, campaign = given.get("id", ""), given.get("campaign") or None
    if campaign is not None and "id" not in given:
        live = asked.state.live(asked.reader)
        if live is None or campaign not in live.program.campaigns:
            raise UsageError(asked.speech.say("There is no campaign {}.", campaign))
        return Control(END, on=True, campaign=campaign)
    if asked.reader.key_of(raw) is None:
        raise UsageError(asked.speech.say("Nobody has this id."))
    return Control(END, on=True, profile=raw, campaign=campaign)


def _redrive(asked: Asked, given: Mapping[str, str]) -> Control:
    _, found = letter_of(asked, given.get("row", ""))
    if not isinstance(given_of_letter(found.given), REDRIVEN):
        raise UsageError(asked.speech.say("The engine takes this one up again by itself."))
    return Control(REDRIVE, on=True, letter=found.seq, key=found.key, given=found.given)


def _confirm(asked: Asked, control: Control, fields: list[tuple[str, str]], **more: object) -> Answer:
    stops = control.on and control.switch in ("kill", "pause")
    nothing = {"waiting": None, "doubt": None, "runs": None, "everybody": False, "count": None, "paused": False, **_UNTOUCHED}
    values = {"act": asked_about(control, asked.speech), "control": control, "fields": fields, "stops": stops}
    values |= {"to": asked.path, "back": _back(control)}
    return Shown("confirm.html", {**nothing, **values, **more})


def _back(control: Control) -> str:
    """Where somebody goes who leaves it: to what the act is about."""
    if control.switch in (SETTLE, REDRIVE):
        return "/doubts" if control.switch == SETTLE else f"/letter?row={control.letter}"
    if control.profile is not None:
        return f"/customer?id={quote(control.profile, safe='')}"
    return "/engine" if control.campaign is None else f"/campaign?name={quote(control.campaign, safe='')}"


def _do(asked: Asked, control: Control, then: str) -> Answer:
    """Give the order, with who and why."""
    given = structs.replace(control, actor=asked.account.name, reason=reason_of(asked.form), at=asked.now)
    asked.state.tell(given)
    log("act", account=asked.account.name, switch=given.switch, on=given.on)
    asked.session.tell(asked.speech.say("Done: {}. The engine takes it in its next turn.", told(given, asked.speech)))
    return Elsewhere(then)


def _again(page: Callable[[Asked], Answer], act: Callable[[Asked], Answer], asked: Asked) -> Answer:
    """Do it; where something is mistyped, the page with its form once more: what was typed, and what is wrong with it."""
    try:
        return act(asked)
    except Mistyped as wrong:
        shown = page(replace(asked, query=fields_of(asked.form)))
        assert isinstance(shown, Shown)  # noqa: S101 - a page that asks leads nowhere else
        said = asked.speech.say(wrong.words, *wrong.places)
        return Shown(shown.template, {**shown.values, "wrong": said, "typed": dict(asked.form)}, 400)


PLACES = tuple(
    place
    for path, page, act in (
        ("/switch", switch, turn),
        ("/approve", approve, approved),
        ("/settle", settle, settled),
        ("/end", end, ended),
        ("/redrive", redrive, redriven),
    )
    for place in (Place(path, page, role=Role.operator), Place(path, partial(_again, page, act), acts=True, role=Role.operator))
)
