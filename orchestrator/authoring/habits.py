"""Words and forms that people bring along from other tools, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.authoring.finding import did_you_mean
from rules.operators import OPERATORS

_CALLED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("trigger", "trigger_event", "begin", "begins", "triggers", "start", "starts", "start_on"), ("on",)),
    **dict.fromkeys(("starts_when", "on_event"), ("on",)),
    **dict.fromkeys(("do", "run", "action", "actions", "journey", "flow", "sequence", "messages", "tasks"), ("then",)),
    **dict.fromkeys(("name", "title", "id"), ("campaign", "event", "survey", "persona", "test", "subject")),
    **dict.fromkeys(("condition", "conditions", "filter", "where", "rule", "rules", "audience", "unless"), ("if",)),
    **dict.fromkeys(("once", "repeat", "frequency", "cooldown", "re-entry", "re_entry"), ("reentry",)),
    **dict.fromkeys(("conversion", "target", "success"), ("goal",)),
    **dict.fromkeys(("consent", "category"), ("topic",)),
    **dict.fromkeys(("type", "kind"), ("class", "kind")),
    **dict.fromkeys(("enabled", "status"), ("active",)),
    **dict.fromkeys(("delay", "sleep", "pause"), ("wait",)),
    **dict.fromkeys(("email", "sms", "message", "mail"), ("send",)),
    **dict.fromkeys(("customer", "user", "persona"), ("profile",)),
    **dict.fromkeys(("events", "happens"), ("given",)),
    "when": ("on", "given"),
    "steps": ("then", "given"),
    **dict.fromkeys(("timeout", "for"), ("within",)),
    **dict.fromkeys(("max", "limit", "maximum"), ("at_most",)),
    **dict.fromkeys(("every", "window", "period"), ("per",)),
    **dict.fromkeys(("timezone", "time_zone", "tz"), ("zone",)),
    **dict.fromkeys(("stop", "exits", "end"), ("exit", "stops")),
}
"""What others call a setting → its names here; the first that the place has and that is free is meant."""
_REMARKS = ("description", "comment", "comments", "note", "notes", "tags", "labels")
"""What other tools keep beside a rule, for people alone."""
_VERBS = ("send", "wait", "wait_for", "branch", "split", "set", "emit", "move_to", "task", "webhook")
_PATTERN = ("event", "stage", "segment", "left", "without", "date", "schedule", "broadcast")
_GLUED = re.compile(r"(\w+):(\S.*)")
_COMPARED = re.compile(r"\s*([\w.]+)\s*(>=|<=|==|!=|=|>|<)\s*(.+?)\s*")


def meant_by(member: str, known: Collection[str], there: Mapping[str, Any]) -> tuple[str, str | None]:
    """What to do with a setting that the place has not, and which of those that it has was meant."""
    free = [word for word in known if word not in there]
    found = _belongs(member, known, free) or _called(member, known, free)
    if found is not None:
        return found
    if member.casefold() in _REMARKS:
        return f"write it as a comment: `# {member}: …`", None
    fix = did_you_mean(member, free)
    return fix, next((word for word in known if fix == f"did you mean `{word}`?"), None)


def _belongs(member: str, known: Collection[str], free: list[str]) -> tuple[str, str | None] | None:
    """Of what is right in itself, and stands in the wrong place."""
    glued = _GLUED.fullmatch(member)
    if glued is not None and glued[1] in known:
        return f"a blank is missing after the colon: write `{glued[1]}: {glued[2]}`", glued[1]
    if member == "if" and "branch" in known:
        return "ways stand under `branch`: write `branch: [{if: …, then: […]}]`", "branch"
    if member in _PATTERN and "on" in free:
        return f"a pattern stands under `on`: write `on: {{{member}: …}}`", "on"
    if member in OPERATORS and "if" in free:
        return f'a condition stands under `if`: write {{if: {{"{member}": …}}}}', "if"
    if member in _VERBS and "then" in known:
        return f"a step stands under `then`: write `- {member}: …` there", "then" if "then" in free else None
    return None


def _called(member: str, known: Collection[str], free: list[str]) -> tuple[str, str | None] | None:
    """Of a word for it that is another tool's."""
    called = [word for word in _CALLED.get(member.casefold(), ()) if word in known]
    meant = next((word for word in called if word in free), None)
    if meant is not None:
        return f"did you mean `{meant}`?", meant
    return (f"`{called[0]}` is its name here, and stands there already: keep one of them", None) if called else None


def glued_step(text: str, known: Collection[str]) -> str:
    """What to write for `wait:1d`, which is one word to YAML; empty where it is no such thing."""
    found = _GLUED.fullmatch(text)
    return f"a blank is missing after the colon: write `{found[1]}: {found[2]}`" if found and found[1] in known else ""


def compared(text: str) -> str:
    """What to write for `total > 50`, as a condition; empty where it is no comparison."""
    found = _COMPARED.fullmatch(text)
    if found is None:
        return ""
    operator = "==" if found[2] == "=" else found[2]
    return f'write {{"{operator}": [{{var: {found[1]}}}, {found[3]}]}}, with the whole place that is read'
