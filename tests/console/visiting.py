"""Somebody at the console's door, without a browser: cookies, forms and their tokens, as a browser handles them."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from typing import Any

import httpx
from argon2 import PasswordHasher

from orchestrator.console.accounts import Accounts, Role
from orchestrator.console.server import console
from tests.console.shop import Shop

PASSWORD = "a long and good one"  # noqa: S105 - of accounts that live for one test
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Dear hashes are for thieves, not for tests."""


class Visitor:
    """One browser, as far as the door can tell."""

    def __init__(self, shop: Shop, *, https: bool = False, now: Any = None) -> None:
        self.accounts = Accounts(shop.state.with_name(f"{shop.state.name}.accounts"), _QUICK)
        given = {} if now is None else {"monotone": now}
        self.app = console(shop.seen, self.accounts, https=https, **given)
        self.base = "https://console.example" if https else "http://127.0.0.1:8090"
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request; where an answer leads is not followed."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    def send(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as it is."""
        return self.ask("POST", path, data=form, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def token(self, path: str) -> str:
        """The token in the form of that page."""
        found = _TOKEN.search(self.get(path).text)
        assert found is not None
        return unescape(found[1])

    def act(self, path: str, form: dict[str, str], page: str = "/engine") -> httpx.Response:
        """Send a form with the token of the page that it stands on."""
        return self.send(path, {**form, "token": self.token(page)})

    def log_in(self, name: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        """Log in by the form."""
        return self.act("/login", {"name": name, "password": password, **form}, "/login")

    def entered(self, name: str, role: Role) -> Visitor:
        """With an account of that role, logged in."""
        self.accounts.put(name, role, PASSWORD, 1)
        answer = self.log_in(name)
        assert answer.status_code == 303, answer.text
        return self
