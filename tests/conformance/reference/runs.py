"""Runs: one profile in one campaign, going from step to step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.conformance.reference import chance
from tests.conformance.reference.facts import name_of, scope_of
from tests.conformance.reference.gates import zone
from tests.conformance.reference.logic import evaluate, holds
from tests.conformance.reference.patterns import answers, in_time, listed
from tests.conformance.reference.times import duration, instant_or_none, needed, next_wall_clock

LATEST = "\U0010ffff"


def sends_of(steps: list[Any]) -> Iterator[dict[str, Any]]:
    """Every `send` among these steps and those inside them."""
    for step in steps:
        if not isinstance(step, dict):
            continue
        if "send" in step:
            yield step["send"]
        inner = [step.get("then"), step.get("else")]
        inner += [branch.get(side) for branch in step.get("branch") or [] for side in ("then", "else")]
        inner += [arm.get("then") for arm in (step.get("arms") or {}).values()]
        for nested in inner:
            yield from sends_of(nested or [])


class Runs:
    """What one input does to runs: the messages it plans and the inputs it makes are collected here."""

    def __init__(self, workspace: dict[str, Any]) -> None:
        self.workspace = workspace
        self.planned: list[dict[str, Any]] = []
        self.outbox: list[dict[str, Any]] = []
        self.numbers = 0

    def begin(self) -> None:
        """A new input."""
        self.planned, self.outbox = [], []

    def start(self, profile: dict[str, Any], run: dict[str, Any], now: int) -> None:
        """Begin a run, unless an exit or a goal is found by looking back."""
        self.numbers += 1
        campaign = self.workspace["campaigns"][run["campaign"]]
        first = {"steps": campaign["then"], "next": 0, "event": run["trigger"]}
        run.update(number=self.numbers, live=True, waiting=None, sent_any=False, used=set(), frames=[first])
        profile["runs"].append(run)
        for event in profile["events"]:
            if any(answers(self.workspace, profile, run, pattern, event, now) for pattern in listed(campaign.get("exit"))):
                self.end(run, "exit")
                return
        for event in profile["events"]:
            for pattern in listed(campaign.get("goal")):
                found = answers(self.workspace, profile, run, pattern, event, now) and in_time(
                    pattern, run, max(now, event["at"])
                )
                if found and not pattern.get("stay"):
                    self.end(run, "goal")
                    return
        self._advance(profile, run, now)

    def end(self, run: dict[str, Any], reason: str | None = None) -> None:
        """End a run; its waiting message is cancelled."""
        waiting = run["waiting"]
        if waiting is not None and waiting["kind"] == "send" and waiting["message"]["state"] == "planned":
            waiting["message"].update(state="cancelled", reason=reason, due=None)
        run.update(live=False, waiting=None)

    def may_go_on(self, profile: dict[str, Any], run: dict[str, Any], now: int) -> bool:
        """Judge `while`; false ends the run."""
        campaign = self.workspace["campaigns"][run["campaign"]]
        if holds(campaign.get("while"), self._scope(profile, run, now, run["trigger"])):
            return True
        self.end(run, "while")
        return False

    def resume(self, profile: dict[str, Any], run: dict[str, Any], now: int, steps: list[Any] | None = None) -> None:
        """Go on after a wait, first through these steps."""
        run["waiting"] = None
        self._push(run, steps, run["frames"][-1]["event"])
        self._advance(profile, run, now)

    def answered(self, profile: dict[str, Any], run: dict[str, Any], now: int, event: dict[str, Any] | None) -> None:
        """Go on after the answer to a `wait_for`; inside its `then` the answer is the event."""
        steps = run["waiting"]["then"]
        run["waiting"] = None
        if event is not None:
            run["used"].add(event["seq"])
        self._push(run, steps, event if event is not None else run["frames"][-1]["event"])
        self._advance(profile, run, now)

    def handed(self, profile: dict[str, Any], message: dict[str, Any], now: int) -> None:
        """Go on after a message has come to its end."""
        run, waiting = message["run"], message["run"]["waiting"]
        self.resume(profile, run, now, waiting["then"] if message["state"] == "accepted" else waiting["else"])

    def _push(self, run: dict[str, Any], steps: list[Any] | None, event: dict[str, Any] | None) -> None:
        if steps:
            run["frames"].append({"steps": steps, "next": 0, "event": event})

    def _scope(self, profile: dict[str, Any], run: dict[str, Any], now: int, event: dict[str, Any] | None) -> dict[str, Any]:
        return scope_of(self.workspace, profile, now, event=event, run=run)

    def _advance(self, profile: dict[str, Any], run: dict[str, Any], now: int) -> None:
        """Take steps until one waits or the run ends."""
        while run["live"] and run["waiting"] is None:
            while run["frames"] and run["frames"][-1]["next"] == len(run["frames"][-1]["steps"]):
                run["frames"].pop()
            if not run["frames"]:
                self.end(run)
                return
            if not self.may_go_on(profile, run, now):
                return
            frame = run["frames"][-1]
            step = frame["steps"][frame["next"]]
            frame["next"] += 1
            self._step(profile, run, now, step, frame["event"])

    def _step(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, event: dict[str, Any] | None) -> None:
        if step == "exit" or "exit" in step:
            self.end(run, "exit")
            return
        verb = next(name for name in VERBS if name in step)
        VERBS[verb](self, profile, run, now, step, event)

    def _send(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, _event: Any) -> None:
        campaign, send = self.workspace["campaigns"][run["campaign"]], step["send"]
        kind = campaign.get("class", "marketing")
        expires = (
            send.get("expires")
            or ({"marketing": "24h", "transactional": "72h"} | (self.workspace["policies"].get("expires") or {}))[kind]
        )
        channels = send.get("prefer") or [send["channel"]]
        message = {
            "run": run,
            "campaign": run["campaign"],
            "step": step.get("id") or f"send-{send['template']}".lower(),
            "channels": channels,
            "channel": channels[0],
            "template": send["template"],
            "class": kind,
            "topic": campaign.get("topic"),
            "priority": campaign.get("priority", "normal"),
            "planned_at": now,
            "expires_at": now + needed(expires),
            "order": len(profile["messages"]),
            "state": "planned",
            "reason": None,
            "due": None,
            "judged": False,
        }
        profile["messages"].append(message)
        self.planned.append(message)
        run["sent_any"] = True
        run["waiting"] = {"kind": "send", "message": message, "then": step.get("then"), "else": step.get("else")}

    def _wait(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, event: Any) -> None:
        wait = step["wait"] if isinstance(step["wait"], dict) else {"for": step["wait"]}
        scope = self._scope(profile, run, now, event)
        until = now
        if "until" in wait:
            found = instant_or_none(evaluate(wait["until"], scope))
            until = now if found is None else found
        if "for" in wait:
            until += duration(evaluate(wait["for"], scope)) or 0
        until += duration(wait.get("plus", 0)) or 0
        if "at" in wait:
            until = next_wall_clock(until, wait["at"], zone(self.workspace, profile))
        if until > now:
            run["waiting"] = {"kind": "wait", "until": until}
        elif until < now and wait.get("past") == "exit":
            self.end(run, "exit")

    def _wait_for(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, _event: Any) -> None:
        pattern = step["wait_for"]
        until = now + needed(pattern["within"])
        run["waiting"] = {
            "kind": "wait_for",
            "pattern": pattern,
            "until": until,
            "then": step.get("then"),
            "else": step.get("else"),
        }
        found = [
            one
            for one in profile["events"]
            if one["seq"] not in run["used"] and answers(self.workspace, profile, run, pattern, one, now)
        ]
        if found:
            self.answered(profile, run, now, min(found, key=lambda one: (one["at"], one["id"])))

    def _branch(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, event: Any) -> None:
        for branch in step["branch"]:
            if "if" not in branch:
                self._push(run, branch.get("else") or branch.get("then"), event)
                return
            if holds(branch["if"], self._scope(profile, run, now, event)):
                self._push(run, branch.get("then"), event)
                return
            if "else" in branch:
                self._push(run, branch["else"], event)
                return

    def _split(self, profile: dict[str, Any], run: dict[str, Any], _now: int, step: Any, event: Any) -> None:
        chosen = chance.arm(run["campaign"], step["split"], step["arms"], name_of(profile))
        self._push(run, step["arms"][chosen].get("then"), event)

    def _set(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, event: Any) -> None:
        for path, value in step["set"].items():
            found = evaluate(value, self._scope(profile, run, now, event))
            profile["traits"][path.removeprefix("profile.").removeprefix("traits.")] = ((now, LATEST), found)

    def _emit(self, profile: dict[str, Any], run: dict[str, Any], now: int, step: Any, event: Any) -> None:
        scope, emit = self._scope(profile, run, now, event), step["emit"]
        made: dict[str, Any] = {
            "event": {
                "name": emit["event"],
                "id": f"emit-{run['number']}-{len(self.outbox)}-{now}",
                "at": now,
                "properties": {name: evaluate(value, scope) for name, value in (emit.get("properties") or {}).items()},
                "traits": {},
            }
        }
        if "to" in emit:
            made["to"] = evaluate(emit["to"], scope)
            if made["to"] is None:
                return
        self.outbox.append(made)

    def _move_to(self, _profile: dict[str, Any], _run: dict[str, Any], _now: int, step: Any, _event: Any) -> None:
        self.outbox.append({"move": step["move_to"]})


VERBS: dict[str, Any] = {
    "send": Runs._send,
    "wait": Runs._wait,
    "wait_for": Runs._wait_for,
    "branch": Runs._branch,
    "split": Runs._split,
    "set": Runs._set,
    "emit": Runs._emit,
    "move_to": Runs._move_to,
}
