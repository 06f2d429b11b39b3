"""What a message costs on its way out: rendering it, and handing it over to a provider that answers at once."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from channels.sendgrid import SendGridChannel
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.delivery.render import Renderer
from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing

PRODUCTS = [{"product_id": f"P-{n}", "name": f"Tea no. {n}", "price": 12.5 + n, "quantity": 1} for n in range(3)]
CONTEXT: dict[str, Any] = {
    "event": {
        "event": "Order Completed",
        "timestamp": "2026-03-02T09:00:00Z",
        "properties": {"order_id": "O-1", "cart_id": "C-1", "total": 80.0, "products": PRODUCTS},
    },
    "item": None,
    "profile": {
        "traits": {
            "email": "marco@example.com",
            "phone": "+393331234567",
            "first_name": "Marco",
            "locale": "it-IT",
            "timezone": "Europe/Rome",
        },
        "features": {"orders": 5, "spent_total": 412.5, "spent_365d": 412.5, "first_order": "O-771", "last_order_total": 64.9},
        "user_id": "marco",
    },
    "stage": {"current": "loyalty", "since": "2026-03-02T09:00:00.000Z", "turns": 1, "previous": "retention"},
    "enrolment": {"campaign": "cart-reminder", "entered_at": "2026-03-02T09:00:00.000Z"},
    "now": "2026-03-02T09:00:00.000Z",
}
TEMPLATES = ("cart-reminder", "welcome", "order-thanks", "complaint-received", "we-miss-you")
FAR = 2**53


def outgoing(number: int, template: str, channel: str) -> Outgoing:
    context = {**CONTEXT, "event": {**CONTEXT["event"], "properties": {**CONTEXT["event"]["properties"], "ticket_id": "T-1"}}}
    to = "marco@example.com" if channel == "email" else "+393331234567"
    locale = ("it-IT", "en-GB")[number % 2]
    return Outgoing(f"{number:024x}", number, "bench", template, channel, to, locale, FAR, context)


def render_rows(renderer: Renderer, count: int) -> Iterator[dict[str, object]]:
    """Wall µs a message, once compiled; the median over the messages."""
    for channel, templates in (("email", TEMPLATES), ("sms", TEMPLATES[:2])):
        messages = [outgoing(number, templates[number % len(templates)], channel) for number in range(count)]
        for message in messages[: 4 * len(templates)]:
            renderer.render(message)
        took = []
        for message in messages:
            begun = time.perf_counter_ns()
            renderer.render(message)
            took.append((time.perf_counter_ns() - begun) / 1_000)
        took.sort()
        yield {
            "channel": channel,
            "median_us": round(statistics.median(took), 1),
            "p99_us": round(took[len(took) * 99 // 100], 1),
            "messages": count,
        }


def handoff_row(renderer: Renderer, count: int) -> dict[str, object]:
    """Messages a second, rendering included, by one process with one thread; the provider is another process."""
    command = [sys.executable, str(Path(__file__).with_name("provider.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdout is not None
        port = int(provider.stdout.readline())
        try:
            return asyncio.run(_handed_over(renderer, port, count))
        finally:
            provider.terminate()


async def _handed_over(renderer: Renderer, port: int, count: int) -> dict[str, object]:
    outcomes: list[str] = []

    async def tell(_key: int, outcome: Outcome) -> None:
        outcomes.append(outcome.result)

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        settings = {"api_key": "SG.bench", "base_url": f"http://127.0.0.1:{port}"}
        dispatcher = Dispatcher({"email": SendGridChannel(settings, session)}, renderer.render, tell)
        messages = [outgoing(number, TEMPLATES[number % len(TEMPLATES)], "email") for number in range(count)]
        for _ in range(2):  # the first round opens the connections
            outcomes.clear()
            begun, cpu = time.perf_counter(), time.process_time()
            await dispatcher.dispatch(messages)
            await dispatcher.finish()
            wall, cost = time.perf_counter() - begun, time.process_time() - cpu
    assert outcomes == ["accepted"] * count
    return {"messages_s": round(count / wall), "cpu_us": round(cost / count * 1e6, 1), "messages": count}
