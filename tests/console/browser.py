"""A headless Chromium, driven by its own DevTools protocol: what the console's browser tests need, and no more."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
"""The outside does not even have a name; that nobody asks for it is asserted besides."""
WAIT_S = 60
PHONE, DESKTOP = (390, 844), (1360, 900)


def chromium() -> str | None:
    """Where Debian's Chromium is, if it is here."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Tab:
    """One page. `asked` are the addresses that it asked for, `said` what its console told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._count = socket, 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[str, list[asyncio.Future[Any]]] = {}
        self.asked: list[str] = []
        self.said: list[str] = []
        self.scripting = True
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """One word of the protocol, and its answer."""
        self._count += 1
        answer = self._answers[self._count] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._count, "method": method, "params": given})
        found: dict[str, Any] = await asyncio.wait_for(answer, WAIT_S)
        return found

    async def open(self) -> None:
        """Begin to listen to what the page does."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")

    async def look_like(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Be a screen of that size, light or dark."""
        width, height = size
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == PHONE
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme, {"name": "prefers-reduced-motion", "value": "reduce"}])

    async def scripts(self, *, on: bool) -> None:
        """Whether the pages' own scripts run."""
        await self.call("Emulation.setScriptExecutionDisabled", value=not on)
        self.scripting = on

    async def go(self, address: str) -> None:
        """Load a page, whole."""
        loaded = self._expect("Page.loadEventFired")
        await self.call("Page.navigate", url=address)
        await asyncio.wait_for(loaded, WAIT_S)

    async def press(self, selector: str) -> None:
        """Press something that leads to another page."""
        loaded = self._expect("Page.loadEventFired")
        pressed = await self.ask(f"(it => it ? (it.click(), true) : false)(document.querySelector({json.dumps(selector)}))")
        assert pressed, f"there is no {selector}"
        await asyncio.wait_for(loaded, WAIT_S)

    async def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self.ask(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    async def ask(self, expression: str) -> Any:
        """What the expression gives in the page."""
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until that is so in the page."""
        look = f"const look = () => ({condition}) ? done(true) : setTimeout(look, 50)"
        await self.ask(f"new Promise(done => {{ {look}; look(); }})")

    async def shot(self, path: Path) -> None:
        """The whole page as a picture."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        found = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(found["data"]))

    async def close(self) -> None:
        self._reading.cancel()
        await self._socket.close()

    def _expect(self, event: str) -> asyncio.Future[Any]:
        waiting = asyncio.get_running_loop().create_future()
        self._events.setdefault(event, []).append(waiting)
        return waiting

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                answer = self._answers.pop(told["id"])
                if "error" in told:
                    answer.set_exception(RuntimeError(str(told["error"])))
                else:
                    answer.set_result(told["result"])
                continue
            self._note(told["method"], told["params"])
            for waiting in self._events.pop(told["method"], []):
                if not waiting.done():
                    waiting.set_result(told["params"])

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.said.append(told["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.said.append(f"a dialog opened: {told['message']}")


@asynccontextmanager
async def browsing(program: str) -> AsyncIterator[Tab]:
    """A browser with one tab, ended with this block."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        silent = asyncio.subprocess.DEVNULL
        command = [program, *FLAGS, f"--user-data-dir={folder}"]
        running = await asyncio.create_subprocess_exec(*command, stdout=silent, stderr=silent)
        try:
            async with asyncio.timeout(WAIT_S):
                while (port := _port(Path(folder))) is None:
                    assert running.returncode is None, "Chromium ended at once"
                    await asyncio.sleep(0.05)
            async with aiohttp.ClientSession() as session:
                async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
                    place = (await answer.json())["webSocketDebuggerUrl"]
                async with session.ws_connect(place, max_msg_size=0) as socket:
                    tab = Tab(socket)
                    await tab.open()
                    yield tab
                    await tab.close()
        finally:
            running.terminate()
            await running.wait()


def _port(folder: Path) -> int | None:
    """Where it listens; None while it does not yet."""
    path = folder / "DevToolsActivePort"
    told = path.read_text(encoding="ascii").split() if path.exists() else []
    return int(told[0]) if told else None
