"""What follows when somebody answers one of our texts: their address is listed or taken back, and they are told, once.

The channel's door reads what came in and calls `Replies.hear`; what that returns is to be said back, where it is not empty.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.domain.replies import read_reply
from orchestrator.domain.suppression import ALL, MARKETING, SENDER, Word, hashed, normalised

CHANNEL = "sms"
Scope = Literal["all", "sender"]
Say = Callable[[Sequence[Word]], Awaitable[Sequence[bool]]]
"""Makes words about addresses durable, then says of each whether it changed anything. Raises Unavailable."""
_ITALY = "+39"
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "stop": "{name}: you will get no more messages from us. Reply START to get them again.",
        "start": "{name}: you will get our messages again. Reply STOP to end them.",
        "help": "{name}: messages about your orders and what you asked for. Reply STOP to end them.",
    },
    "it": {
        "stop": "{name}: non riceverai altri messaggi da noi. Rispondi START per riceverli di nuovo.",
        "start": "{name}: riceverai di nuovo i nostri messaggi. Rispondi STOP per non riceverli.",
        "help": "{name}: messaggi sui tuoi ordini e su quello che hai chiesto. Rispondi STOP per non riceverli.",
    },
}
"""What we say back. Each fits into one SMS with a name of up to 40 letters."""


@dataclass(frozen=True, slots=True)
class Replies:
    """`key` hashes addresses; `names` are our numbers' (see `names_of`); a keyword stops everything, or our one number."""

    key: Callable[[], bytes]
    say: Say
    names: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = "all"

    async def hear(self, sender: str, to: str, body: str, now: int, opt_out_type: str = "") -> str:
        """Take in what `sender` wrote to our number `to`; gives the text to say back, empty where there is none.

        Durable when it returns. Raises Unavailable. Twilio says itself what it has taken for a keyword, so we do not.
        """
        reply = read_reply(body, opt_out_type)
        changed = await self._heard(reply.meaning, sender, to, body, now, free=reply.free)
        if opt_out_type or not (changed or reply.meaning == "help"):
            return ""
        name = self.names.get(normalised(CHANNEL, to), "")
        text = TEXTS["it" if normalised(CHANNEL, sender).startswith(_ITALY) else "en"][reply.meaning]
        return text.format(name=name) if name else _alone(text)

    async def _heard(self, meaning: str, sender: str, to: str, body: str, now: int, *, free: bool) -> bool:
        """Whether the list is another by it."""
        if meaning not in ("stop", "start"):
            return False
        address = hashed(self.key(), CHANNEL, sender)
        ours = f"{SENDER}{normalised(CHANNEL, to)}"
        wide = ours if self.scope == "sender" else ALL
        scopes = [MARKETING if free else wide] if meaning == "stop" else [wide, MARKETING, *([] if wide == ours else [ours])]
        said = body.strip()[:_KEPT] if meaning == "stop" and free else meaning.upper()
        words = [Word(address, CHANNEL, "stop", scope, now, CHANNEL, said, meaning == "stop") for scope in scopes]
        return any(await self.say(words))


def _alone(text: str) -> str:
    bare = text.removeprefix("{name}: ")
    return bare[0].upper() + bare[1:]


_KEPT = 160
"""Characters of a wish in somebody's own words that are kept as its proof."""


def names_of(senders: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, str]:
    """number → the name that its answers begin with: that of the sender's email, where senders.yaml gives one."""
    return {
        normalised(CHANNEL, found[CHANNEL]["from"]): found.get("email", {}).get("name", name)
        for name, found in senders.items()
        if isinstance(found.get(CHANNEL, {}).get("from"), str)
    }
