"""`links` of policies.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check, load_program
from orchestrator.domain.policies import Links

Written = Callable[..., Path]


def with_links(written: Written, base: dict[str, str], links: str) -> Path:
    return written({"policies.yaml": base["policies.yaml"] + links})


def test_links_are_left_alone_unless_the_workspace_says_otherwise(written: Written) -> None:
    assert load_program(written()).policies.links is None


def test_what_is_done_with_links_is_read(written: Written, base: dict[str, str]) -> None:
    path = with_links(written, base, "links: {track: true, utm: {source: shop, campaign: spring}}\n")
    assert load_program(path).policies.links == Links(track=True, utm={"source": "shop", "campaign": "spring"})


def test_a_workspace_that_says_nothing_of_links_keeps_its_name(written: Written, base: dict[str, str]) -> None:
    plain = load_program(written()).name
    assert load_program(with_links(written, base, "links: {track: true}\n")).name != plain


@pytest.mark.parametrize(
    ("links", "code"),
    [
        ("links: true\n", "E203"),
        ("links: {track: yes please}\n", "E203"),
        ("links: {utm: {medium: email}}\n", "E202"),
        ("links: {utm: {sorce: shop}}\n", "E201"),
        ("links: {tracked: true}\n", "E201"),
    ],
)
def test_a_mistake_in_it_is_told(written: Written, base: dict[str, str], links: str, code: str) -> None:
    assert code in {one.code for one in check(with_links(written, base, links)) if one.file == "policies.yaml"}
