"""The wiring of the address list: its key, and from which of our addresses each template is sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.suppression import Listed, hashed, mark_of, normalised
from orchestrator.errors import UsageError
from orchestrator.partition.addresses import Senders
from orchestrator.stores.reader import SqliteReader
from orchestrator.stores.sqlite import SqliteFile

ADDRESS_KEY, ADDRESS_MARK = "address key", "address mark"
"""The names under which a file keeps its own key, and by which it knows the one that its list is written with."""
ADDRESS_KEY_BYTES = 32


def address_key(file: SqliteFile, given: bytes) -> bytes:
    """The key of this file's list: the one that the settings give, else one of its own, drawn once.

    UsageError where the list was written with another: no address would be found in it any more.
    """
    key = given or file.fact(ADDRESS_KEY) or secrets.token_bytes(ADDRESS_KEY_BYTES)
    marked = file.fact(ADDRESS_MARK)
    if marked is not None and marked != mark_of(key) and file.lists_addresses():
        message = (
            f"{file.path}: its list of addresses was written with another key; set ORCHESTRATOR_ADDRESS_KEY to that one again"
            " (leave it out if it was never set)"
        )
        raise UsageError(message)
    file.note_facts({ADDRESS_MARK: mark_of(key)} | ({} if given else {ADDRESS_KEY: key}))
    return key


def listed_of(reader: SqliteReader, given: bytes, traits: Mapping[str, Any]) -> list[Listed]:
    """What the file's list holds against the addresses among these traits, now."""
    key = given or reader.fact(ADDRESS_KEY)
    if not key:
        return []
    addresses = ((channel, traits.get(trait)) for channel, trait in ADDRESS_TRAITS.items())
    hashes = [hashed(key, channel, address) for channel, address in addresses if isinstance(address, str) and address]
    return [one for address in hashes for one in reader.listed(address) if one.lifted is None]


def senders_of(workspace: Workspace) -> Senders:
    """Where each template is sent from, by channel."""
    found: dict[tuple[str, str], str] = {}
    for name, template in workspace.templates.items():
        for channel, settings in workspace.senders.get(template.sender or "", {}).items():
            sender = settings.get("from") if isinstance(settings, dict) else None
            if isinstance(sender, str):
                found[name, channel] = normalised(channel, sender)
    return found
