"""The error tree.

OrchestratorError            something a person can mend; the message says what, where and what to do
├── WorkspaceError           a workspace that cannot be compiled; carries the findings
├── RejectedEvent            an event refused at the door; carries the reason
├── StoreError               a store that cannot be opened or does not fit this engine
├── RenderError              (delivery.unrenderable) a template that cannot be rendered for a message
├── AddressError             (intake.listening) an address that cannot be listened on
├── Overloaded               no room for more events now
├── Unavailable              nothing becomes durable now
│   └── EngineGone           (intake.link) nor will it: the engine process has ended
└── UsageError               a command called wrongly (exit code 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class OrchestratorError(Exception):
    """Something a person can mend."""


class WorkspaceError(OrchestratorError):
    """A workspace that cannot be compiled. `findings` are those of the check."""

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class RejectedEvent(OrchestratorError):  # noqa: N818 - an answer to its emitter, not a fault
    """An event refused at the door; the text is the reason that its emitter reads."""


class StoreError(OrchestratorError):
    """A store that cannot be opened, or that another engine version or layout wrote."""


class UsageError(OrchestratorError):
    """A command called wrongly."""


class Overloaded(OrchestratorError):  # noqa: N818 - an answer, not a fault
    """No room for more events now; try again in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(f"too many events at once; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Unavailable(OrchestratorError):  # noqa: N818 - an answer, not a fault
    """Nothing becomes durable now, as whoever runs this knows already; try again in a second."""

    def __init__(self) -> None:
        super().__init__("the events are not stored; send them again")
