"""policies.yaml: topics, caps, quiet hours, holds, expiry, control group, transactional list."""

from __future__ import annotations

import re

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import CHANNELS, Scope, View
from orchestrator.authoring.units import basis_points, duration, hours
from orchestrator.domain.calendar import zone_of
from orchestrator.domain.policies import Cap, Hold, Policies, QuietHours, Topic

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
_LATER = ("approval", "breaker", "in_doubt")
MARKETING = "marketing"


def read_names(scope: Scope) -> None:
    """Fill `topics`, `transactional`, `default_locale` and `zone`."""
    document = scope.files.one("policies")
    if document is None:
        return
    root = document.root
    topics = root.get("topics")
    for name, spot in topics.members() if topics is not None else ():
        double = spot.get("double")
        if double is not None and double.value is True:
            scope.report.add("N901", double.key_place, "`double` is accepted, but not enforced yet")
        scope.topics[name] = Topic(name, spot.text_of("consent") == "assumed", double is not None and double.value is True)
        if name == MARKETING:
            scope.report.add(
                "E205", spot.key_place, "`marketing` means every topic and cannot be one", "give the topic another name"
            )
    listed = root.get("transactional")
    scope.transactional = [spot.value for spot in (listed.elements() if listed is not None else ()) if spot.text is not None]
    scope.default_locale = root.text_of("default_locale") or scope.default_locale
    zone = root.text_of("zone")
    scope.zone = zone if zone is not None and zone_of(zone) is not None else scope.zone


def read_policies(scope: Scope) -> Policies:
    """The policies; the defaults of the grammar where the file says nothing."""
    document = scope.files.one("policies")
    if document is None:
        return Policies()
    root = document.root
    defaults = Policies()
    quiet, days_off = _quiet(root.get("quiet"), scope)
    expires = root.get("expires") or root
    for word in _LATER:
        if (found := root.get(word)) is not None:
            scope.report.add("N901", found.key_place, f"`{word}` is accepted, but not enforced yet")
    return Policies(
        topics=dict(scope.topics),
        caps=_caps(root.get("caps"), scope),
        quiet=quiet,
        days_off=days_off,
        holds=_holds(root.get("holds"), scope),
        expires_marketing=_or(duration(expires.text_of("marketing")), defaults.expires_marketing),
        expires_transactional=_or(duration(expires.text_of("transactional")), defaults.expires_transactional),
        trigger_max_age=_or(duration(root.text_of("trigger_max_age")), defaults.trigger_max_age),
        control_group=_or(basis_points(root.text_of("control_group")), 0),
        transactional=_transactional(root.get("transactional"), scope),
        zone=_zone(root.get("zone"), scope),
        default_locale=scope.default_locale,
        leap_day=root.text_of("leap_day") or defaults.leap_day,
    )


def _or(found: int | None, default: int) -> int:
    return default if found is None else found


def _zone(spot: Spot | None, scope: Scope) -> str:
    if spot is None or spot.text is None:
        return "UTC"
    if zone_of(spot.text) is None:
        scope.report.add("E204", spot.place, f"there is no time zone `{spot.text}`", "use an IANA name such as Europe/Rome")
    return spot.text


def _caps(spot: Spot | None, scope: Scope) -> tuple[Cap, ...]:
    found = []
    for cap in spot.elements() if spot is not None else ():
        at_most, per = cap.get("at_most"), duration(cap.text_of("per"))
        for word in ("channel", "topic"):
            scope.names(cap.get(word), word)
        if at_most is not None and isinstance(at_most.value, int) and per is not None:
            found.append(Cap(at_most.value, per, cap.text_of("channel"), cap.text_of("topic")))
    return tuple(found)


def _quiet(spot: Spot | None, scope: Scope) -> tuple[dict[str, QuietHours], frozenset[str]]:
    found: dict[str, QuietHours] = {}
    days: frozenset[str] = frozenset()
    for name, member in spot.members() if spot is not None else ():
        if name == "days_off":
            days = _days_off(member, scope)
            continue
        if name not in CHANNELS:
            scope.report.add(
                "E312", member.key_place, f"there is no channel `{name}`", did_you_mean(name, (*CHANNELS, "days_off"))
            )
        span = hours(member.value)
        if span is not None:
            found[name] = QuietHours(*span)
    return found, days


def _days_off(spot: Spot, scope: Scope) -> frozenset[str]:
    text = spot.text or ""
    name = text.removeprefix("tables/").removesuffix(".csv")
    if text != f"tables/{name}.csv":
        return frozenset()
    if name not in scope.tables:
        if not scope.unreadable("table"):
            fix = did_you_mean(name, scope.tables) or f"write `{text}`: a first line `date`, then one date a line"
            scope.report.add("E308", spot.place, f"there is no table `{text}`", fix)
        return frozenset()
    for day in scope.tables[name]:
        if not _DATE.match(day):
            scope.report.add("E204", Place(text), f"`{day}` is not a date", "write dates such as 2026-12-25")
    return frozenset(day for day in scope.tables[name] if _DATE.match(day))


def _holds(spot: Spot | None, scope: Scope) -> tuple[Hold, ...]:
    found = []
    for name, hold in spot.members() if spot is not None else ():
        condition = conditions(hold.get("if"), View(), scope)
        stops = _words(hold.get("stops"))
        for stop in stops:
            if stop.text != MARKETING:
                scope.names(stop, "topic")
        excepted = _words(hold.get("except"))
        for campaign in excepted:
            scope.names(campaign, "campaign")
        if condition is not None:
            stopped = frozenset(stop.value for stop in stops)
            spared = frozenset(campaign.value for campaign in excepted)
            found.append(Hold(name, condition, stopped, spared, duration(hold.text_of("for"))))
    return tuple(found)


def _words(spot: Spot | None) -> list[Spot]:
    return [part for part in spot.one_or_more() if part.text is not None] if spot is not None else []


def _transactional(spot: Spot | None, scope: Scope) -> frozenset[str]:
    for name in spot.elements() if spot is not None else ():
        if scope.names(name, "campaign") and scope.campaigns[name.value] != "transactional":
            message = f"`{name.value}` is a marketing campaign"
            scope.report.add("E504", name.place, message, "remove it here, or write `class: transactional` there")
    return frozenset(scope.transactional)
