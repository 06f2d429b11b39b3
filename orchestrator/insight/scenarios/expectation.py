"""What was expected against what came: the differences, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from orchestrator.domain.calendar import iso
from orchestrator.insight.scenarios.scenario import Expected
from orchestrator.insight.scenarios.timeline import happenings
from orchestrator.insight.scenarios.trial import Trial
from orchestrator.insight.times import span

Message = dict[str, Any]
"""campaign, template, channel, at: as expected only what is written, as found all of it."""


class Difference(NamedTuple):
    """`campaign` is empty where it is about none."""

    campaign: str
    words: str


def satisfied(expected: Expected, trial: Trial) -> bool:
    """Whether everything that must come has come."""
    if expected.stage is not None and trial.stage != expected.stage:
        return False
    wanted = ((expected.sends, trial.sends), (expected.suppressed, trial.suppressed), (expected.tasks, trial.tasks))
    return not any(_matched(asked or (), found).missing for asked, found in wanted)


def differences(expected: Expected, trial: Trial) -> list[Difference]:
    """What is not as expected; none if the scenario holds. Campaigns that the scenario names come first."""
    found = [
        *_of_sends(expected, trial),
        *_of_tasks(expected, trial),
        *_of_suppressed(expected, trial),
        *_of_texts(trial),
        *_of_the_rest(expected, trial),
    ]
    return sorted(found, key=lambda one: bool(one.campaign) and one.campaign not in expected.campaigns)


class _Matched(NamedTuple):
    missing: list[Message]
    unexpected: list[Message]
    taken: list[Message]
    """The found, in the order in which they were wanted."""


def _matched(wanted: tuple[Message, ...], found: list[Message]) -> _Matched:
    left, missing, taken = list(found), [], []
    for one in wanted:
        match = next((candidate for candidate in left if _fits(one, candidate)), None)
        if match is None:
            missing.append(one)
        else:
            left.remove(match)
            taken.append(match)
    return _Matched(missing, left, taken)


def _fits(wanted: Message, found: Message) -> bool:
    return all(found.get(name) == value for name, value in wanted.items())


def _of_sends(expected: Expected, trial: Trial) -> Iterator[Difference]:
    if expected.sends is None:
        return
    missing, unexpected, taken = _matched(expected.sends, trial.sends)
    for one in missing:
        other = _nearest(one, unexpected)
        if other is None:
            yield Difference(one.get("campaign", ""), f"not sent: {_shown(one)}{_instead(one, trial)}")
        else:
            unexpected.remove(other)
            yield Difference(other["campaign"], f"sent otherwise: {_shown(one, at=False)}: {'; '.join(_unlike(one, other))}")
    for one in unexpected:
        yield Difference(one["campaign"], f"sent, and not expected: {_shown(one)}")
    times = [one["at"] for one in taken]
    if times != sorted(times):
        order = "; ".join(_shown(one) for one in sorted(taken, key=lambda one: one["at"]))
        yield Difference("", f"sent in another order than expected: {order}")


def _nearest(wanted: Message, found: list[Message]) -> Message | None:
    """The message that was meant: of this campaign, with the same template or at the same time; the most alike of them."""
    alike = [
        one
        for one in found
        if "campaign" in wanted
        and one["campaign"] == wanted["campaign"]
        and (one["template"] == wanted.get("template", one["template"]) or one["at"] == wanted.get("at"))
    ]
    return min(alike, key=lambda one: len(list(_unlike(wanted, one))), default=None)


def _unlike(wanted: Message, found: Message) -> Iterator[str]:
    for name in ("template", "channel"):
        if name in wanted and found[name] != wanted[name]:
            yield f"{name} {found[name]}, expected {wanted[name]}"
    if "at" in wanted and found["at"] != wanted["at"]:
        late = found["at"] - wanted["at"]
        told = f"{span(late)} {'later' if late > 0 else 'earlier'}"
        yield f"time differs, sent at {iso(found['at'])}, expected {iso(wanted['at'])} ({told})"


def _instead(wanted: Message, trial: Trial) -> str:
    """The nearest thing to an explanation: what became of that message, else of its campaign."""
    name = wanted.get("campaign")
    told = [one for one in happenings(trial) if one.campaign == name]
    said = [one.words for one in told if one.template and one.template == wanted.get("template")] or [one.words for one in told]
    return f" ({said[-1]})" if name and said else f" ({name} was never triggered)" if name else ""


def _of_tasks(expected: Expected, trial: Trial) -> Iterator[Difference]:
    if expected.tasks is None:
        return
    missing, unexpected, _ = _matched(expected.tasks, trial.tasks)
    for one in missing:
        alike = next((found for found in unexpected if found["campaign"] == one.get("campaign", found["campaign"])), None)
        if alike is None:
            yield Difference(one.get("campaign", ""), f"no task: {_asked(one)}{_instead(one, trial)}")
        else:
            unexpected.remove(alike)
            yield Difference(alike["campaign"], f"another task: {_asked(alike)}, expected {_asked(one)}")
    for one in unexpected:
        yield Difference(one["campaign"], f"a task, and not expected: {_asked(one)}")


def _asked(one: Message) -> str:
    words = [str(one.get("campaign", "any campaign")), "·", str(one.get("queue", "any queue"))]
    words += [f"“{one['title']}”"] if "title" in one else []
    words += [f"({one['step']})"] if "step" in one else []
    return " ".join([*words, *([f"at {iso(one['at'])}"] if "at" in one else [])])


def _of_suppressed(expected: Expected, trial: Trial) -> Iterator[Difference]:
    for one in _matched(expected.suppressed or (), trial.suppressed).missing:
        others = [str(found["reason"]) for found in trial.suppressed if found["campaign"] == one.get("campaign")]
        instead = f", but by {', '.join(others)}" if others else ""
        campaign = one.get("campaign", "")
        yield Difference(campaign, f"not suppressed: {campaign or 'any campaign'} by {one.get('reason', 'any gate')}{instead}")


def _of_texts(trial: Trial) -> Iterator[Difference]:
    """A template that fails, once, whatever was expected: live nobody would have got this message."""
    for failure in dict.fromkeys(trial.rehearsal.unrendered.values()):
        yield Difference(failure.campaign, f"refused at rendering: {failure.campaign} · {failure.reason}")


def _of_the_rest(expected: Expected, trial: Trial) -> Iterator[Difference]:
    if expected.stage is not None and trial.stage != expected.stage:
        yield Difference("", f"stands in {trial.stage}, expected {expected.stage}")
    for cause in trial.dead:
        yield Difference("", f"an input could not be decided: {cause}")


def _shown(one: Message, *, at: bool = True) -> str:
    words = [str(one.get("campaign", "any campaign"))]
    if "template" in one:
        words.append(f"· {one['template']}")
    if "channel" in one:
        words.append(f"by {one['channel']}")
    if "at" in one and at:
        words.append(f"at {iso(one['at'])}")
    return " ".join(words)
