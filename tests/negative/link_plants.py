"""Planted bugs in links that are rewritten, and in the door that they lead over."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from msgspec import structs

from orchestrator.delivery import tracking
from orchestrator.delivery.tracking import Tracking
from orchestrator.domain.outgoing import Outgoing
from orchestrator.intake import clicks
from tests.negative.planting import plant as plant_in
from tests.simulation.link_world import LinkWorld

plant = partial(plant_in, world=LinkWorld)


@plant("L1")
@contextmanager
def any_host_is_the_workspaces_own() -> Iterator[None]:
    with patch.object(Tracking, "_is_ours_to_touch", lambda _self, url: url.startswith("http")):
        yield


@plant("L1")
@contextmanager
def a_host_that_a_value_completes_is_signed_for() -> Iterator[None]:
    with patch.object(tracking, "_HOST", re.compile(r"https?://([a-z0-9.-]+)")):  # of shop.example{{ name }} the beginning
        real = Tracking._is_ours_to_touch

        def touches(self: Tracking, url: str) -> bool:
            return real(self, url) or any(url.startswith(f"https://{host}") for host in self.hosts)

        with patch.object(Tracking, "_is_ours_to_touch", touches):
            yield


@plant("L1")
@contextmanager
def our_own_pages_lead_over_the_door_too() -> Iterator[None]:
    with patch.object(tracking, "_OWN", re.compile("(?!)")), patch.object(tracking, "hosts_of", lambda _: None):
        real = Tracking._is_ours_to_touch

        def touches(self: Tracking, url: str) -> bool:
            return url.startswith(self.base) or real(self, url)

        with patch.object(Tracking, "_is_ours_to_touch", touches):
            yield


@plant("L1")
@contextmanager
def what_is_escaped_in_a_page_is_taken_as_it_stands() -> Iterator[None]:
    with patch.object(tracking.html, "unescape", lambda text: text):
        yield


@plant("L1")
@contextmanager
def the_stop_behind_a_link_is_part_of_it() -> Iterator[None]:
    with patch.object(tracking, "_TRAILING", ""):
        yield


@plant("L1")
@contextmanager
def what_a_link_has_is_added_again() -> Iterator[None]:
    with patch.object(tracking, "parse_qsl", lambda *_args, **_named: []):
        yield


@plant("L2")
@contextmanager
def a_link_is_made_once_for_everybody() -> Iterator[None]:
    kept: dict[str, str] = {}
    real = Tracking._rewritten

    def rewritten(self: Tracking, url: str, outgoing: Outgoing) -> str:
        return kept.setdefault(url, real(self, url, outgoing))

    with patch.object(Tracking, "_rewritten", rewritten):
        yield


@plant("L2")
@contextmanager
def the_partition_is_forgotten() -> Iterator[None]:
    real = Tracking._signed
    with patch.object(Tracking, "_signed", lambda self, url, out: real(self, url, structs.replace(out, home=0))):
        yield


@plant("L2")
@contextmanager
def a_signature_is_not_looked_at() -> Iterator[None]:
    with patch.object(hmac, "compare_digest", lambda *_: True):
        yield


@plant("L2")
@contextmanager
def a_scanner_is_a_person() -> Iterator[None]:
    with patch.object(clicks, "is_machine", lambda _: False):
        yield


@plant("L2")
@contextmanager
def a_click_is_told_twice() -> Iterator[None]:
    real = clicks._tell

    async def twice(*given: Any) -> None:
        await real(*given)
        await real(*given)

    with patch.object(clicks, "_tell", twice):
        yield
