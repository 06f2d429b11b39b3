"""What a campaign starts on, waits for, ends on and aims at, in plain words."""

from __future__ import annotations

from orchestrator.domain.campaign import Dated, Pattern
from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.names import variable
from orchestrator.insight.reading.schedules import when
from orchestrator.insight.reading.tongue import Tongue, clock


def pattern(found: Pattern, tongue: Tongue, *, starts: bool = False) -> str:
    """A clause such as `Order Completed of the same cart arrives`; `starts` a run, so a key makes runs of their own."""
    say = tongue.say
    whose = "" if found.key is None or starts else say("same_key", found.key)
    whose += "" if found.of is None else say("answer_to", found.of)
    if found.event is not None:
        words = say("on_event", found.event, whose)
    elif found.broadcast is not None:
        words = say("on_broadcast", found.broadcast + whose, found.to or "")
    elif found.schedule is not None:
        words = say("on_schedule", when(found.schedule, tongue), found.schedule.zone, found.to or "")
    elif found.stages:
        words = say("on_stage", tongue.either(found.stages))
    elif found.watches is not None:
        words = say("on_segment" if found.segment is not None else "on_left", found.watches)
    elif found.date is not None:
        words = say("on_date", date(found.date, tongue))
    else:
        words = say("on_without", found.without or "", tongue.span(found.duration))
    if found.condition is not None:
        words += say("where", Words(tongue).test(found.condition.rule))
    if starts and found.each is not None:
        words += say("a_run_for_each_in", found.each)
    elif starts and found.key is not None:
        words += say("a_run_for_each", found.key)
    return words


def date(dated: Dated, tongue: Tongue) -> str:
    """`7 days before the anniversary of the customer's birthday, at 09:00 where the customer lives`."""
    words = tongue.say(f"date_{dated.every or 'once'}", variable(".".join(("profile", *dated.path)), tongue))
    if dated.offset:
        words = tongue.say("date_before" if dated.offset < 0 else "date_after", words, tongue.span(abs(dated.offset)))
    if dated.at is not None:
        zone = tongue.say("date_here") if dated.zone is None else tongue.say("date_zone", dated.zone)
        words = tongue.say("date_at", words, clock(dated.at), zone)
    return words
