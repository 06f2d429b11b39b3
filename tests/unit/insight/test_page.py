"""The page: figures that add up, nothing from outside, everything escaped, readable by everybody."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator.authoring import load_program
from orchestrator.domain.calendar import instant_of
from orchestrator.domain.program import Program
from orchestrator.insight.explain import explain
from orchestrator.insight.page import Report, Source, Telling, make_report, render, story_of
from orchestrator.insight.page.chosen import richest
from orchestrator.insight.page.ring import draw_ring
from orchestrator.insight.page.standing import standing
from orchestrator.insight.replay import Replayed, replay
from orchestrator.intake.files import read_events
from orchestrator.stores.memory import MemoryFile

Make = Callable[..., Path]
HOSTILE = '<script>alert("1")</script>&\'"'
VOID = {"meta", "link", "br"}


def consent(user: str, topic: str) -> dict[str, object]:
    given = {"type": "track", "event": "Consent Given", "properties": {"topic": topic}}
    return {**given, "messageId": f"c-{user}-{topic}", "userId": user, "timestamp": "1997-01-01T00:00:00Z"}


def order(user: str, day: str, total: float) -> dict[str, object]:
    properties = {"total": total, "currency": "USD", "cart_id": HOSTILE}
    return {"type": "track", "event": "Order Completed", "userId": user, "timestamp": day, "properties": properties}


def events() -> list[dict[str, object]]:
    people = [HOSTILE, *(f"p{number}" for number in range(30))]
    found = [consent(user, "offers") for user in people]
    found += [order(user, f"1997-01-{1 + number % 28:02}T00:00:00Z", 10 + number) for number, user in enumerate(people)]
    found += [order(user, "1997-06-01T00:00:00Z", 5) for user in people[::3]]
    return sorted(found, key=lambda one: str(one["timestamp"]))


@pytest.fixture
def replayed(make: Make, tmp_path: Path) -> tuple[Replayed, Program, MemoryFile]:
    program = load_program(make())
    lines = tmp_path / "events.jsonl"
    lines.write_text("".join(json.dumps(one) + "\n" for one in events()), encoding="utf-8")
    file = MemoryFile()
    until = instant_of("1998-01-31T00:00:00Z")
    result = replay(program, read_events([lines]), [file.partition(0)], until=until, every_profile=file.every_profile)
    return result, program, file


@pytest.fixture
def report(replayed: tuple[Replayed, Program, MemoryFile]) -> Report:
    result, program, file = replayed
    told = explain(program, file, HOSTILE)
    story = story_of(told, result.clock, {name: campaign.stage for name, campaign in program.campaigns.items()})
    return make_report(result, program, Telling(HOSTILE, story, (HOSTILE,), (Source(HOSTILE, HOSTILE),)))


class Reader(HTMLParser):
    """Collects tags and checks that each one opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_figures_agree_with_the_replay(report: Report, replayed: tuple[Replayed, Program, MemoryFile]) -> None:
    summary = replayed[0].summary()
    assert {stage.name: stage.now for stage in report.stages} == summary["stages"]
    assert {f"{flow.source}→{flow.target}": flow.count for flow in report.flows} == summary["transitions"]
    assert report.sent == sum(states.get("accepted", 0) for states in summary["messages"].values())
    assert report.held_out == sum(campaign["held_out"] for campaign in summary["campaigns"].values()) > 0
    assert {name: numbers[-1] for name, numbers in report.standing.counts.items()} == summary["stages"]
    assert all(sum(campaign.by_month) == campaign.sent for campaign in report.campaigns)
    assert report.turns == summary["transitions"]["repurchase→retention"]


def test_nothing_is_fetched_and_nothing_runs(report: Report) -> None:
    page = render(report)
    reader = Reader(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in reader.tags}
    assert [one for one in reader.all("a") if not str(one["href"]).startswith("#")] == []
    assert not re.search(r"https?:|@import|url\((?!#)", page)
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)


