"""What a live channel would have refused of the messages that a replay counts as sent: no address, or a text that fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.outgoing import Outgoing
from orchestrator.insight.reading.tongue import ENGLISH, Tongue

Render = Callable[[Outgoing], object]
"""Raises a RenderError for what cannot be rendered."""


class Unrendered(NamedTuple):
    """Why a message could not be rendered; `file` and `line` are the template's, empty and None where it has no such place."""

    campaign: str
    template: str
    file: str
    line: int | None
    reason: str
    """With file and line, as the ledger of a live engine would tell it."""


@dataclass(slots=True)
class Rehearsal:
    """Looks at every message as it is handed over; without `render` at its address only."""

    render: Render | None = None
    unrendered: dict[str, Unrendered] = field(default_factory=dict)
    """By message id."""
    unaddressed: dict[str, str] = field(default_factory=dict)
    """message id → channel, of messages for people without an address there."""

    def look(self, outgoing: Outgoing) -> None:
        if not outgoing.to:
            self.unaddressed[outgoing.message_id] = outgoing.channel
        failure = unrendered(self.render, outgoing) if self.render is not None else None
        if failure is not None:
            self.unrendered[outgoing.message_id] = failure

    def words(self, message_id: str, tongue: Tongue = ENGLISH) -> str | None:
        """What a live channel would have said of an accepted message; None where nothing else."""
        words = []
        if message_id in self.unaddressed:
            words.append(tongue.say("live_address", self.unaddressed[message_id]))
        if message_id in self.unrendered:
            words.append(tongue.say("live_render", self.unrendered[message_id].reason))
        return "; ".join(words) or None

    def as_json(self) -> Iterator[dict[str, Any]]:
        """Each different failure, the most frequent first."""
        for failure, number in Counter(self.unrendered.values()).most_common():
            yield {**failure._asdict(), "messages": number}


def unrendered(render: Render, outgoing: Outgoing) -> Unrendered | None:
    """Why this message cannot be rendered; None where it can."""
    try:
        render(outgoing)
    except RenderError as error:
        return Unrendered(outgoing.campaign, outgoing.template, error.file, error.line, str(error))
    return None
