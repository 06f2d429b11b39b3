"""From leave to outcome: one attempt, or a reason why there was none."""

from __future__ import annotations

import asyncio
import time

import pytest

from orchestrator.config import Settings
from orchestrator.delivery.channel import Accepted, Answer, RenderedMessage
from orchestrator.delivery.dispatch import Dispatcher, Render
from orchestrator.delivery.render import Renderer
from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Source, Template
from orchestrator.errors import OrchestratorError


class Recording:
    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, message: RenderedMessage) -> Answer:
        if message.to == "fault@b.it":
            raise KeyError(message.to)
        self.sent.append(message.to)
        return Accepted("p1")


def rendered(message: Outgoing) -> RenderedMessage:
    if message.template == "broken":
        raise OrchestratorError("templates/broken/email.html:3: no value here")
    return RenderedMessage(message.message_id, message.channel, message.to, "Hi", message.campaign)


def dispatched(*messages: Outgoing, settings: Settings, render: Render | None = None) -> tuple[list[str], dict[str, Outcome]]:
    """Whom the channels were given, and what the engine heard, by message."""
    channel, heard = Recording(), dict[str, Outcome]()

    async def tell(_key: int, outcome: Outcome) -> None:
        heard[outcome.message_id] = outcome

    async def story() -> None:
        channels = dict.fromkeys(("email", "sms", "webhook"), channel)
        dispatcher = Dispatcher(channels, render or rendered, tell, reaches=settings.reaches)
        await dispatcher.dispatch(messages)
        await dispatcher.finish()

    asyncio.run(story())
    return channel.sent, heard


def leaving(ident: str, channel: str, to: str, template: str = "t") -> Outgoing:
    return Outgoing(ident, 1, "c", template, channel, to, "en", time.time_ns() // 1_000_000 + 60_000, {})


@pytest.mark.parametrize(
    ("channel", "to", "goes"),
    [
        ("email", "me@shop.example", True),
        ("email", "ada@example.com", False),
        ("email", "", False),
        ("sms", "+39333", True),
        ("sms", "+39334", False),
        ("webhook", "codes", True),
    ],
)
def test_nobody_beyond_the_safe_list_is_reached(channel: str, to: str, goes: bool) -> None:  # noqa: FBT001
    sent, heard = dispatched(leaving("m1", channel, to), settings=Settings(safe_list=frozenset({"@shop.example", "+39333"})))
    assert sent == ([to] if goes else [])
    assert heard["m1"].result == ("accepted" if goes else "refused")
    assert goes or "SAFE_LIST" in str(heard["m1"].detail)


def test_a_template_that_fails_stops_its_message_and_no_other() -> None:
    broken, sound = leaving("m1", "email", "a@b.it", "broken"), leaving("m2", "email", "a@b.it")
    sent, heard = dispatched(broken, sound, settings=Settings())
    assert sent == ["a@b.it"]
    assert (heard["m1"].result, heard["m2"].result) == ("refused", "accepted")
    assert "templates/broken/email.html:3" in str(heard["m1"].detail)


def test_an_adapter_that_fails_by_a_fault_of_its_own_leaves_its_message_in_doubt_and_no_other() -> None:
    messages = leaving("m1", "email", "fault@b.it"), leaving("m2", "email", "a@b.it")
    sent, heard = dispatched(*messages, settings=Settings())
    assert sent == ["a@b.it"]
    assert (heard["m1"].result, heard["m1"].detail) == ("in_doubt", "the adapter failed: KeyError")
    assert heard["m2"].result == "accepted"


def test_a_text_broken_in_one_language_stops_its_own_readers_and_says_where() -> None:
    texts = {"": "Your order", "it": "Il tuo {% if"}
    sources = {place: {"sms": Source(text, f"templates/t/{place}/sms.txt")} for place, text in texts.items()}
    renderer = Renderer({"t": Template("t", sources=sources)}, {})
    languages = enumerate(("it", "en", "de"))
    messages = [Outgoing(**{**fields(leaving(f"m{n}", "sms", "+39")), "locale": language}) for n, language in languages]
    sent, heard = dispatched(*messages, settings=Settings(), render=renderer.render)
    assert [heard[f"m{number}"].result for number in range(3)] == ["refused", "accepted", "accepted"]
    assert "templates/t/it/sms.txt:1: template 't', sms: syntax error" in str(heard["m0"].detail)
    assert len(sent) == 2


def fields(message: Outgoing) -> dict[str, object]:
    return {name: getattr(message, name) for name in message.__struct_fields__}
