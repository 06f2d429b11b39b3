"""Each famous mis-send stops within 200 people and one copy; without its rail it would not."""

from __future__ import annotations

import pytest

from tests.museum.incidents import INCIDENTS, PEOPLE_MAX, Incident


@pytest.mark.parametrize("one", INCIDENTS, ids=lambda one: one.name)
def test_it_stops(one: Incident, record_property: pytest.RecordProperty) -> None:
    hall = one.lives()
    record_property("people", hall.people)
    record_property("copies", hall.copies)
    assert hall.people <= PEOPLE_MAX
    assert hall.copies <= 1


@pytest.mark.parametrize("one", INCIDENTS, ids=lambda one: one.name)
def test_without_its_rail_it_would_not(one: Incident) -> None:
    with one.without():
        try:
            hall = one.lives()
        except AssertionError:
            return
    assert hall.people > PEOPLE_MAX or hall.copies > 1


def test_all_thirteen_are_here() -> None:
    assert len(INCIDENTS) == 13