def test_names_are_text_whatever_they_hold(report: Report) -> None:
    stages = tuple(replace(stage, name=HOSTILE) if stage.number == 1 else stage for stage in report.stages)
    counts = {HOSTILE if name == stages[1].name else name: numbers for name, numbers in report.standing.counts.items()}
    counts[HOSTILE] = counts.pop("retention")
    campaigns = tuple(replace(campaign, name=HOSTILE, suppressed={HOSTILE: 1}) for campaign in report.campaigns)
    spoilt = replace(report, stages=stages, standing=replace(report.standing, counts=counts), campaigns=campaigns, flows=())
    assert "<script" not in render(spoilt).lower()


def test_it_can_be_read_without_seeing_it(report: Report) -> None:
    reader = Reader(render(report))
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(one.get("scope") in ("col", "row") for one in reader.all("th"))
    assert all(one.get("aria-labelledby") or one.get("aria-label") for one in reader.all("svg"))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointed = {name for _, attributes in reader.tags for name in str(attributes.get("aria-labelledby") or "").split()}
    assert pointed <= set(ids)
    assert reader.all("html")[0]["lang"] == "en"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_in_light_and_in_dark() -> None:
    style = (resources.files("orchestrator.insight.page") / "tokens.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in style.split("color-scheme: dark")[:2])
    for colours in (light, {**light, **dark}):
        for ground in ("paper", "card", "faint", "accent-soft"):
            for text in ("ink", "soft", "accent"):
                assert contrast(colours[text], colours[ground]) >= 4.5


def test_the_story_tells_what_happened_in_order(report: Report) -> None:
    story = report.story
    assert story is not None
    assert [line.at for line in story.lines] == sorted(line.at for line in story.lines)
    words = [line.words for line in story.lines]
    assert "awareness → retention" in words
    assert "Order Completed" in words
    assert story.bands[0].stage == "retention"
    assert story.bands[-1].end == report.end
    assert all(one.end == other.start for one, other in pairwise(story.bands))
    assert ("cart", "no Cart Updated was seen") in story.silent
    assert story.summary.startswith("3 events")


def test_the_richest_stories_have_many_stages_and_messages(replayed: tuple[Replayed, Program, MemoryFile]) -> None:
    found = richest(replayed[0], 3)
    lost = {row["profile"] for row in replayed[0].transitions() if row["to"] == "lost"}
    heard = {row["profile"] for row in replayed[0].messages()}
    assert len(found) == 3
    assert set(found) <= lost & heard


def test_nobody_at_all_still_makes_a_page(make: Make) -> None:
    program, file = load_program(make()), MemoryFile()
    nothing = replay(program, [], [file.partition(0)], until=0, every_profile=file.every_profile)
    assert richest(nothing) == []
    assert "0 events of 0 customers" in render(make_report(nothing, program, Telling("Nothing yet")))


def test_standing_counts_who_was_born_and_has_not_moved() -> None:
    day = 86_400_000
    found = standing([(2 * day, 1, "a", "b"), (5 * day, 1, "b", "a")], ("a", "b"), {1: day, 2: 3 * day}, 10 * day)
    at = dict(zip(found.at, zip(found.counts["a"], found.counts["b"], strict=True), strict=True))
    assert (at[day], at[2 * day], at[3 * day], at[5 * day], at[10 * day]) == ((1, 0), (0, 1), (1, 1), (2, 0), (2, 0))
    assert found.days == {"a": 1.0, "b": 3.0}


@pytest.mark.parametrize("customers", [0, 7, 241, 2_357, 1_000_000])
def test_the_wheel_stays_legible_for_any_number_of_customers(report: Report, customers: int) -> None:
    stages = tuple(replace(stage, now=customers if stage.number == 0 else 0) for stage in report.stages)
    ring = draw_ring(stages, report.flows)
    assert ring.places[0].dots.count("M") <= 240
    assert ring.dot_is in {1, 2, 10, 5_000}
    assert all(0 <= place.x <= ring.width and 0 <= place.y <= ring.height for place in ring.places)
