"""What went wrong in the last hour, the worst first, each with where to look and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.looking_back import day_of, history_of
from orchestrator.console.pages.audit import deeds
from orchestrator.console.pages.campaigns import ERRORS, by_campaign, is_silent
from orchestrator.console.rails import held
from orchestrator.domain.alarms import watched
from orchestrator.history import History, MessageFilter
from orchestrator.insight.alarms import line_of
from orchestrator.partition.alarms import tallies_in
from orchestrator.stores.lock import worked_on_by
from orchestrator.stores.rejects import KEPT, read_rejects

HOUR_MS = 3_600_000
_LATE_MS = 60_000
_LOOKED_BACK_MS = 26 * HOUR_MS
"""Messages planned since then are looked at: what is decided of one now was mostly planned within a day."""
_LOOKED_AT = 500
"""Messages of one state that are counted."""
_ROWS = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be. `grave`: something is lost or stands still while nobody acts."""

    words: str
    path: str
    grave: bool = False
    detail: str = ""


def hour(asked: Asked) -> Answer:
    """The page."""
    with history_of(asked) as history:
        found = sorted(_troubles(asked, history), key=lambda one: not one.grave)
        suppressed = [] if history is None else _suppressed(history, asked.now)
    since = asked.now - HOUR_MS
    done = [one for one in deeds(asked) if one.when >= since]
    return Shown("hour.html", {"troubles": found, "suppressed": suppressed, "deeds": done[:_ROWS], "since": since})


def _troubles(asked: Asked, history: History | None) -> Iterator[Trouble]:
    yield from _of_engine(asked)
    yield from _of_letters(asked)
    refused = [one for one in read_rejects(asked.state.path, None, KEPT) if one.at >= asked.now - HOUR_MS]
    if refused:
        words = asked.speech.several("One event was refused at the door.", "{} events were refused at the door.", len(refused))
        yield Trouble(words, "/rejects", grave=True, detail=refused[0].reason)
    doubtful = asked.reader.doubtful()
    if doubtful.in_doubt:
        words = asked.speech.several("One message is in doubt.", "{} messages are in doubt.", doubtful.in_doubt)
        yield Trouble(words, "/doubts", grave=True)
    if history is not None:
        yield from _of_messages(asked, history)
        yield from _of_silence(asked, history)
    yield from _of_alarms(asked)
    live = asked.state.live(asked.reader)
    for one in () if live is None else held(asked, live):
        if one.why:
            yield Trouble(
                asked.speech.say("{} waits for a word.", one.campaign), "/approvals", detail=asked.speech.say(f"why_{one.why}")
            )


def _of_alarms(asked: Asked) -> Iterator[Trouble]:
    """Campaigns that do otherwise than their authors expect."""
    for one in watched(tallies_in(asked.reader.fact), asked.now):
        if one.raised:
            words = asked.speech.say("{} does otherwise than expected.", one.campaign)
            yield Trouble(words, f"/campaign?{urlencode({'name': one.campaign})}", grave=True, detail=line_of(one))


def _of_engine(asked: Asked) -> Iterator[Trouble]:
    say, reader = asked.speech.say, asked.reader
    controls = reader.controls()
    if worked_on_by(asked.state.path) is None:
        yield Trouble(say("No engine works on this state file, as far as this machine knows."), "/engine", grave=True)
    due, first = reader.timers(asked.now - _LATE_MS, 1_000)
    if due and first is not None:
        words = asked.speech.several("One timer is overdue.", "{} timers are overdue.", due)
        yield Trouble(words, "/engine", grave=True, detail=say("The earliest by {}.", asked.speech.span(asked.now - first)))
    if controls.kill or controls.paused:
        yield Trouble(say("Everything is stopped." if controls.kill else "Everything is paused."), "/engine", grave=True)
    held_names = [*controls.campaigns, *controls.channels, *controls.providers]
    if held_names:
        yield Trouble(say("Paused: {}.", ", ".join(sorted(held_names))), "/engine")


def _of_letters(asked: Asked) -> Iterator[Trouble]:
    found = [one for _, one in asked.reader.dead_letters(None, _LOOKED_AT) if one.clock >= asked.now - HOUR_MS]
    if found:
        words = asked.speech.several("One input could not be decided.", "{} inputs could not be decided.", len(found))
        yield Trouble(
            words, "/letters", grave=True, detail=found[0].cause.strip().splitlines()[-1] if found[0].cause.strip() else ""
        )


def _of_messages(asked: Asked, history: History) -> Iterator[Trouble]:
    """Messages that came into such a state within the hour, by campaign and reason."""
    for state in (*ERRORS, "expired"):
        counted = Counter[tuple[str, str]]()
        page = history.messages(MessageFilter(state=state, planned_from=asked.now - _LOOKED_BACK_MS), None, _LOOKED_AT)
        for row in page.rows:
            if row.at >= asked.now - HOUR_MS and state != "in_doubt":
                counted[row.campaign, row.reason] += 1
        for (campaign, reason), count in counted.most_common(_ROWS):
            words = asked.speech.say("{} of {}: {}", count, campaign, asked.speech.say(state))
            yield Trouble(
                words,
                f"/messages?{urlencode({'campaign': campaign, 'state': state})}",
                detail=asked.speech.reason(reason or None),
            )


def _of_silence(asked: Asked, history: History) -> Iterator[Trouble]:
    today = day_of(asked.now)
    for name, counts in sorted(by_campaign(history.campaigns(today - 16)).items()):
        if name and is_silent(counts, today):
            yield Trouble(asked.speech.say("{} has gone silent.", name), f"/campaign?{urlencode({'name': name})}")


def _suppressed(history: History, now: int) -> list[tuple[str, str, int]]:
    """(campaign, reason, count) of what the gates stopped within the hour: not wrong by itself, but good to see."""
    counted = Counter[tuple[str, str]]()
    page = history.messages(MessageFilter(state="suppressed", planned_from=now - _LOOKED_BACK_MS), None, _LOOKED_AT)
    for row in page.rows:
        if row.at >= now - HOUR_MS:
            counted[row.campaign, row.reason] += 1
    return [(campaign, reason, count) for (campaign, reason), count in counted.most_common(_ROWS)]


PLACES = (Place("/hour", hour),)
