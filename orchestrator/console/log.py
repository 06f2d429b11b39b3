"""What the console says of itself: one JSON line on stderr for each login and each action. No customer is named in it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime


def log(what: str, **told: object) -> None:
    """Say that this happened."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    print(json.dumps({"at": at, "console": what, **told}, ensure_ascii=True, default=str), file=sys.stderr, flush=True)  # noqa: T201 - its own voice
