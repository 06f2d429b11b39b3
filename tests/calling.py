"""A client of an HTTP door in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette


class Client:
    """A client that calls the app in this process."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, path, **given)

        return asyncio.run(answer())

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def options(self, path: str, **given: Any) -> httpx.Response:
        return self.request("OPTIONS", path, **given)
