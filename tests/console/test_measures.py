"""The pages of measures: what they show is what is measured, at once or as soon as it is there, and nothing of it runs."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from functools import partial
from html import unescape
from pathlib import Path

import duckdb
import pytest

from orchestrator.authoring import load_workspace
from orchestrator.console.accounts import Role
from orchestrator.console.measures import Desk, Known
from orchestrator.console.measures.question import Answered
from orchestrator.console.measures.shown import card, trend_of
from orchestrator.console.measures.wording import begin_of, family_of, value_of
from orchestrator.console.speech import Speech
from orchestrator.console.state import State
from orchestrator.domain.measure import KINDS, Measure
from orchestrator.history import catch_up
from orchestrator.history.analytics import analytics
from orchestrator.insight.measures import BY, Measured, Span, Summed, measure
from orchestrator.insight.measures.export import Covered, covered
from orchestrator.insight.measures.members import members_of
from orchestrator.insight.measures.shipped import measures_of
from orchestrator.stores.reader import open_reader
from tests.console.shop import LIBRARY, Shop, _loaded
from tests.console.test_pages import _MAY_BE_OPEN, NASTY, Page
from tests.console.visiting import Visitor
from tests.integration.serving import until
from tests.unit.insight.measured import event, write

AWAITED = "Being worked out"
SELDOM_S = 0.5
_NAME = re.compile(r"[^\s/\\\x00-\x1f]([^/\\\x00-\x1f]{0,62}[^\s/\\\x00-\x1f])?")


@pytest.fixture(scope="module")
def olga(shop: Shop) -> Visitor:
    catch_up(shop.state)
    return Visitor(shop).entered("olga", Role.operator)


def settled(visitor: Visitor, path: str) -> str:
    """The page once everything on it is worked out."""

    def done() -> str | None:
        time.sleep(SELDOM_S)  # what is looked at works at a low priority
        answer = visitor.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return None if AWAITED in answer.text else answer.text

    return str(until(done, f"all that {path} shows"))


def told(shop: Shop, name: str, by: str | None = None) -> Measured:
    """The same, worked out here."""
    loaded = _loaded(LIBRARY)
    chosen = [one for one in loaded.measures if one.name == name]
    with analytics(shop.state) as history, open_reader(shop.state) as reader:
        members = partial(members_of, loaded.program, reader.everybody(), history.clock)
        return measure(chosen, history, loaded.program, by=by, members=members)[name]


def test_every_measure_stands_there_with_definition_target_and_value(shop: Shop, olga: Visitor) -> None:
    page = Page(settled(olga, "/measures"))
    loaded = _loaded(LIBRARY)
    for one in measures_of(loaded):
        assert one.title["en"] in page.text
        assert one.definition["en"] in page.text
    nps = told(shop, "nps")
    assert nps.whole.value is not None
    card = re.search(r"<article[^>]*><h3><a[^>]*name=nps.*?</article>", settled(olga, "/measures"), re.DOTALL)
    assert card is not None
    words = Page(card[0]).text
    assert value_of(Speech(), nps.whole.value, "points") in words
    assert f"n = {nps.whole.n}" in words
    assert "Target: at least 40.0" in words
    assert ("not met" in words) is (nps.met is False)


def test_a_page_answers_before_anything_is_worked_out(empty: Shop) -> None:
    """And where it is looked at again by itself, it is told only of what is new."""
    catch_up(empty.state)
    visitor = Visitor(empty).entered("olga", Role.operator)
    first = visitor.get("/measures").text
    assert AWAITED in first
    assert "being worked out" in Page(first).text
    again = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', first)
    assert again is not None
    settled(visitor, "/measures")
    assert visitor.get(unescape(again[1])).status_code == 200
    done = re.search(r'hx-get="([^"]+)" hx-trigger="every 60s"', visitor.get("/measures").text)
    assert done is not None
    assert visitor.get(unescape(done[1])).status_code == 204


@pytest.mark.parametrize("by", BY)
def test_measures_are_told_apart_by_anything(by: str, shop: Shop, olga: Visitor) -> None:
    found = told(shop, "conversion_rate", by)
    text = settled(olga, f"/measure?name=conversion_rate&by={by}")
    page = Page(text)
    assert [tag for tag in page.open if tag not in _MAY_BE_OPEN] == []
    assert list(page.runs()) == []
    for group, one in found.by.items():
        row = re.search(rf"<tr[^>]*><th[^>]*>(<a[^>]*>)?{re.escape(group)}(</a>)?</th>(.*?)</tr>", text)
        assert row is not None, group
        assert value_of(Speech(), one.value, "share") in row[3]
        assert value_of(Speech(), one.low, "share") in row[3]
        assert f">{one.n}<" in row[3]


def _cell(one: object) -> str | float:
    """The same of what either kind of file has."""
    try:
        return float(str(one))
    except ValueError:
        return "" if one is None else str(one)


def test_a_file_has_what_its_page_shows(shop: Shop, olga: Visitor) -> None:
    for path, name in (
        ("/measures?by=stage", "measures-all-time-by-stage"),
        ("/measure?name=repeat_rate&by=segment", "repeat-rate-all-time-by-segment"),
        ("/measure?name=conversion_rate", "conversion-rate-all-time"),
    ):
        settled(olga, path)
        route, _, query = path.partition("?")
        answer = olga.get(f"{route}.csv?{query}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
        parquet = olga.get(f"{route}.parquet?{query}")
        folder = shop.state.parent / "read.parquet"
        folder.write_bytes(parquet.content)
        with duckdb.connect() as duck:
            same = duck.execute("select * from read_parquet(?)", [str(folder)]).fetchall()
        assert [[_cell(one) for one in row] for row in same] == [[_cell(one) for one in row] for row in rows]
        page = Page(settled(olga, path)).text
        assert all(row[2].partition(" +")[0] in page for row in rows)
    one = told(shop, "repeat_rate", "segment")
    olga.get("/measure?name=repeat_rate&by=segment")
    rows = list(csv.DictReader(io.StringIO(olga.get("/measure.csv?name=repeat_rate&by=segment").text, newline="")))
    assert {row["group"]: int(row["n"]) for row in rows if row["by"] == "segment"} == {
        group: found.n for group, found in one.by.items()
    }
    assert rows[0]["by"] == ""
    assert int(rows[0]["n"]) == one.whole.n


def test_a_file_of_what_is_not_there_yet_leads_to_its_page(empty: Shop) -> None:
    catch_up(empty.state)
    visitor = Visitor(empty).entered("vito", Role.viewer)
    assert visitor.get("/measures.csv?days=7").headers["location"] == "/measures?days=7"
    assert visitor.get("/measure.parquet?name=nps").headers["location"] == "/measure?name=nps"


def test_days_are_those_that_are_asked_for(shop: Shop, olga: Visitor) -> None:
    whole = told(shop, "session_time").whole
    assert f"n = {whole.n}" in Page(settled(olga, "/measure?name=session_time&days=365")).text
    assert "n = 0" in Page(settled(olga, "/measure?name=session_time&last=2001-01-01")).text
    for query, words in (
        ("first=soon", "soon is no date"),
        ("first=2026-02-01&last=2026-01-01", "The first day is after the last"),
        ("by=zodiac", "cannot be told apart by zodiac"),
    ):
        answer = olga.get(f"/measures?{query}")
        assert answer.status_code == 400
        assert words in answer.text
    assert olga.get("/measure?name=nothing").status_code == 400


def test_sessions_of_single_events_are_not_told_as_if_somebody_had_timed_them() -> None:
    one = Measure("it", "sessions", "time", {})
    known = Known(Answered(Summed(0.0, 690, 0.0, 0.0), {"2026-01": Summed(0.0, 3, 0.0, 0.0)}, "month"), 0, coming=False)
    shown = card(one, known, Speech())
    assert shown.whole is not None
    assert (shown.whole.value, shown.whole.interval, shown.whole.n) == ("\u2013", "", 690)
    assert shown.why_none == "each was a single event: no time to measure"
    assert trend_of(one, shown.rows * 2) is None
    none = card(one, Known(Answered(Summed(None, 0)), 0, coming=False), Speech("it"))
    assert none.why_none == "ancora niente da misurare"


def test_what_was_ended_over_a_measure_is_not_told_as_the_beginning_of_time() -> None:
    assert covered(Span(), Answered(trouble="time").clock) == Covered()


def test_without_the_extra_it_says_what_to_install(shop: Shop) -> None:
    was, visitor = shop.seen, None
    try:
        shop.seen = State(shop.state, desk=Desk(shop.state, absent=lambda: ("duckdb", "scipy")), _compiled=was._compiled)
        visitor = Visitor(shop).entered("olga", Role.operator)
        for path in ("/measures", "/measure?name=nps"):
            answer = visitor.get(path)
            assert answer.status_code == 200
            assert "duckdb, scipy" in answer.text
            assert "pip install" in answer.text
            assert "Net promoter score" in answer.text
            assert AWAITED not in answer.text
    finally:
        shop.seen = was


def test_a_lift_shows_both_arms_and_the_method(olga: Visitor) -> None:
    page = Page(settled(olga, "/measure?name=lift")).text
    assert "Ville" in page
    assert "confidence sequence" in page


def naughty(folder: Path) -> Path:
    """A workspace in which measures, segments, stages and campaigns have such names."""
    names = [*(one for one in NASTY if _NAME.fullmatch(one)), "=1+1", "@SUM(A1)", "+cmd|' '!A0"]
    files = {
        "events/order-completed.yaml": event("Order Completed"),
        "segments.yaml": "".join(
            f'{json.dumps(one)}: {{if: {{">=": [{{var: profile.features.orders}}, 0]}}}}\n' for one in names
        ),
    }
    for number, one in enumerate(names):
        text = json.dumps(one)
        files[f"measures/m{number}.yaml"] = (
            f"measure: {text}\ntitle: {{en: {text}}}\ndefinition: {{en: {text}}}\nunit: share\n"
            "cohort: {of: Order Completed, again: Order Completed}\n"
        )
    return write(folder, files)


@pytest.fixture
def harmful(tmp_path: Path) -> Iterator[Shop]:
    found = Shop(tmp_path, days=0, workspace=naughty(tmp_path / "workspace"))
    found.turn(*(found.said(f"p{number % 3}", "Order Completed") for number in range(5)))
    catch_up(found.state)
    yield found
    found.close()


def test_what_measures_and_groups_are_called_is_text(harmful: Shop) -> None:
    visitor = Visitor(harmful).entered("olga", Role.operator)
    names = [one.name for one in measures_of(load_workspace(harmful.workspace))]
    assert len(names) > 8
    text = settled(visitor, "/measures?by=segment")
    page = Page(text)
    assert list(page.runs()) == []
    assert [tag for tag in page.open if tag not in _MAY_BE_OPEN] == []
    assert all(name in page.text for name in names)
    for name in names:
        visitor.ask("GET", "/measure", params={"name": name, "by": "segment"})
    for name in names:
        answer = visitor.ask("GET", "/measure", params={"name": name, "by": "segment"})
        assert answer.status_code == 200
        assert list(Page(answer.text).runs()) == [], name
        assert f"<h1>{name}</h1>" == unescape(next(iter(re.findall(r"<h1>.*?</h1>", answer.text)))), name
    file = visitor.get("/measures.csv?by=segment")
    cells = [cell for row in csv.reader(io.StringIO(file.text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert "'=1+1" in cells


def test_values_are_told_as_people_of_either_language_write_them() -> None:
    english, italian = Speech("en"), Speech("it")
    assert value_of(english, 0.1234, "share") == "12.3%"
    assert value_of(italian, 0.01234, "share") == "1,23%"
    assert value_of(english, 3.94 * 86_400_000, "time") == "3.9 days"
    assert value_of(italian, 90 * 60_000, "time") == "1,5 ore"
    assert value_of(english, 1234567.0, "count") == "1,234,567"
    assert value_of(italian, 1234.5, "money") == "1.234"
    assert value_of(english, 12.345, "money") == "12.35"
    assert value_of(english, -31.24, "points") == "\u221231.2"
    assert value_of(english, None, "share") == "\u2013"


def test_periods_begin_when_their_names_say() -> None:
    days = {
        ("day", "2026-02-14"): "2026-02-14",
        ("week", "2026-W01"): "2025-12-29",
        ("month", "2026-02"): "2026-02-01",
        ("quarter", "2026-Q3"): "2026-07-01",
        ("year", "2026"): "2026-01-01",
    }
    for (period, group), day in days.items():
        assert Speech().at(begin_of(period, group))[:10] == day
    assert begin_of("month", "soon") is None


def test_every_kind_is_grouped_under_something() -> None:
    found = {kind: family_of(Measure("it", kind, "share", {})) for kind in KINDS}
    assert set(found.values()) == {"staying", "doing", "worth", "campaigns"}
    assert family_of(Measure("it", "share", "share", {}, events=("Survey Answered",))) == "voice"
