"""The engine: whether it is at work, its clock, timers, what it has not taken yet, the switches that are on."""

from __future__ import annotations

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.stores.lock import worked_on_by

_COUNTED = 10_000
"""Due timers that are counted; of more it is only said that there are more."""


def engine(asked: Asked) -> Answer:
    """The page of the engine."""
    reader, path = asked.reader, asked.state.path
    due, next_due = reader.timers(asked.now, _COUNTED)
    seq, clock = reader.newest_row()
    standing = reader.standing()
    values = {
        "worker": worked_on_by(path),
        "clocks": reader.clocks(),
        "due": due,
        "due_is_more": due == _COUNTED,
        "next_due": next_due,
        "late": max(0, asked.now - next_due) if next_due is not None else 0,
        "rows": seq,
        "newest": clock or None,
        "profiles": reader.newest_key(),
        "orders": reader.orders(),
        "program": standing.program,
        "version": standing.engine,
        "earlier": standing.earlier(),
        "bytes": sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()),
        "letters": reader.dead_count(),
        "workers": list(zip(reader.workers(), reader.clocks(), strict=False)),
    }
    return Shown("engine.html", values)


PLACES = (Place("/engine", engine),)
