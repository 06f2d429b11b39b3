"""The states of a message, in Italian."""

from __future__ import annotations

WORDS = {
    "sent": "inviato",
    "not_sent": "non inviato",
    "again": "invia di nuovo",
    "cleared": "previsto",
    "attempting": "in invio",
    "accepted": "preso dal fornitore",
    "delivered": "consegnato",
    "bounced": "respinto",
    "refused": "rifiutato",
    "in_doubt": "in dubbio",
    "unknown": "non si sa",
    "suppressed": "soppresso",
    "expired": "scaduto",
    "cancelled": "annullato",
    "marketing": "marketing",
    "transactional": "di servizio",
}
