"""Rows of a history's index, as a batch reads and changes them and as a history answers with them.

Each has the columns of its table, in order. Times are integer milliseconds since 1970 UTC; `key` is the profile's in the state
file, which knows its name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RunRow:
    """A run: entered, or held out of its campaign; its arm, when its goal was reached and what that is worth, how it ended."""

    id: str
    key: int
    campaign: str
    entered: int
    held: bool
    arm: str = ""
    step: str = ""
    goal: int | None = None
    value: float | None = None
    ended: int | None = None
    reason: str = ""


@dataclass(slots=True)
class MessageRow:
    """A message as it stands, `at` since when it is so; and when it was sent, and what was first heard of it then."""

    id: str
    key: int
    run: str
    campaign: str
    step: str
    arm: str
    channel: str
    template: str
    cls: str
    planned: int
    state: str
    reason: str
    at: int
    sent: int | None = None
    delivered: int | None = None
    opened: int | None = None
    clicked: int | None = None
    unsubscribed: int | None = None


@dataclass(slots=True)
class TaskRow:
    """A task as it stands."""

    id: str
    key: int
    campaign: str
    step: str
    queue: str
    opened: int
    due: int
    state: str
    reason: str
    at: int
