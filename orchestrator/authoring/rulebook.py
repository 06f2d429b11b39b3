"""policies.yaml: topics, caps, quiet hours, holds, expiry, control group, transactional list."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import CHANNELS, Scope, View
from orchestrator.authoring.units import basis_points, duration, hours
from orchestrator.domain.calendar import zone_of
from orchestrator.domain.campaign import Approval
from orchestrator.domain.policies import Breaker, Canary, Cap, Hold, InDoubt, Links, Policies, QuietHours, Topic

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
MARKETING = "marketing"
DAY_MS = 86_400_000


def read_names(scope: Scope) -> None:
    """Fill `topics`, `transactional`, `default_locale` and `zone`."""
    document = scope.files.one("policies")
    if document is None:
        return
    root = document.root
    topics = root.get("topics")
    for name, spot in topics.members() if topics is not None else ():
        double = spot.get("double")
        title = spot.get("title")
        titles = {} if title is None else {locale: text.text for locale, text in title.members() if text.text is not None}
        scope.topics[name] = Topic(
            name, spot.text_of("consent") == "assumed", double is not None and double.value is True, titles
        )
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
        in_doubt=_in_doubt(root.get("in_doubt")),
        approval=approval_of(root.get("approval")),
        breaker=_breaker(root.get("breaker")),
        canary=_canary(root.get("canary")),
        links=_links(root.get("links")),
    )


def approval_of(spot: Spot | None) -> Approval | None:
    """What a campaign may send by itself; `within` is a day where nothing is said."""
    over = spot.get("over") if spot is not None else None
    if spot is None or over is None or not isinstance(over.value, int):
        return None
    return Approval(over.value, _or(duration(spot.text_of("within")), Approval(0).within))


def _breaker(spot: Spot | None) -> Breaker | None:
    """It is on unless the file says `none`."""
    usual = Breaker()
    if spot is None:
        return usual
    if spot.text == "none":
        return None
    days = duration(spot.text_of("over"))
    whole = usual.days if days is None else max(1, days // DAY_MS)
    also = spot.get("transactional")
    transactional = also is not None and also.value is True
    return Breaker(_number(spot, "at_least", usual.at_least), _number(spot, "times", usual.times), whole, transactional)


def _canary(spot: Spot | None) -> Canary | None:
    """It is off unless the file asks for it."""
    usual = Canary()
    if spot is None or spot.text == "none":
        return None
    hold, worst = duration(spot.text_of("hold")), basis_points(spot.text_of("worst"))
    return Canary(_number(spot, "first", usual.first), _or(hold, usual.hold), _or(worst, usual.worst))


def _number(spot: Spot, name: str, usual: int) -> int:
    found = spot.get(name)
    return found.value if found is not None and isinstance(found.value, int) else usual


def _in_doubt(spot: Spot | None) -> InDoubt:
    """The shape is checked by then; what it does not say is as the grammar has it."""
    usual = InDoubt()
    if spot is None:
        return usual
    said = {name: text for name in ("marketing", "transactional") if (text := spot.text_of(name)) is not None}
    return replace(usual, wait=_or(duration(spot.text_of("wait")), usual.wait), **said)  # type: ignore[arg-type]  # the schema's


def _links(spot: Spot | None) -> Links | None:
    """The shape is checked by then."""
    if spot is None:
        return None
    utm = {name: value.text for name, value in spot.at("utm").members() if value.text is not None}
    return Links(spot.at("track").value is True, utm)


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
