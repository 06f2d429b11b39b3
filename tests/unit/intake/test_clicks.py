"""The way of links: on at once, nowhere but where they were signed for, machines told apart, and each click told."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from orchestrator.domain.clicks import Click, signed_click
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.clicks import ClickDoor, click_routes
from orchestrator.intake.limits import CLICKS_A_MINUTE
from orchestrator.partition.identities import Addressed

KEY = b"k" * 32
CLICK = Click("0" * 24, 2, 7, "https://shop.example/cart?a=1&b=è#x")
PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


class Engine:
    def __init__(self, fault: type[Exception] | None = None) -> None:
        self.heard: list[Addressed] = []
        self._fault = fault

    async def receive(self, heard: object) -> None:
        if self._fault is not None:
            raise self._fault
        self.heard += heard  # type: ignore[arg-type]


def asked(door: ClickDoor, method: str, token: str, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=click_routes(door)))
        async with httpx.AsyncClient(transport=transport, base_url="http://door", headers={"user-agent": PERSON}) as client:
            return await client.request(method, f"/l/{token}", headers=headers)

    return asyncio.run(ask())


def followed(
    token: str, engine: Engine, method: str = "GET", *, keys: tuple[bytes, ...] = (KEY,), **headers: str
) -> httpx.Response:
    door = ClickDoor(lambda: keys, engine.receive, lambda: 1_000, lambda: bool(keys))
    return asked(door, method, token, {name.replace("_", "-"): value for name, value in headers.items()})


def test_a_link_leads_on_and_the_click_is_told() -> None:
    engine = Engine()
    answer = followed(signed_click(CLICK, KEY), engine)
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://shop.example/cart?a=1&b=%C3%A8#x"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    (heard,) = engine.heard
    assert (heard.home, heard.key) == (2, 7)
    receipt = heard.receipt
    assert (receipt.message_id, receipt.word, receipt.url, receipt.machine) == ("0" * 24, "clicked", CLICK.url, False)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"sec_purpose": "prefetch;prerender"}),
        ("GET", {"x_moz": "prefetch"}),
        ("GET", {"user_agent": "Barracuda Sentinel (EE)"}),
        ("GET", {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}),
        ("GET", {"user_agent": "Slackbot-LinkExpanding 1.0"}),
        ("GET", {"user_agent": "Mozilla/5.0 HeadlessChrome/120.0"}),
        ("GET", {"user_agent": "python-requests/2.31"}),
        ("GET", {"user_agent": ""}),
    ],
)
def test_machines_are_led_on_and_told_as_such(method: str, headers: dict[str, str]) -> None:
    engine = Engine()
    assert followed(signed_click(CLICK, KEY), engine, method, **headers).status_code == 302
    assert [one.receipt.machine for one in engine.heard] == [True]


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/4]",
        "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ],
)
def test_people_are_people(agent: str) -> None:
    engine = Engine()
    followed(signed_click(CLICK, KEY), engine, user_agent=agent)
    assert [one.receipt.machine for one in engine.heard] == [False]


@pytest.mark.parametrize(
    "token",
    ["x", "https:%2F%2Fevil.example", signed_click(CLICK, b"other"), signed_click(CLICK, KEY)[:-2], signed_click(CLICK, b"")],
)
def test_nobody_is_led_where_no_key_has_signed_for(token: str) -> None:
    engine = Engine()
    for keys in ((KEY,), (KEY, b"")):
        answer = followed(token, engine, keys=keys)
        assert answer.status_code == 404
        assert "location" not in answer.headers
    assert engine.heard == []


def test_before_the_key_is_known_it_says_to_come_again() -> None:
    answer = followed(signed_click(CLICK, KEY), Engine(), keys=())
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"


@pytest.mark.parametrize("fault", [Overloaded, Unavailable])
def test_nobody_waits_for_the_engine(fault: type[Exception]) -> None:
    assert followed(signed_click(CLICK, KEY), Engine(fault)).status_code == 302


def test_a_storm_of_clicks_on_one_message_is_led_on_and_told_no_more() -> None:
    engine = Engine()
    door = ClickDoor(lambda: (KEY,), engine.receive, lambda: 1_000)
    for _ in range(CLICKS_A_MINUTE + 5):
        assert asked(door, "GET", signed_click(CLICK, KEY), {}).status_code == 302
    assert len(engine.heard) == CLICKS_A_MINUTE


def test_the_address_that_a_link_leads_to_cannot_add_a_header() -> None:
    odd = Click("0" * 24, 0, 1, "https://shop.example/\r\nSet-Cookie: x=1")
    answer = followed(signed_click(odd, KEY), Engine())
    assert "set-cookie" not in answer.headers
    assert answer.headers["location"] == "https://shop.example/%0D%0ASet-Cookie:%20x=1"
