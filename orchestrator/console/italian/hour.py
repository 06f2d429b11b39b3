"""The last hour, in Italian."""

from __future__ import annotations

WORDS = {
    "What went wrong in the last hour": "Che cosa è andato storto nell'ultima ora",
    "Since {}. The worst first; each leads to where one can do something about it.": (
        "Dal {}. Il peggio per primo; ognuno porta dove si può fare qualcosa."
    ),
    "Nothing went wrong.": "Non è andato storto niente.",
    "What the gates stopped": "Che cosa hanno fermato i controlli",
    "Not wrong by itself: consent, caps and quiet hours do what they are for.": (
        "Non è un errore: consenso, limiti e ore di quiete fanno il loro lavoro."
    ),
    "One message is in doubt.": "Un messaggio è in dubbio.",
    "{} messages are in doubt.": "{} messaggi sono in dubbio.",
    "One timer is overdue.": "Un timer è in ritardo.",
    "{} timers are overdue.": "{} timer sono in ritardo.",
    "The earliest by {}.": "Il primo di {}.",
    "One input could not be decided.": "Un ingresso non si è potuto decidere.",
    "{} inputs could not be decided.": "{} ingressi non si sono potuti decidere.",
    "{} of {}: {}": "{} di {}: {}",
    "No engine works on this state file, as far as this machine knows.": (
        "Nessun motore lavora su questo file di stato, per quanto ne sa questa macchina."
    ),
    "Paused: {}.": "In pausa: {}.",
    "{} waits for a word.": "{} aspetta una parola.",
    "{} has gone silent.": "{} tace.",
    "{} does otherwise than expected.": "{} non fa ciò che ci si aspetta.",
    "One event was refused at the door.": "Un evento è stato rifiutato alla porta.",
    "{} events were refused at the door.": "{} eventi sono stati rifiutati alla porta.",
}
