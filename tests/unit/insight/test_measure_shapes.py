"""What lies behind one number, against the same worked out by hand: steps of a funnel, cohorts, values over time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.domain.input import Event
from orchestrator.history.analytics import analytics
from orchestrator.insight.measures import Measured, Span
from orchestrator.insight.measures.export import deeper_rows
from orchestrator.insight.measures.shapes import STEP_MS
from tests.unit.insight.measured import FILES, decided, load_workspace, opened, write
from tests.unit.insight.test_measures import CATALOGUE, DAY, EVENTS, MEASURES, NOW, START, _of

FUNNEL = ("Product Viewed", "Cart Updated", "Order Completed")
ONLY = {name: MEASURES[name] for name in ("converted", "again", "orders")}
EVER = "unit: share\ncohort: {of: Order Completed, again: Order Completed}\n"


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    files = {**CATALOGUE, **ONLY, "ever": EVER}
    with opened(tmp_path_factory.mktemp("deep"), files, EVENTS) as told:
        found: dict[str, Measured] = told(by="time", deep=True)
        return found


def _users() -> list[str]:
    return sorted({str(one.user_id) for one in EVENTS})


def test_a_funnel_tells_how_many_came_as_far(deep: dict[str, Measured]) -> None:
    came = Counter[int]()
    for who in _users():
        steps = [[row[:2] for row in _of(name) if row[2].user_id == who] for name in FUNNEL]
        if not steps[0] or steps[0][0][0] + 10 * DAY > NOW:
            continue
        start = at = steps[0][0]
        came[0] += 1
        for place, later in enumerate(steps[1:], 1):
            after = [one for one in later if one > at and one[0] < start[0] + 10 * DAY]
            if not after:
                break
            at = after[0]
            came[place] += 1
    found = deep["converted"]
    assert found.steps == [(name, came[place]) for place, name in enumerate(FUNNEL)]
    assert came[0] > came[1] > came[2] > 0
    assert found.whole.n == came[0]
    rows = list(deeper_rows(found))
    assert [(row[1], row[2], row[5]) for row in rows] == [("step", name, n) for name, n in found.steps]
    assert rows[-1][3] == pytest.approx(found.whole.value)


def _month(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, tz=UTC):%Y-%m}"


def _end(month: str) -> int:
    year, number = map(int, month.split("-"))
    return int(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("name", "apart", "within"), [("ever", 0, 2**60), ("again", DAY, 30 * DAY)])
def test_cohorts_tell_who_was_back_by_when(name: str, apart: int, within: int, deep: dict[str, Measured]) -> None:
    first, back = dict[str, int](), dict[str, int]()
    for who in _users():
        times = [row[0] for row in _of("Order Completed") if row[2].user_id == who]
        if times:
            first[who] = times[0]
            later = [at - times[0] for at in times[1:] if times[0] + apart <= at < times[0] + within]
            back |= {who: later[0]} if later else {}
    found = deep[name].cohorts
    assert [one.month for one in found] == sorted({_month(at) for at in first.values()})
    cells = 0
    for one in found:
        members = [who for who, at in first.items() if _month(at) == one.month]
        assert one.n == len(members)
        for place, share in enumerate(one.shares):
            assert _end(one.month) + (place + 1) * STEP_MS <= NOW
            assert share == pytest.approx(sum(back.get(who, 2**61) < (place + 1) * STEP_MS for who in members) / len(members))
            cells += 1
        assert _end(one.month) + (len(one.shares) + 1) * STEP_MS > NOW or len(one.shares) == 12
    assert cells > 3
    assert len(list(deeper_rows(deep[name]))) == cells


def test_a_value_over_time_is_told_by_the_finest_period_that_can_be_read(deep: dict[str, Measured], tmp_path: Path) -> None:
    assert deep["orders"].told_by == "week", "200 days"
    assert sum(one.n for one in deep["orders"].by.values()) == deep["orders"].whole.n
    with opened(tmp_path, {**CATALOGUE, "orders": MEASURES["orders"]}, EVENTS) as told:
        assert told(Span(START, START + 40 * DAY), "time")["orders"].told_by == "day"
        assert told(Span(0, 1), "time")["orders"].by == {}


def test_memory_is_bounded_and_spills_where_it_is_told(tmp_path: Path) -> None:
    workspace = load_workspace(write(tmp_path / "workspace", FILES))
    event = Event("1", START, name="Order Completed", user_id="ada", received_at=START)
    state = decided(workspace, [event], tmp_path / "state.sqlite")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with analytics(state, scratch=scratch, memory=64 * 2**20) as history:
        settings = "select current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
        memory, threads, folder = history.duck.execute(settings).fetchone() or ("", 0, "")
        assert memory == "64.0 MiB"
        assert threads == 1
        assert folder.startswith(str(scratch))
    assert list(scratch.iterdir()) == []
