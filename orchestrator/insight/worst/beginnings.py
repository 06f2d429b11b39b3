"""Whom a sequence may happen to: customers who agreed to everything and whom no holdout leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from orchestrator.authoring import Workspace
from orchestrator.domain.campaign import Split
from orchestrator.domain.chance import share_of
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.program import Program
from orchestrator.insight.scenarios.scenario import personas_of
from orchestrator.insight.worst.limits import BEGINNINGS, NAMES

_ADDRESSES = {"email": "customer@example.com", "phone": "+393331234567"}
_ARMS_TRIED = 3
"""Ids with different arms of the splits."""


def beginnings(workspace: Workspace, traits: tuple[tuple[str, Any], ...]) -> list[Mapping[str, Any]]:
    """Profiles as scenarios write them: new customers, with each trait that conditions ask for, and the personas."""
    names = _names(workspace.program)
    found = ({**person, "user_id": name} for person in _people(workspace, traits) for name in names)
    return list(islice(found, BEGINNINGS * len(names)))


def _people(workspace: Workspace, traits: tuple[tuple[str, Any], ...]) -> Iterator[dict[str, Any]]:
    consent = _consent(workspace.program)
    personas = [dict(one) for one in personas_of(workspace.documents.get("personas", ())).values()]
    known: dict[str, Any] = {}
    for person in personas:
        known |= {name: value for name, value in (person.get("traits") or {}).items() if name in _ADDRESSES}
    admitted = _admitted(workspace)
    addresses = {name: value for name, value in {**_ADDRESSES, **known}.items() if admitted({name: value})}
    plain = {"traits": addresses, "consent": consent}
    yield plain
    for name, value in traits:
        if admitted({**addresses, name: value}):
            yield {**plain, "traits": {**addresses, name: value}}
    for person in personas:
        yield {**person, "traits": {**addresses, **(person.get("traits") or {})}, "consent": consent}


def _consent(program: Program) -> dict[str, list[str]]:
    channels = sorted({channel for campaign in program.campaigns.values() for channel in campaign.channels})
    return dict.fromkeys(program.policies.topics, channels)


def _admitted(workspace: Workspace) -> Any:
    """Whether the schema of traits admits them, whatever else it requires."""
    documents = workspace.documents.get("profile", ())
    schema = documents[0].value.get("traits") if documents and isinstance(documents[0].value, dict) else None
    if not isinstance(schema, dict):
        return lambda _: True
    return jsonschema_rs.Draft202012Validator({**schema, "required": []}, validate_formats=True, offline=True).is_valid


def _names(program: Program) -> list[str]:
    """Ids that are held out of as few campaigns as there are, with different arms."""
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for number in range(1, NAMES + 1):
        name = f"customer-{number}"
        control = share_of("", "control", name) < program.policies.control_group
        held = sum(share_of(one.name, "holdout", name) < one.holdout for one in program.campaigns.values())
        rank = held + control * len(program.campaigns), number
        arms = _arms(program, name)
        found[arms] = min(rank, found.get(arms, rank))
    return [f"customer-{number}" for _, number in sorted(found.values())[:_ARMS_TRIED]]


def _arms(program: Program, profile: str) -> tuple[int, ...]:
    """The arm of every split for this profile."""
    return tuple(
        next(at for at, arm in enumerate(node.verb.arms) if share_of(campaign.name, node.verb.name, profile) < arm.up_to)
        for campaign in program.campaigns.values()
        for node in campaign.steps.nodes
        if isinstance(node.verb, Split)
    )


assert set(ADDRESS_TRAITS.values()) == set(_ADDRESSES)  # noqa: S101 - one address a channel
