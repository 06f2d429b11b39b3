"""What the pages of surveys say, in Italian and in English."""

from __future__ import annotations

from orchestrator.intake.limits import COMMENT_MAX_CHARS

WORDS = {
    "en": {
        "send": "Send",
        "comment": "Would you like to add something?",
        "optional": "optional",
        "choose": "Please choose an answer.",
        "write": "Please write a few words.",
        "long": f"Please shorten your comment to {COMMENT_MAX_CHARS:,} characters.",
        "later": "We could not save your answer just now. Please send it again in a moment.",
        "thanks": "Thank you!",
        "received": "We have received your answer. You can close this page.",
        "already": "We already had an answer to this message, and that one counts. You can close this page.",
        "gone": "This survey is closed",
        "gone_why": "The time to answer is over. Thank you all the same!",
        "unknown": "This link does not work",
        "unknown_why": "Perhaps it was cut off on its way: please copy the whole link from the message.",
        "busy": "One moment, please",
        "busy_why": "Many people are answering right now. Please try again in a minute.",
        "soon_why": "This page will be back soon. Please try again in a minute.",
    },
    "it": {
        "send": "Invia",
        "comment": "Vuoi aggiungere qualcosa?",
        "optional": "facoltativo",
        "choose": "Scegli una risposta.",
        "write": "Scrivi qualche parola.",
        "long": f"Accorcia il commento a {COMMENT_MAX_CHARS:,} caratteri.".replace(",", "."),
        "later": "Non siamo riusciti a salvare la risposta. Inviala di nuovo tra un momento.",
        "thanks": "Grazie!",
        "received": "Abbiamo ricevuto la tua risposta. Puoi chiudere questa pagina.",
        "already": "Avevamo già una risposta a questo messaggio, e vale quella. Puoi chiudere questa pagina.",
        "gone": "Questo sondaggio è chiuso",
        "gone_why": "Il tempo per rispondere è finito. Grazie lo stesso!",
        "unknown": "Questo link non funziona",
        "unknown_why": "Forse è stato tagliato: copia per intero il link dal messaggio.",
        "busy": "Un momento",
        "soon_why": "Questa pagina torna fra poco. Riprova tra un minuto.",
        "busy_why": "Molte persone stanno rispondendo adesso. Riprova tra un minuto.",
    },
}
"""What our pages say, by language."""

ENDS = {
    "en": {
        "nps": ("Not at all likely", "Very likely"),
        "csat": ("Very unhappy", "Very happy"),
        "ces": ("Very hard", "Very easy"),
    },
    "it": {
        "nps": ("Per niente probabile", "Molto probabile"),
        "csat": ("Per niente soddisfatto", "Molto soddisfatto"),
        "ces": ("Molto difficile", "Molto facile"),
    },
}
"""What the lowest and the highest score of a kind of survey mean."""
