"""Messages in doubt, in Italian."""

from __future__ import annotations

WORDS = {
    "An answer was lost: nobody knows whether these messages have left. Look at the provider for the customer or for the id,"
    " which goes along with each message; then say what you have found.": (
        "Una risposta si è persa: nessuno sa se questi messaggi sono partiti. Cerca dal fornitore il cliente, o l'id, che parte"
        " con ogni messaggio; poi di' che cosa trovi."
    ),
    "in doubt for a while": "in dubbio per un po'",
    "Deciding it again helps once what caused this is mended: the rules, the program, or the event.": (
        "Deciderlo di nuovo serve quando la causa è stata tolta: nelle regole, nel programma o nell'evento."
    ),
    "Where in the program": "Dove nel programma",
    "customer": "cliente",
    "campaign": "campagna",
    "channel": "canale",
    "provider": "fornitore",
    "profile": "cliente",
    "ends by itself": "finisce da sé",
    "no: somebody must settle it": "no: deve chiarirlo qualcuno",
    "Nothing is in doubt.": "Niente è in dubbio.",
    "Ended as unknown": "Finiti senza saperne niente",
    "Nothing was ever heard of these. Only a late receipt moves them on.": (
        "Di questi non si è mai saputo niente. Solo una ricevuta tardiva li fa andare avanti."
    ),
    "One older one is not shown.": "Uno più vecchio non si vede.",
    "{} older ones are not shown.": "{} più vecchi non si vedono.",
    "{} by {} of {}, planned {}.": "{} via {} di {}, previsto {}.",
    "does_sent": "Conta allora come inviato, e non si invia di nuovo.",
    "does_not_sent": "Conta allora come non inviato, e non si invia di nuovo.",
    "does_again": "Torna allora davanti ai controlli, e può arrivare due volte.",
}
