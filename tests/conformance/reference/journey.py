"""One input of one profile: fold → wheel → holds → exits and goals → waits → new entries → gates."""

from __future__ import annotations

from typing import Any

from tests.conformance.reference import chance
from tests.conformance.reference.facts import consented, elements_of, keys_of, last_at, name_of, same, scope_of
from tests.conformance.reference.gates import judge, look_at_holds, order_of
from tests.conformance.reference.logic import holds
from tests.conformance.reference.patterns import answers, entered, in_time, listed
from tests.conformance.reference.runs import Runs, sends_of
from tests.conformance.reference.times import DAY, instant, needed, utc_day


def _reads_time(workspace: dict[str, Any], rule: Any) -> bool:
    """Whether a condition reads a feature that time alone changes, itself or through a segment."""
    if isinstance(rule, dict):
        return any(_reads_time(workspace, part) for pair in rule.items() for part in pair)
    if isinstance(rule, list):
        return any(_reads_time(workspace, part) for part in rule)
    if not isinstance(rule, str):
        return False
    if rule == "profile.segments" or rule in workspace["segments"]:
        return any(_reads_time(workspace, segment["if"]) for segment in workspace["segments"].values())
    feature = workspace["features"].get(rule.removeprefix("profile.features."), {})
    return "over" in feature or "days_since" in feature


