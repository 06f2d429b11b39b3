"""What customers said they want, kept apart from what production keeps of it: snoozes and confirmations."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.input import Event

DAY_MS = 86_400_000


@dataclass(slots=True)
class Wishes:
    """By profile key, from the events of its rows."""

    snoozed: dict[int, list[tuple[int, str, int]]] = field(default_factory=dict)
    """(occurred_at, message id, until)"""
    said: dict[int, set[tuple[object, object]]] = field(default_factory=dict)
    """(topic, channel or None) that were confirmed"""

    def heard(self, key: int, event: Event) -> None:
        """A row of that profile holds this event."""
        if event.name == "Marketing Snoozed":
            until = event.occurred_at + int(event.properties["days"]) * DAY_MS
            self.snoozed.setdefault(key, []).append((event.occurred_at, event.message_id, until))
        elif event.name == "Consent Confirmed":
            self.said.setdefault(key, set()).add((event.properties["topic"], event.properties.get("channel")))

    def adopted(self, theirs: int, ours: int) -> None:
        """Both are one from now on."""
        self.snoozed.setdefault(ours, []).extend(self.snoozed.pop(theirs, []))
        self.said.setdefault(ours, set()).update(self.said.pop(theirs, set()))

    def snoozes(self, key: int, clock: int) -> bool:
        """Whether the latest word says that it is too early for marketing."""
        return clock < max(self.snoozed.get(key, []), default=(0, "", 0))[2]

    def confirmed(self, key: int, topic: str, channel: str) -> bool:
        """Whether somebody has ever confirmed it."""
        return not {(topic, channel), (topic, None)}.isdisjoint(self.said.get(key, set()))
