"""Campaigns: what each does these days, and whether it has gone silent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.drawing import Spark, spark
from orchestrator.console.frame import hues
from orchestrator.console.looking_back import day_of, history_of
from orchestrator.console.pages.wheel import SPANS, span_of
from orchestrator.domain.campaign import Campaign
from orchestrator.domain.program import Program
from orchestrator.history import CampaignDay

ERRORS = ("refused", "bounced", "unknown")
"""How a message ends badly; each ends once. What is in doubt has a page of its own."""
HEARD = ("delivered", "opened", "clicked", "converted", "unsubscribed")
"""What a campaign's messages came to, and its goal."""
_REASONS = 3
"""Reasons of suppression that a row names."""
_USUAL_DAYS = 14
_SILENT_DAYS = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """One campaign over some days."""

    name: str
    stage: str
    transactional: bool
    triggered: int
    held_out: int
    sent: int
    suppressed: int
    reasons: tuple[tuple[str, int], ...]
    errors: int
    heard: tuple[tuple[str, int], ...]
    """What was heard of its messages: delivered, opened, … each with its count."""
    last: int | None
    silent: bool
    spark: Spark


def campaigns(asked: Asked) -> Answer:
    """The list: the busiest first, those that nobody met in these days last."""
    live, days = asked.state.live(asked.reader), span_of(asked.query)
    with history_of(asked) as history:
        if history is None or live is None:
            return Shown("unready.html", {"live": live is not None})
        found = by_campaign(history.campaigns(day_of(asked.now) - max(*SPANS, days) + 1))
        last = history.last_triggered()
    today = day_of(asked.now)
    rows = [figures(one, found.get(name, []), today, days, last.get(name)) for name, one in live.program.campaigns.items()]
    rows.sort(key=lambda one: (not one.silent, -(one.triggered + one.held_out), one.name))
    paused = asked.reader.controls().campaigns
    shown = [one for one in rows if one.triggered or one.held_out or one.silent or one.sent or one.name in paused]
    values = {
        "rows": shown,
        "quiet": [one for one in rows if one not in shown],
        "gone": gone(live.program, found),
        "hue": hues(live.program.wheel),
        "days": days,
        "spans": SPANS,
        "paused": paused,
    }
    return Shown("campaigns.html", values)


def by_campaign(counts: Iterable[CampaignDay]) -> dict[str, list[CampaignDay]]:
    """The counts of each."""
    found: defaultdict[str, list[CampaignDay]] = defaultdict(list)
    for one in counts:
        found[one.campaign].append(one)
    return dict(found)


def figures(campaign: Campaign, counts: list[CampaignDay], today: int, days: int, last: int | None) -> Figures:
    """What a campaign did in the last days, today included."""
    totals, reasons = Counter[str](), Counter[str]()
    sent: Counter[int] = Counter()
    for one in counts:
        if one.day > today - days:
            totals[one.what] += one.n
            if one.what == "suppressed":
                reasons[one.reason] += one.n
            if one.what == "sent":
                sent[one.day] += one.n
    return Figures(
        campaign.name,
        campaign.stage,
        campaign.cls == "transactional",
        totals["triggered"],
        totals["held_out"],
        totals["sent"],
        totals["suppressed"],
        tuple(reasons.most_common(_REASONS)),
        sum(totals[what] for what in ERRORS),
        tuple((what, totals[what]) for what in HEARD),
        last,
        is_silent(counts, today),
        spark([sent[day] for day in range(today - days + 1, today + 1)]),
    )


def is_silent(counts: Iterable[CampaignDay], today: int) -> bool:
    """Whether it usually triggers, on more than half of the 14 days before, and did not at all today and yesterday."""
    days = {one.day for one in counts if one.what == "triggered" and one.n}
    usual = sum(today - _SILENT_DAYS - _USUAL_DAYS < day <= today - _SILENT_DAYS for day in days)
    return 2 * usual > _USUAL_DAYS and not any(day > today - _SILENT_DAYS for day in days)


def gone(program: Program, found: Mapping[str, list[CampaignDay]]) -> list[str]:
    """Campaigns of earlier programs that still have figures."""
    return sorted(name for name in found if name and name not in program.campaigns)


def daily(counts: Iterable[CampaignDay], what: str, days: range) -> list[int]:
    """One count, day by day."""
    totals = Counter[int]()
    for one in counts:
        if one.what == what:
            totals[one.day] += one.n
    return [totals[day] for day in days]


def totals_of(counts: Iterable[CampaignDay]) -> Iterator[tuple[str, str, int]]:
    """(what, reason, count) of all days together."""
    found = Counter[tuple[str, str]]()
    for one in counts:
        found[one.what, one.reason] += one.n
    yield from ((what, reason, count) for (what, reason), count in found.most_common())


PLACES = (Place("/campaigns", campaigns),)
