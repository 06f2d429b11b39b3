"""One customer's story in rows and lines: what was heard, what happened and why, what is under way. In one language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestrator.domain.calendar import instant_of
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.times import Clock
from orchestrator.insight.told import Told
from orchestrator.insight.under_way import UnderWay

_PASSING = ("planned", "attempting")
"""Outcomes of a message that are not told where more follows in the same second."""
_NAME = 12
"""Digits of a program's name."""
_WITHOUT = "without "


class Row(NamedTuple):
    """One thing that happened, or never did (`at` None). `below` says why, `dim` on what grounds.

    `kind` is an entry's outcome, `stage` or `program`.
    """

    at: int | None
    words: str
    below: tuple[str, ...] = ()
    dim: tuple[str, ...] = ()
    kind: str = ""
    campaign: str = ""
    message: str = ""
    """The id of the message that it is about."""


@dataclass(frozen=True, slots=True)
class Narration:
    """How it is told: in which language, by which clock."""

    told: Told
    tongue: Tongue
    clock: Clock

    def head(self) -> Iterator[str]:
        """Who this is, and what holds for the whole story."""
        say, told = self.tongue.say, self.told
        if told.state is None:
            near = f" {self._near(told.near)}" if told.near else ""
            yield say("told_nobody", told.profile) + (near[:1] + near[1:2].upper() + near[2:])
            return
        yield say("told_head", told.profile, self.tongue.several("told_events", len(told.events)), told.state.stage)
        if told.edited:
            yield say("told_edited")
        if told.otherwise:
            yield self.tongue.several("told_otherwise", told.otherwise)
        yield say("told_zone_own" if told.own_zone else "told_zone_shop", told.zone)
        since, name = told.programs[0] if told.programs else (None, "")
        if since is not None:
            when = (self.clock.tell(since),) if since else ()
            yield say("told_program" if since else "told_program_first", name[:_NAME], *when)
        for one in told.listed:
            why = f" ({one.reason})" if one.reason else ""
            yield (
                say("told_listed", one.channel, self.tongue.reason(f"listed_{one.kind}"), self.clock.tell(one.since), one.scope)
                + why
            )

    def _near(self, names: list[str]) -> str:
        return self.tongue.say("did_you_mean", self.tongue.either([f"`{name}`" for name in names]))

    def unheard(self, nameless: int) -> Iterator[str]:
        """What was said of this customer and not heard."""
        say = self.tongue.say
        for one in self.told.unknown:
            yield say("told_unknown", one["event"], self._times(one), self._fix(one))
        for one in self.told.consents:
            yield say(f"told_consent_{one['of']}", one["event"], one["name"], self._fix(one))
        for one in self.told.answers:
            word, named = ("told_astray", (one["message_id"],)) if one["message_id"] is not None else ("told_answer", ())
            yield say(word, one["event"], self._times(one), self.tongue.either(one["campaigns"]), *named)
        for one in self.told.rejected:
            yield say("told_rejected", one["file"], str(one["line"]), one["reason"])
        if nameless:
            yield self.tongue.several("told_nameless", nameless)

    def _times(self, one: dict[str, Any]) -> str:
        return "" if one["events"] == 1 else self.tongue.say("told_times", self.tongue.number(one["events"]))

    def _fix(self, one: dict[str, Any]) -> str:
        if one["near"] is not None:
            return f"; {self._near([one['near']])}"
        return f"; {self.tongue.say('known_here', ', '.join(one['known']))}" if one["known"] else ""

    def rows(self) -> Iterator[Row]:
        """In order of time; what never happened stands last."""
        say, told = self.tongue.say, self.told
        rows = [
            Row(at, f"{say('told_stage'):8} {source} → {target} ({self._cause(cause)})", kind="stage")
            for at, source, target, cause in told.stages
        ]
        rows += [
            Row(at, say("told_program_live", name[:_NAME]), kind="program") for at, name in told.programs[1:] if at is not None
        ]
        settled = {_second(entry) for entry in told.entries if entry["outcome"] not in _PASSING}
        for entry in told.entries:
            if entry["outcome"] not in _PASSING or _second(entry) not in settled:
                rows.append(self._row(entry))
        yield from sorted(rows, key=lambda row: (row.at is None, row.at or 0))

    def _cause(self, cause: str) -> str:
        """As the journal names it; how long without something, in words."""
        return cause.replace(_WITHOUT, f"{self.tongue.say('without')} ", 1) if cause.startswith(_WITHOUT) else cause

    def _row(self, entry: dict[str, Any]) -> Row:
        why, dim, now = entry["why"], list(entry["rule_words"]), entry.get("if_now")
        below = [why] if why and why not in entry["reason"] else []
        dim += [self.tongue.say("told_if_now"), *now["rule_words"]] if now is not None else []
        grounds = (*dim, *entry.get("gates_words", ()))
        its = entry["outcome"], entry["campaign"], entry.get("message") or ""
        return Row(instant_of(entry["at"]), self._words(entry), tuple(below), grounds, *its)

    def _words(self, entry: dict[str, Any]) -> str:
        say, tongue = self.tongue.say, self.tongue
        next_allowed = instant_of(entry["next_allowed"])
        until = f"; {say('told_next', self.clock.tell(next_allowed))}" if next_allowed is not None else ""
        live = f"; {say('told_live', entry['live'])}" if entry.get("live") else ""
        last = instant_of(entry.get("last"))
        if last is not None:
            until = f"; {say('told_repeated', tongue.number(entry['times']), self.clock.tell(last))}{until}"
        campaign = f"{entry['campaign']}: " if entry["campaign"] else ""
        outcome = tongue.outcomes.get(entry["outcome"], entry["outcome"].replace("_", " "))
        if entry.get("template"):
            message = say("told_of", entry["template"], str(entry.get("channel")))
            outcome = outcome if message in entry["reason"] else f"{message} {outcome}"
        return f"{campaign}{outcome} — {entry['reason']}{until}{live}"

    def runs(self, *, may_run_on: bool) -> Iterator[str]:
        """What each run under way waits for, and until when."""
        if not self.told.under_way or self.told.at is None:
            return
        yield self.tongue.say("under_way_run_on" if may_run_on else "under_way", self.clock.tell(self.told.at))
        for run in self.told.under_way:
            yield f"  {run.campaign}: {self.run(run, self.told.at)}"

    def run(self, run: UnderWay, now: int) -> str:
        """What one run waits for, until when, and what comes after."""
        say = self.tongue.say
        then = say("run_then", run.then) if run.then else ""
        if run.until is None:
            return f"{run.waits}{then}"
        left = say("run_in", self.tongue.rough_span(run.until - now)) if run.until > now else ""
        return say("run_until", run.waits, self.clock.tell(run.until), left, then)


def _second(entry: dict[str, Any]) -> tuple[str, Any]:
    """A message and the second in which something became of it."""
    return (entry["at"] or "")[:19], entry.get("message")
