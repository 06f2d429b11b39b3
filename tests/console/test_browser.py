"""A small look through a real browser; `browse.py` looks at everything."""

from __future__ import annotations

import asyncio

import pytest

from tests.console.browser import DESKTOP, PHONE, browsing, chromium
from tests.console.house import console_on, is_wider, log_in, no_axe, violations
from tests.console.shop import Shop


def test_pages_in_a_browser(shop: Shop) -> None:
    """Nothing that the browser complains of, nothing from outside, nothing that axe finds; on a desk and on a phone."""
    program = chromium()
    if program is None:
        pytest.skip("THE CONSOLE IS NOT SEEN IN A BROWSER: there is no chromium here (apt-get install chromium)")
    if no_axe():
        pytest.skip(f"THE CONSOLE IS NOT SEEN IN A BROWSER: {no_axe()}")
    with console_on(shop.state) as base:
        asyncio.run(_look(program, base))


async def _look(program: str, base: str) -> None:
    async with browsing(program) as tab:
        await tab.look_like(DESKTOP)
        await log_in(tab, base)
        for size, dark, path in ((DESKTOP, False, "/"), (PHONE, True, "/customer?id=u:customer-11"), (PHONE, False, "/engine")):
            await tab.look_like(size, dark=dark)
            await tab.go(f"{base}{path}")
            assert await violations(tab) == [], path
            assert not await is_wider(tab), path
        assert tab.said == []
        assert [one for one in tab.asked if not one.startswith((base, "data:"))] == []
