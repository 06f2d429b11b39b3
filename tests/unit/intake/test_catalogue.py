from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.input import Event
from orchestrator.domain.program import EventType
from orchestrator.errors import RejectedEvent, WorkspaceError
from orchestrator.intake.catalogue import OTHERS, Catalogue
from orchestrator.intake.limits import UNKNOWN_NAMES_KEPT

ORDER = {
    "type": "object",
    "required": ["total"],
    "properties": {
        "total": {"type": "number"},
        "at": {"type": "string", "format": "date-time"},
        "products": {"items": {"required": ["id"]}},
    },
}


def event(name: str, **properties: Any) -> Event:
    return Event(message_id="m", occurred_at=0, name=name, user_id="u", properties=properties)


def catalogue() -> Catalogue:
    return Catalogue({"Order": EventType("Order", schema=ORDER), "Free": EventType("Free")})


def test_what_fits_passes() -> None:
    catalogue().validate(event("Order", total=1, at="2026-11-23T12:00:00Z", extra=[]))
    catalogue().validate(event("Free", anything=1))
    catalogue().validate(event(""))


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, '$.properties: "total" is a required property'),
        ({"total": "ann@example.com"}, '$.properties.total: the value is not of type "number"'),
        ({"total": 1, "at": "noon"}, '$.properties.at: the value is not a "date-time"'),
        ({"total": 1, "products": [{"id": 1}, {}]}, '$.properties.products[1]: "id" is a required property'),
    ],
)
def test_what_does_not_fit_is_rejected_with_its_place_and_without_its_value(properties: dict[str, Any], told: str) -> None:
    with pytest.raises(RejectedEvent) as caught:
        catalogue().validate(event("Order", **properties))
    assert str(caught.value).startswith(told)
    assert "ann@" not in str(caught.value)
    assert "'Order'" in str(caught.value)


@pytest.mark.parametrize("name", ["Consent Given", "Consent Withdrawn"])
def test_consent_has_a_built_in_schema(name: str) -> None:
    own = Catalogue({name: EventType(name, schema={"required": ["text_version"]})})
    for found in (Catalogue({}), own):
        found.validate(event(name, topic="offers", channel="sms", text_version="1"))
        with pytest.raises(RejectedEvent):
            found.validate(event(name, channel="sms", text_version="1"))
    with pytest.raises(RejectedEvent):
        own.validate(event(name, topic="offers"))


def test_events_outside_it_are_accepted_and_listed() -> None:
    found = catalogue()
    for name in ["Oder", "Oder", "Ordr"]:
        found.validate(event(name))
    assert found.unknown == {"Oder": 2, "Ordr": 1}


def test_the_list_is_bounded() -> None:
    found = catalogue()
    for at in range(UNKNOWN_NAMES_KEPT + 5):
        found.validate(event(f"N{at}"))
    assert len(found.unknown) == UNKNOWN_NAMES_KEPT + 1
    assert found.unknown[OTHERS] == 5


@pytest.mark.parametrize("schema", [{"type": "nope"}, {"$ref": "http://127.0.0.1:9/x"}, {"pattern": "("}, {"$ref": "#/nope"}])
def test_a_schema_that_does_not_compile_is_an_error_of_the_workspace(schema: dict[str, Any]) -> None:
    with pytest.raises(WorkspaceError, match="event 'Y': its schema of properties does not compile"):
        Catalogue({"Y": EventType("Y", schema=schema)})
