"""campaigns/*: settings and steps of each campaign."""

from __future__ import annotations

from typing import Literal

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.content import version_of
from orchestrator.authoring.document import Document, Spot
from orchestrator.authoring.expecting import alarm_of
from orchestrator.authoring.facts import event_has
from orchestrator.authoring.finding import nearest
from orchestrator.authoring.naming import StepNames, name_steps
from orchestrator.authoring.patterns import pattern, patterns, view_of_run
from orchestrator.authoring.proofs import check_reach
from orchestrator.authoring.rulebook import approval_of
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.steps import answered, lay_steps
from orchestrator.authoring.units import basis_points, duration, instant
from orchestrator.domain.campaign import Campaign, Goal, Pattern, Reentry, Steps, Wait

_PRIORITY = {"high": 0, "normal": 1, "low": 2}
_LATER = ("pace",)


def read_campaign_names(scope: Scope) -> None:
    """Fill `campaigns` with names and classes."""
    for document in scope.files.documents.get("campaigns", ()):
        root = document.root
        name = root.get("campaign")
        if name is None or name.text is None:
            scope.files.unreadable.add("campaigns")
        elif name.text in scope.campaigns:
            earlier = next(one.file for one in scope.files.documents["campaigns"] if one.root.text_of("campaign") == name.text)
            message = f"the campaign in {earlier} is called `{name.text}` too"
            scope.report.add("E313", name.place, message, "give each campaign its own name")
        else:
            scope.campaigns[name.text] = "transactional" if root.text_of("class") == "transactional" else "marketing"


def read_campaigns(scope: Scope) -> dict[str, Campaign]:
    """Every campaign, in order of name."""
    found = [_campaign(document, scope) for document in scope.files.documents.get("campaigns", ())]
    return {campaign.name: campaign for campaign in sorted(found, key=lambda campaign: campaign.name)}


def _campaign(document: Document, scope: Scope) -> Campaign:
    root = document.root
    name = root.text_of("campaign") or ""
    steps = root.get("then")
    names = name_steps(steps, scope)
    view = view_of_run(root, scope)
    nodes, first = lay_steps(steps, name, names, view, scope)
    cls = _class(root, scope)
    scope.names(root.get("stage"), "stage")
    check_reach(steps, scope)
    holdout = root.get("holdout")
    if holdout is not None and cls == "transactional":
        scope.report.add("E503", holdout.key_place, "a transactional campaign cannot have a holdout", "remove `holdout`")
    start, end = _active(root, scope)
    return Campaign(
        name=name,
        stage=root.text_of("stage") or "",
        steps=Steps(version_of(nodes, first), nodes, first),
        on=_on(root, name, scope),
        cls=cls,
        topic=_topic(root, names, cls, scope),
        priority=_PRIORITY.get(root.text_of("priority") or "normal", 1),
        active_from=start,
        active_until=end,
        condition=conditions(root.get("if"), view, scope),
        while_=conditions(root.get("while"), view, scope),
        restart=root.text_of("again") == "restart",
        reentry=_reentry(root.get("reentry")),
        holdout=basis_points(root.text_of("holdout")) or 0,
        goal=_goal(root.get("goal"), name, names, nodes_wait(nodes, first), view, scope),
        exits=_exits(root.get("exit"), name, names, view, scope),
        approval=approval_of(root.get("approval")),
        alarm=alarm_of(root.get("alarm"), scope, sends=bool(names.sends)),
    )


def nodes_wait(nodes: tuple[object, ...], first: int) -> int:
    """Milliseconds of the wait with which a campaign begins; 0 where it begins otherwise."""
    verb = getattr(nodes[first], "verb", None) if 0 <= first < len(nodes) else None
    found = verb.duration.constant if isinstance(verb, Wait) and verb.duration is not None else None
    return found if isinstance(found, int) else 0


def _class(root: Spot, scope: Scope) -> Literal["marketing", "transactional"]:
    spot, name = root.get("class"), root.text_of("campaign")
    for word in _LATER:
        if (found := root.get(word)) is not None:
            scope.report.add("N901", found.key_place, f"`{word}` is accepted, but not enforced yet")
    if spot is None or spot.text != "transactional":
        return "marketing"
    misspelt = any(one not in scope.campaigns and nearest(one, scope.campaigns) == name for one in scope.transactional)
    if name is not None and name not in scope.transactional and not misspelt and "policies" not in scope.files.unreadable:
        message = f"policies.yaml does not list `{name}` as transactional"
        scope.report.add("E502", spot.place, message, f"add `{name}` to `transactional` in policies.yaml")
    return "transactional"


def _topic(root: Spot, names: StepNames, cls: str, scope: Scope) -> str | None:
    topic = root.get("topic")
    if topic is not None:
        scope.names(topic, "topic")
    elif cls == "marketing" and names.sends and (root.document.file, "topic") not in scope.report.misspelt:
        fix = "write `topic:` and one of the topics of policies.yaml: consent is asked by topic"
        scope.report.add("E501", root.key_place, "a marketing campaign needs a topic", fix)
    return topic.text if topic is not None else None


def _on(root: Spot, name: str, scope: Scope) -> tuple[Pattern, ...]:
    on = root.get("on")
    for part in on.one_or_more() if on is not None else ():
        if (of := part.get("of")) is not None:
            scope.report.add("E309", of.key_place, "`of` names a message of a run, and here none has begun", "remove `of`")
    return patterns(on, f"{name}/on", scope)


def _exits(spot: Spot | None, name: str, names: StepNames, view: View, scope: Scope) -> tuple[Pattern, ...]:
    for part in spot.one_or_more() if spot is not None else ():
        answered(part, names, scope)
    return patterns(spot, f"{name}/exit", scope, view)


def _goal(spot: Spot | None, name: str, names: StepNames, first_wait: int, view: View, scope: Scope) -> Goal | None:
    if spot is None:
        return None
    answered(spot, names, scope)
    found = pattern(spot, f"{name}/goal", scope, view)
    within, value, stay = duration(spot.text_of("within")), spot.get("value"), spot.get("stay")
    if spot.get("within") is None and isinstance(spot.value, dict):
        scope.report.add(
            "W501", spot.key_place, "a goal without `within` counts whatever comes, however late", "write `within: 14d`, say"
        )
    elif within is not None and within < first_wait:
        scope.report.add("W502", spot.at("within").place, "the goal ends before the first wait does", "make it longer")
    path = tuple(value.text.split(".")) if value is not None and value.text is not None else None
    if found is None:
        return None
    if path is not None and value is not None:
        event_has(value.place, path, found.event or "", scope)
    return Goal(found, within, path, stay is not None and stay.value is True)


def _reentry(spot: Spot | None) -> Reentry:
    if spot is None or spot.value == "once":
        return Reentry()
    if spot.value == "always":
        return Reentry(after=0)
    return Reentry(duration(spot.text_of("after")), spot.text_of("per") == "profile")


def _active(root: Spot, scope: Scope) -> tuple[int | None, int | None]:
    active = root.get("active")
    if active is None:
        return None, None
    found: list[int | None] = []
    for word in ("from", "until"):
        spot = active.get(word)
        at = instant(spot.text) if spot is not None else None
        if spot is not None and spot.text is not None and at is None:
            scope.report.add("E204", spot.place, f"`{spot.text}` is not a date that exists", "write one such as 2026-11-27")
        found.append(at)
    start, end = found
    if start is not None and end is not None and end <= start:
        scope.report.add("E511", active.at("until").place, "it ends before it begins", "`until` must be later than `from`")
    return start, end
