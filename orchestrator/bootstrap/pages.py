"""The wiring of the pages for recipients, and of the links that lead there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from orchestrator.bootstrap.addresses import listed_of
from orchestrator.config import Settings
from orchestrator.delivery.links import ChoiceLinks, PageLinks, SurveyLinks
from orchestrator.domain.choices import Choice
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.suppression import Listed
from orchestrator.errors import StoreError
from orchestrator.intake.choices import Entries, Known
from orchestrator.stores.reader import open_reader

Keys = Callable[[], tuple[bytes, ...]]


def links_of(settings: Settings, base: str, keys: Keys, address_key: Callable[[], bytes]) -> PageLinks:
    """The links to our pages, which stand at `base`. Keys that are not known yet sign nothing."""

    def known() -> tuple[bytes, ...]:
        return tuple(key for key in keys() if key)

    return PageLinks(SurveyLinks(base, keys), ChoiceLinks(base, known, address_key, settings.unsubscribe_mail))


def shop_of(senders: Mapping[str, Mapping[str, Mapping[str, str]]]) -> str:
    """Whose the pages are: the name of the first sender of email, else the domain that it writes from."""
    emails = [found["email"] for found in senders.values() if "email" in found]
    named = (email.get("name") or email.get("from", "").rpartition("@")[2] for email in emails)
    return next((name for name in named if name), "")


def known_in(state: Path) -> Known:
    """What a state file knows of a recipient, beside its engine."""

    async def known(person: str) -> Profile | None:
        return await asyncio.to_thread(_read, state, person)

    return known


def _read(state: Path, person: str) -> Profile | None:
    with suppress(StoreError), open_reader(state) as reader:
        key = reader.key_of(person)
        stored = None if key is None else reader.read(key)
        return None if stored is None else unseal(stored.sealed)
    return None


def listed_in(state: Path, given: bytes) -> Entries:
    """What a state file's list holds against a recipient; `given` is the settings' key."""

    async def listed(choice: Choice, profile: Profile | None) -> list[Listed]:
        return await asyncio.to_thread(_listed, state, given, choice, profile)

    return listed


def _listed(state: Path, given: bytes, choice: Choice, profile: Profile | None) -> list[Listed]:
    """At the addresses that are known, else at the one that the link was sent to."""
    traits = {} if profile is None else profile.traits
    with suppress(StoreError), open_reader(state) as reader:
        found = listed_of(reader, given, traits)
        if not traits.get(ADDRESS_TRAITS.get(choice.channel, "")):
            found += [one for one in reader.listed(choice.address) if one.lifted is None]
        return found
    return []
