"""Entries of the address list for tests, and what they are about."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.suppression import Listed

KEY = b"0123456789abcdef"
START = 1_750_000_000_000
ADDRESS = b"address of ada.."
POLICIES = Policies({"offers": Topic("offers"), "news": Topic("news", assumed=True)})


def entry(kind: str = "stop", scope: str = "all", **more: Any) -> Listed:
    """One about that address, since `START` if nothing else is said."""
    return Listed(**{"address": ADDRESS, "channel": "sms", "kind": kind, "scope": scope, "since": START, **more})
