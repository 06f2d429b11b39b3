"""Logging in, in Italian."""

from __future__ import annotations

WORDS = {
    "Log in": "Accedi",
    "Log out": "Esci",
    "Name": "Nome",
    "Password": "Password",
    "may look": "può guardare",
    "may look and act": "può guardare e agire",
    "There is no account yet. On the machine of the state file, this makes one:": (
        "Non c'è ancora nessun account. Sulla macchina del file di stato, questo ne crea uno:"
    ),
    "This form is too old: send it once more.": "Questo modulo è troppo vecchio: invialo di nuovo.",
    "Too many wrong passwords: wait a while, then try again.": "Troppe password sbagliate: aspetta un po', poi riprova.",
    "This name and this password do not go together.": "Questo nome e questa password non vanno insieme.",
    "Your account may look, and not act.": "Il tuo account può guardare, non agire.",
}
