"""The list of messages, in Italian."""

from __future__ import annotations

WORDS = {
    "Every message that a step wanted, the newest first, and what became of it.": (
        "Ogni messaggio che un passo ha voluto, il più recente per primo, e che ne è stato."
    ),
    "from day": "dal giorno",
    "to day": "al giorno",
    "since": "dal",
    "Show all": "Mostra tutti",
    "{} is no date; write it like 2026-01-31.": "{} non è una data; scrivila come 2026-01-31.",
}
