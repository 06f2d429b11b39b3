"""What a profile keeps of the dates that patterns wait for: each comes once in its round, none that was past already.

    as it was before the input ─▶ fold ─▶ another date? what is past of it has been ─▶ come? ─▶ kept

A correction of a date brings no second anniversary in the same year. A change of zone that puts an occasion into the past lets
it come at once; one that puts into the future what was over, and has not come, lets it come then.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from orchestrator.domain.calendar import zone_of
from orchestrator.domain.dates import NEVER, Day, Occasion, day_of, following, latest
from orchestrator.domain.features import ABSENT, value_of
from orchestrator.domain.gates import recipient_zone
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Kept


def stand(moment: Moment) -> None:
    """Take what was past when an occasion went live for what has been."""
    kept, occasions = moment.profile.dates, moment.program.index.dates
    if all(name in occasions and one.token == occasions[name].token for name, one in kept.items()) and len(kept) == len(
        occasions
    ):
        return
    for name in [name for name in kept if name not in occasions]:
        del kept[name]
    for name, occasion in occasions.items():
        known = kept.get(name)
        if known is not None and known.token == occasion.token:
            continue
        text, found = _held(moment, occasion)
        alike = known is not None and known.token.split(" ")[0] == occasion.rounds
        came = known.came if known is not None and alike and (occasion.dated.every or known.value == text) else NEVER
        if known is not None or text:
            at = max(moment.profile.born, occasion.since)
            kept[name] = _kept(occasion, text, came, latest(occasion, found[0], at, found[1]) if found is not None else NEVER)
            _arm(moment, name)


def _arm(moment: Moment, name: str) -> None:
    """Note when it comes next, if nothing happens."""
    known, occasion = moment.profile.dates[name], moment.program.index.dates[name]
    _, held = _held(moment, occasion)
    known.next = None if held is None else following(occasion, held[0], known.done, moment.now, held[1])


def _kept(occasion: Occasion, text: str, came: int, past: int) -> Kept:
    """A value that is new: what is past of it is over, and so is the round in which another one came."""
    return Kept(occasion.token, text, max(came, past), came)


def _held(moment: Moment, occasion: Occasion) -> tuple[str, tuple[Day, ZoneInfo] | None]:
    """What the profile holds there, as text and as a day in the zone that counts."""
    text = _value(moment, occasion.dated.path)
    if not isinstance(text, str):
        return "", None
    zone = zone_of(occasion.dated.zone) if occasion.dated.zone is not None else None
    zone = zone or recipient_zone(moment)
    day = day_of(text, zone)
    return ("", None) if day is None else (text, (day, zone))


def _value(moment: Moment, path: tuple[str, ...]) -> object:
    if path[0] == "features":
        feature = moment.program.index.feature.get(path[1])
        found = ABSENT if feature is None else value_of(moment.profile.folds, feature, moment.now)
        return None if found is ABSENT else found
    value: object = moment.profile.traits
    for member in path[1:]:
        value = value.get(member) if isinstance(value, dict) else None
    return value


def due(moment: Moment) -> dict[str, int]:
    """name → round of what has come and has not been. What is past of another date than before has been."""
    found = {}
    for name, occasion in moment.program.index.dates.items():
        text, held = _held(moment, occasion)
        known = moment.profile.dates.get(name)
        if held is None:
            if known is not None:
                known.value, known.next = "", None
            continue
        number = latest(occasion, held[0], moment.now, held[1])
        if known is None or known.value != text:
            came = known.came if known is not None and occasion.dated.every is not None else NEVER
            moment.profile.dates[name] = _kept(occasion, text, came, number)
        elif number > known.done:
            found[name] = number
        else:  # lower where another zone has put what was over into the future again
            known.done = max(known.came, number)
        _arm(moment, name)
    return found


def come(moment: Moment) -> None:
    """Keep what comes with this input."""
    event = moment.event
    same = event is not None and not event.traits and event.name not in moment.program.index.date_events
    if same and all(one.next is None or one.next > moment.now for one in moment.profile.dates.values()):
        return
    for name, number in due(moment).items():
        kept = moment.profile.dates[name]
        kept.done = kept.came = number
        moment.decision.dates.append(name)
        _arm(moment, name)
    moment.dated = frozenset(moment.decision.dates)


def pass_over(moment: Moment, come: dict[str, int]) -> None:
    """What has come and is not met is over."""
    for name, number in come.items():
        moment.profile.dates[name].done = number
        _arm(moment, name)


def next_come(moment: Moment) -> list[int]:
    """When something comes next, if nothing happens."""
    return [one.next for one in moment.profile.dates.values() if one.next is not None and one.next > moment.now]


def join(moment: Moment, theirs: dict[str, Kept]) -> None:
    """Two profiles become one: what has been for either has been, of a single date where it is the same one."""
    kept = moment.profile.dates
    for name, occasion in moment.program.index.dates.items():
        sides = [one for one in (kept.get(name), theirs.get(name)) if one is not None]
        if not sides:
            continue
        text, held = _held(moment, occasion)
        same = [one for one in sides if one.value == text]
        came = max((one.came for one in (sides if occasion.dated.every is not None else same)), default=NEVER)
        past = latest(occasion, held[0], moment.now, held[1]) if held is not None and not same else NEVER
        kept[name] = _kept(occasion, text, came, max([past, *(one.done for one in same)]))
        _arm(moment, name)
