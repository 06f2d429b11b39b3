"""Edges that patterns wait for: of segments, entered and left, and of dates, which come (`occasions`).

    as it was before the input ─▶ fold ─▶ crossed? ─▶ wheel ─▶ crossed? ─▶ kept

A crossing of a segment is a difference between what was kept and what is true after fold and wheel. What a `set`, a merge or a
new program turns is met by a `Look` that follows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain import occasions
from orchestrator.domain.decision import Crossing
from orchestrator.domain.input import Look
from orchestrator.domain.limits import DEPTH_MAX
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Kept, Membership, Profile
from orchestrator.domain.segments import Watch


def stand(moment: Moment) -> None:
    """Keep how things stood before this input where that is not known: it is no crossing."""
    watch = moment.program.index.watch
    if watch is not None:
        _stand(moment, watch)
    if moment.program.index.dates:
        occasions.stand(moment)


def _stand(moment: Moment, watch: Watch) -> None:
    known, profile = moment.profile.memberships, moment.profile
    unknown = [name for name, token in watch.tokens.items() if (one := known.get(name)) is None or one.definition != token]
    if not unknown and len(known) == len(watch.tokens):
        return
    profile.memberships = {name: known[name] for name in watch.tokens if name in known}
    then: dict[int, Moment] = {}
    for name in unknown:
        at = min(moment.now, max(profile.born, watch.since[name]))
        before = then.setdefault(at, Moment(moment.program, moment.controls, profile, at, "", moment.decision))
        profile.memberships[name] = Membership(watch.tokens[name], name in before.segments())


def forget(moment: Moment) -> None:
    """Where nothing is waited for any more, nothing is kept."""
    if moment.profile.memberships and moment.program.index.watch is None:
        moment.profile.memberships = {}
    if moment.profile.dates and not moment.program.index.dates:
        moment.profile.dates = {}


def cross(moment: Moment) -> None:
    """See which segments the profile has come into, and gone out of, and which dates come."""
    index = moment.program.index
    if index.watch is not None and _may_have_turned(moment, index.watch):
        _see(moment)
    if index.dates:
        occasions.come(moment)


def _may_have_turned(moment: Moment, watch: Watch) -> bool:
    """Whether this input may have changed what the watched segments read. What time changes in features, a timer has met."""
    if moment.event is None or watch.daily or watch.loose:
        return True
    return moment.event.name in watch.events or (watch.traits and bool(moment.event.traits))


def _see(moment: Moment) -> None:
    turned = _turned(moment)
    moment.joined = frozenset(name for name, inside in turned if inside)
    moment.left = frozenset(name for name, inside in turned if not inside)


def _turned(moment: Moment) -> list[tuple[str, bool]]:
    """(segment, whether inside now) of those that are otherwise than was kept."""
    inside = moment.segments() if moment.profile.memberships else []
    return [(name, name in inside) for name, kept in moment.profile.memberships.items() if (name in inside) != kept.inside]


def keep(moment: Moment) -> None:
    """Keep what is true after the wheel, whose move may have turned more."""
    watch = moment.program.index.watch
    if moment.entered is not None and watch is not None and (watch.stage or watch.loose):
        _see(moment)
    for name in sorted(moment.joined | moment.left):
        inside = name in moment.joined
        moment.profile.memberships[name].inside = inside
        moment.decision.crossings.append(Crossing(name, inside))


def look_again(moment: Moment, look: Look) -> None:
    """Ask for a look where something beside events and time has brought the profile across an edge."""
    turned, come = _turned(moment), occasions.due(moment)
    if not turned and not come:
        return
    if look.depth <= DEPTH_MAX:
        moment.decision.inputs.append(look)
        return
    for name, inside in turned:
        moment.profile.memberships[name].inside = inside
    occasions.pass_over(moment, come)
    moment.decision.dropped.append(f"{look.cause}: crossings deeper than {DEPTH_MAX}")


@dataclass(frozen=True, slots=True)
class Sides:
    """How two profiles stood before they become one."""

    ours: dict[str, bool]
    theirs: dict[str, bool]
    dates: dict[str, Kept]


def sides(moment: Moment, other: Profile) -> Sides:
    """Both as this program sees them now."""
    forget(moment)
    stand(Moment(moment.program, moment.controls, other, moment.now, "", moment.decision))
    ours, theirs = ({name: one.inside for name, one in each.memberships.items()} for each in (moment.profile, other))
    return Sides(ours, theirs, other.dates)


def join(moment: Moment, before: Sides) -> None:
    """Where two profiles that become one agreed, a change that the joining brings is a crossing; where not, it is none."""
    inside = moment.segments() if before.ours else []
    for name, kept in moment.profile.memberships.items():
        if before.ours[name] != before.theirs[name]:
            kept.inside = name in inside
    occasions.join(moment, before.dates)