class Journey:
    """The whole of a workspace's rules, applied to a profile's inputs."""

    def __init__(self, workspace: dict[str, Any]) -> None:
        self.workspace = workspace
        self.campaigns = [workspace["campaigns"][name] for name in sorted(workspace["campaigns"])]
        self.transitions = workspace["wheel"].get("transitions") or []
        self.runs = Runs(workspace)
        watched = [hold["if"] for hold in (workspace["policies"].get("holds") or {}).values()]
        watched += [[one.get("if"), one["on"].get("if")] for one in self.transitions if "without" in one["on"]]
        self.midnights = any(_reads_time(workspace, rule) for rule in watched)

    def decide(
        self, profile: dict[str, Any], now: int, event: dict[str, Any] | None = None, move: str | None = None
    ) -> list[dict[str, Any]]:
        """Judge one input at `now`: an event, a move, or (neither) the timers due. Gives the inputs that follow from it."""
        if move is not None and move == profile["stage"]:
            return []
        profile["now"] = now
        self.runs.begin()
        if profile["first_seen"] is None:
            profile.update(first_seen=now, stage=self.workspace["wheel"]["start"], since=now)
        if event is not None:
            self._fold(profile, event)
        fired = self._without(profile, now)
        moved_to = self._wheel(profile, now, event, move)
        look_at_holds(self.workspace, profile, now)
        trigger = (event, now if event is None else event["at"], len(profile["events"]) - (0.5 if event is None else 1))
        self._exits_and_goals(profile, now, event, moved_to)
        self._waits(profile, now, event, moved_to)
        self._entries(profile, now, trigger, moved_to, fired)
        self._gates(profile, now)
        return self.runs.outbox

    # fold, wheel

    def _fold(self, profile: dict[str, Any], event: dict[str, Any]) -> None:
        event["seq"] = len(profile["events"])
        profile["events"].append(event)
        for name, value in event["traits"].items():
            rank = (event["at"], event["id"])
            if name not in profile["traits"] or rank >= profile["traits"][name][0]:
                profile["traits"][name] = (rank, value)

    def _without(self, profile: dict[str, Any], now: int) -> set[tuple[str, int]]:
        """Re-arm what the last E re-arms; give the patterns whose deadline is now. One already past fires nothing."""
        fired = set()
        for campaign in self.campaigns:
            for place, pattern in enumerate(listed(campaign["on"])):
                if "without" not in pattern:
                    continue
                last = last_at(profile, pattern["without"])
                anchor = profile["first_seen"] if last is None else last
                deadline = anchor + needed(pattern["for"])
                armed = profile["armed"].setdefault((campaign["campaign"], place), {"anchor": None, "deadline": None})
                if armed["anchor"] != anchor:
                    armed.update(anchor=anchor, deadline=deadline if deadline > now else None)
                elif armed["deadline"] == now:
                    armed["deadline"] = None
                    fired.add((campaign["campaign"], place))
        return fired

    def _deadline(self, profile: dict[str, Any], pattern: dict[str, Any]) -> int:
        """In the wheel: D after the later of entering the stage and the last E."""
        last = last_at(profile, pattern["without"])
        return max(profile["since"], profile["since"] if last is None else last) + needed(pattern["for"])

    def _wheel(self, profile: dict[str, Any], now: int, event: dict[str, Any] | None, move: str | None) -> str | None:
        """Take the first transition that holds, at most one; give the stage entered. A move is its input's one."""
        if move is not None:
            return self._enter_stage(profile, now, move, turn=False)
        for transition in self.transitions:
            sources = transition["from"] if isinstance(transition["from"], list) else [transition["from"]]
            if profile["stage"] in sources and self._takes(profile, now, transition, event):
                return self._enter_stage(profile, now, transition["to"], turn=transition.get("turn", False))
        return None

    def _takes(self, profile: dict[str, Any], now: int, transition: dict[str, Any], event: dict[str, Any] | None) -> bool:
        pattern = transition["on"]
        if "without" in pattern:
            if now < self._deadline(profile, pattern):
                return False
        elif event is None or event["name"] != pattern.get("event"):
            return False
        if "key" in pattern and event is not None and not keys_of(self.workspace, event, pattern["key"]):
            return False
        scope = scope_of(self.workspace, profile, now, event=event if "event" in pattern else None)
        return holds(pattern.get("if"), scope) and holds(transition.get("if"), scope)

    def _enter_stage(self, profile: dict[str, Any], now: int, stage: str, *, turn: bool) -> str:
        profile["transitions"].append((now, profile["stage"], stage))
        profile.update(previous=profile["stage"], stage=stage, since=now, turns=profile["turns"] + (1 if turn else 0))
        return stage

    # exits and goals, waits

    def _live(self, profile: dict[str, Any]) -> list[dict[str, Any]]:
        return sorted((run for run in profile["runs"] if run["live"]), key=lambda run: (run["campaign"], run["number"]))

    def _exits_and_goals(self, profile: dict[str, Any], now: int, event: dict[str, Any] | None, moved_to: str | None) -> None:
        for run in self._live(profile):
            campaign = self.workspace["campaigns"][run["campaign"]]
            if any(self._matches(profile, run, pattern, event, moved_to) for pattern in listed(campaign.get("exit"))):
                self.runs.end(run, "exit")
            elif any(
                self._matches(profile, run, pattern, event, moved_to) and in_time(pattern, run, now) and not pattern.get("stay")
                for pattern in listed(campaign.get("goal"))
            ):
                self.runs.end(run, "goal")

    def _matches(
        self,
        profile: dict[str, Any],
        run: dict[str, Any],
        pattern: dict[str, Any],
        event: dict[str, Any] | None,
        moved_to: str | None,
    ) -> bool:
        """Whether this input, its event or the stage it entered, is what a run's pattern names."""
        now = profile["now"]
        if "event" in pattern:
            return event is not None and answers(self.workspace, profile, run, pattern, event, now)
        return entered(pattern, moved_to) and holds(pattern.get("if"), scope_of(self.workspace, profile, now, run=run))

    def _waits(self, profile: dict[str, Any], now: int, event: dict[str, Any] | None, moved_to: str | None) -> None:
        for run in self._live(profile):
            waiting = run["waiting"]
            if waiting is None or not run["live"]:
                continue
            if waiting["kind"] == "wait" and waiting["until"] <= now:
                self.runs.resume(profile, run, now)
            elif waiting["kind"] == "wait_for":
                pattern = waiting["pattern"]
                if waiting["until"] <= now:
                    self.runs.resume(profile, run, now, waiting["else"])
                elif (event is None or event["seq"] not in run["used"]) and self._matches(
                    profile, run, pattern, event, moved_to
                ):
                    self.runs.answered(profile, run, now, event if "event" in pattern else None)
            elif waiting["kind"] == "send" and waiting["message"]["due"] is not None and waiting["message"]["due"] <= now:
                self.runs.planned.append(waiting["message"])

    # entries

    def _entries(
        self,
        profile: dict[str, Any],
        now: int,
        trigger: tuple[dict[str, Any] | None, int, float],
        moved_to: str | None,
        fired: set[tuple[str, int]],
    ) -> None:
        event, at, _ = trigger
        if event is not None and now - at > needed(self.workspace["policies"].get("trigger_max_age", "24h")):
            return
        for campaign in self.campaigns:
            for place, pattern in enumerate(listed(campaign["on"])):
                found = self._triggers(profile, now, event, moved_to, pattern, fired=(campaign["campaign"], place) in fired)
                for key, item in found:
                    self._enter(profile, now, campaign, pattern, trigger, key, item)
                if found:
                    break

    def _triggers(
        self,
        profile: dict[str, Any],
        now: int,
        event: dict[str, Any] | None,
        moved_to: str | None,
        pattern: dict[str, Any],
        *,
        fired: bool,
    ) -> list[tuple[Any, Any]]:
        """(key, item) of every run that a pattern would start with this input."""
        if "event" in pattern:
            if event is None or event["name"] != pattern["event"]:
                return []
            candidates: list[tuple[Any, Any]] = [(None, None)]
            if "each" in pattern:
                candidates = elements_of(self.workspace, event, pattern["each"])
            elif "key" in pattern:
                candidates = [(key, None) for key in keys_of(self.workspace, event, pattern["key"])[:1]]
            found = []
            for key, item in candidates:
                scope = scope_of(self.workspace, profile, now, event=event)
                if item is not None:
                    scope["item"] = item
                if holds(pattern.get("if"), scope):
                    found.append((key, item))
            return found
        if entered(pattern, moved_to) or fired:
            return [(None, None)] if holds(pattern.get("if"), scope_of(self.workspace, profile, now)) else []
        return []

    def _enter(
        self,
        profile: dict[str, Any],
        now: int,
        campaign: dict[str, Any],
        pattern: dict[str, Any],
        trigger: tuple[dict[str, Any] | None, int, float],
        key: Any,
        item: Any,
    ) -> None:
        """Enter, restart, or nothing: `again`, `reentry`, `if`, `while`, then chance."""
        event, at, seq = trigger
        run = {
            "campaign": campaign["campaign"],
            "key_name": pattern.get("each") or pattern.get("key"),
            "key": key,
            "item": item,
            "trigger": event if "event" in pattern else None,
            "trigger_at": at,
            "trigger_seq": seq,
            "entered": now,
        }
        living = [
            one
            for one in profile["runs"]
            if one["live"] and one["campaign"] == campaign["campaign"] and (one["key"] is key or same(one["key"], key))
        ]
        if living:
            if campaign.get("again") == "restart" and not living[0]["sent_any"] and self._asks(profile, now, campaign, run):
                self._restart(profile, now, living[0], run)
            return
        active = campaign.get("active") or {}
        if ("from" in active and now < instant(active["from"])) or ("until" in active and now >= instant(active["until"])):
            return
        if not self._reenters(profile, now, campaign, key) or not self._asks(profile, now, campaign, run):
            return
        profile["entries"].append({"campaign": campaign["campaign"], "key": key, "at": now})
        if not self._held_out(profile, campaign):
            self.runs.start(profile, run, now)

    def _asks(self, profile: dict[str, Any], now: int, campaign: dict[str, Any], run: dict[str, Any]) -> bool:
        scope = scope_of(self.workspace, profile, now, event=run["trigger"], run=run)
        return holds(campaign.get("if"), scope) and holds(campaign.get("while"), scope)

    def _restart(self, profile: dict[str, Any], now: int, old: dict[str, Any], run: dict[str, Any]) -> None:
        """The new event's run under the old entry: nothing else is inherited."""
        self.runs.end(old, "restart")
        run["entered"] = old["entered"]
        self.runs.start(profile, run, now)

    def _reenters(self, profile: dict[str, Any], now: int, campaign: dict[str, Any], key: Any) -> bool:
        rule = campaign.get("reentry", "once")
        if rule == "always":
            return True
        mine = [
            entry
            for entry in profile["entries"]
            if entry["campaign"] == campaign["campaign"]
            and ((isinstance(rule, dict) and rule.get("per") == "profile") or entry["key"] is key or same(entry["key"], key))
        ]
        if rule == "once":
            return not mine
        return not mine or now >= max(entry["at"] for entry in mine) + needed(rule["after"])

    def _held_out(self, profile: dict[str, Any], campaign: dict[str, Any]) -> bool:
        """By chance, once one consented channel exists; marketing only."""
        if campaign.get("class") == "transactional":
            return False
        channels = {channel for send in sends_of(campaign["then"]) for channel in send.get("prefer") or [send["channel"]]}
        if not any(consented(self.workspace, profile, campaign.get("topic"), channel) for channel in channels):
            return False
        name = name_of(profile)
        control = self.workspace["policies"].get("control_group")
        return chance.held_out(campaign.get("holdout"), campaign["campaign"], "holdout", name) or chance.held_out(
            control, "", "control", name
        )

    # gates

    def _gates(self, profile: dict[str, Any], now: int) -> None:
        """Rounds: what is planned is judged in order, then its runs go on and may plan a second round."""
        while self.runs.planned:
            planned = sorted((one for one in self.runs.planned if one["state"] == "planned"), key=order_of)
            self.runs.planned = []
            for message in planned:
                if message["judged"] and not self.runs.may_go_on(profile, message["run"], now):
                    continue
                message["judged"] = True
                judge(self.workspace, profile, message, now)
            for message in sorted(planned, key=lambda one: (one["campaign"], one["run"]["number"])):
                if message["state"] not in {"planned", "cancelled"}:
                    self.runs.handed(profile, message, now)

    def next_due(self, profile: dict[str, Any]) -> int | None:
        """When something of this profile is due next."""
        if profile["now"] is None:
            return None
        found = [armed["deadline"] for armed in profile["armed"].values()]
        for run in profile["runs"]:
            if run["live"] and run["waiting"] is not None:
                waiting = run["waiting"]
                found.append(waiting["message"]["due"] if waiting["kind"] == "send" else waiting["until"])
        for transition in self.transitions:
            sources = transition["from"] if isinstance(transition["from"], list) else [transition["from"]]
            if "without" in transition["on"] and profile["stage"] in sources:
                deadline = self._deadline(profile, transition["on"])
                found.append(deadline if deadline > profile["now"] else None)
        if self.midnights:
            found.append((utc_day(profile["now"]) + 1) * DAY)
        return min((at for at in found if at is not None), default=None)
