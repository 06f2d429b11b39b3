"""Links over our door: what they say, and that nobody else can make one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.clicks import Click, read_click, signed_click

KEY, OTHER = b"k" * 32, b"o" * 32
CLICK = Click("0123456789abcdef01234567", 3, 2**40 + 1, "https://shop.example/it/cart?a=1#è")


def test_a_link_says_what_was_signed() -> None:
    token = signed_click(CLICK, KEY)
    assert read_click(token, [KEY]) == CLICK
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_key_that_was_replaced_goes_on_admitting() -> None:
    assert read_click(signed_click(CLICK, OTHER), [KEY, OTHER]) == CLICK
    assert read_click(signed_click(CLICK, OTHER), [KEY]) is None
    assert read_click(signed_click(CLICK, KEY), []) is None


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_link_survives_a_change(at: int, byte: int) -> None:
    token = signed_click(CLICK, KEY)
    place = at % len(token)
    changed = token[:place] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[byte % 64] + token[place + 1 :]
    assert read_click(changed, [KEY]) in (None, CLICK)
    assert changed == token or read_click(changed, [KEY]) is None or place == len(token) - 1, "base64's last bits say nothing"


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 47, "=" * 60, "%00", "A" * 5_000, "../../etc"])
def test_what_is_no_link_is_none(token: str) -> None:
    assert read_click(token, [KEY]) is None


def test_a_survey_s_link_is_none_of_a_click() -> None:
    from orchestrator.domain.survey import Link, Survey, signed  # noqa: PLC0415

    link = signed(Link(CLICK.message, Survey("nps", "nps").tag, "u:anna", "it", 60_000), KEY)
    assert read_click(link, [KEY]) is None
