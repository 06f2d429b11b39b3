"""Who did what, when and why: every word of an operator in the journal, and who came to the door; the newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from urllib.parse import urlencode

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.limits import ROWS_SHOWN
from orchestrator.console.logbook import ENTERED, LOCKED, Entry
from orchestrator.console.speech import Speech
from orchestrator.domain.input import Control
from orchestrator.insight.switches import SUBJECTS, Turned, history

SHOWN = ("", "deeds", "logins")
"""What the page shows: everything, what was done, who came to the door."""
_MARK = re.compile(r"\d{15}-[dl]\d{12}")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody did. `mark` orders them: its time, which list it is of, its number there."""

    mark: str
    when: int
    what: str
    whose: str
    """The raw id of a customer whom it is about, else empty."""
    actor: str
    reason: str
    stops: bool


def audit(asked: Asked) -> Answer:
    """The list."""
    before, show = asked.query.get("before", ""), asked.query.get("show", "")
    every = [*(deeds(asked) if show != "logins" else ()), *(_logins(asked) if show != "deeds" else ())]
    every.sort(key=attrgetter("mark"), reverse=True)
    if _MARK.fullmatch(before):
        every = [one for one in every if one.mark < before]
    shown = every[:ROWS_SHOWN]
    more = urlencode({"show": show, "before": shown[-1].mark}) if len(every) > ROWS_SHOWN else None
    values = {"rows": shown, "more": more, "waiting": asked.reader.orders(), "show": show, "kinds": SHOWN}
    return Shown("audit.html", values)


def deeds(asked: Asked) -> list[Deed]:
    """Everything that somebody did, the newest first."""
    return [_deed(one, asked.speech) for one in reversed(history(asked.reader.partition_rows()))]


def _deed(one: Turned, speech: Speech) -> Deed:
    given, mark = one.given, _mark(one.at, "d", one.row)
    if given is None:
        return Deed(mark, one.at, speech.say("let program {} go live", one.name[:12]), "", one.actor, "", stops=False)
    stops = given.on and given.switch in ("kill", "pause")
    return Deed(mark, one.at, told(given, speech), given.profile or "", one.actor, one.reason, stops)


def _mark(at: int, of: str, number: int) -> str:
    return f"{at:015}-{of}{number:012}"


def _logins(asked: Asked) -> Iterator[Deed]:
    """Who came to the door, and whose accounts changed."""
    for one in () if asked.logbook is None else asked.logbook.newest():
        actor = one.account if one.what == ENTERED else one.actor
        yield Deed(_mark(one.at, "l", one.number), one.at, _came(one, asked.speech), "", actor, "", stops=one.what == LOCKED)


def _came(one: Entry, speech: Speech) -> str:
    match one.what:
        case "entered":
            return speech.say("logged in")
        case "given":
            return speech.say("gave {} an account, or a new password: {}", one.account, speech.say(f"role_{one.role}"))
        case "removed":
            return speech.say("removed the account of {}", one.account)
        case "locked":
            words = ("was locked out of {}", "was locked out of {}, {} times")
        case _:
            words = ("gave a wrong password for {}", "gave a wrong password for {}, {} times")
    places = (one.account or speech.say("a name that nobody has"), one.times)
    return speech.say(words[one.times > 1], *places[: 1 + (one.times > 1)])


def told(given: Control, speech: Speech) -> str:
    """What an operator's word does, in words."""
    match given.switch:
        case "kill":
            return speech.say("stopped everything" if given.on else "let everything go on")
        case "approve":
            return speech.say("approved {} messages of {}, until {}", given.up_to, given.campaign or "", speech.at(given.until))
        case "settle":
            return speech.say("settled message {} as {}", given.message or "", speech.say(given.way))
        case "end":
            return _ends(given, speech, "ended all runs of {}", "ended the runs of {} in {}", "ended the runs of {}")
        case "redrive":
            return speech.say("had dead letter {} decided again", str(given.letter))
        case _:
            return _paused(given, speech)


def asked_about(given: Control, speech: Speech) -> str:
    """The same, as a question before it is done."""
    match given.switch:
        case "kill":
            return speech.say("Stop everything?" if given.on else "Let everything go on?")
        case "settle":
            return speech.say("Settle message {} as {}?", given.message or "", speech.say(given.way))
        case "end":
            return _ends(given, speech, "End all runs of {}?", "End the runs of {} in {}?", "End the runs of {}?")
        case "redrive":
            return speech.say("Decide dead letter {} again?", str(given.letter))
        case _:
            kind, name = _subject(given)
            if not kind:
                return speech.say("Pause everything?" if given.on else "Resume everything?")
            return speech.say("Pause {} {}?" if given.on else "Resume {} {}?", speech.say(kind), name)


def _ends(given: Control, speech: Speech, everybody: str, of_one: str, of_all: str) -> str:
    """Whose runs: everybody's of a campaign, one customer's of one campaign or of all."""
    whose, campaign = (given.profile or "")[2:], given.campaign or ""
    if given.profile is None:
        return speech.say(everybody, campaign)
    return speech.say(of_one, whose, campaign) if campaign else speech.say(of_all, whose)


def _paused(given: Control, speech: Speech) -> str:
    kind, name = _subject(given)
    if not kind:
        return speech.say("paused everything" if given.on else "resumed everything")
    return speech.say("paused {} {}" if given.on else "resumed {} {}", speech.say(kind), name)


def _subject(given: Control) -> tuple[str, str]:
    """(kind, name) of the one thing that a pause is of; empty where it is everything."""
    kind = next((one for one in SUBJECTS if getattr(given, one) is not None), "")
    name = getattr(given, kind) if kind else ""
    return kind, name[2:] if kind == "profile" else name


PLACES = (Place("/audit", audit),)
