"""What a comparison says in sentences, on the screen and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def reactions_words(result: Mapping[str, Any]) -> str:
    """How far the result rests on what customers did about messages that the new rules would not have sent."""
    touched, recorded = result["touched_by_recorded_reactions"], result["recorded_reactions"]
    answers = "answers" if recorded["events"] == 1 else "answer"
    return (
        f"{counted(touched, 'decision')} used reactions to messages that the new rules would not have sent."
        f" {counted(recorded['events'], 'recorded event')} {answers} a message; {recorded['used']:,} of them did something"
        " under the new rules. What customers would have done about messages they never got, no record knows."
    )


def change_words(change: Mapping[str, Any]) -> str:
    """One change in a line."""
    what = f"{change['kind']:6}  {change['campaign']}, {change['step']}: "
    old, new = (_mail(change[which]) for which in ("old", "new"))
    if change["kind"] == "moved":
        return f"{what}{old} → {new}"
    why = f" ({change['why']})" if change["why"] else ""
    return f"{what}{old if change['kind'] == 'lost' else new}{why}"


def _mail(mail: Mapping[str, Any] | None) -> str:
    return "" if mail is None else f"{mail['template']} by {mail['channel']} {when(mail['at'])}"


def when(instant: str) -> str:
    """`2026-03-02 10:00`, UTC."""
    return instant[:16].replace("T", " ")


def counted(number: int, noun: str) -> str:
    """`1 event`, `2,000 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
