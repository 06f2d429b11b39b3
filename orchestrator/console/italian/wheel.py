"""The wheel, in Italian."""

from __future__ import annotations

WORDS = {
    "Not yet": "Non ancora",
    "Nothing to see yet": "Ancora niente da vedere",
    "The history of this state file is being put together. This page comes by itself, as soon as there is something.": (
        "La storia di questo file di stato si sta componendo. La pagina arriva da sola, appena c'è qualcosa."
    ),
    "No program is live in this state file yet: start the engine on it first, with `orchestrator serve`.": (
        "In questo file di stato non è ancora in vigore nessun programma: avvia prima il motore, con `orchestrator serve`."
    ),
    "One customer, now.": "Un cliente, adesso.",
    "{} customers, now.": "{} clienti, adesso.",
    "Each dot is one customer; a ribbon is as wide as the number of moves, and points where they went.": (
        "Ogni punto è un cliente; un nastro è largo quanto il numero dei passaggi, e indica dove sono andati."
    ),
    "Each dot is {} customers; a ribbon is as wide as the number of moves, and points where they went.": (
        "Ogni punto sono {} clienti; un nastro è largo quanto il numero dei passaggi, e indica dove sono andati."
    ),
    "The tables beside it hold the same figures.": "Le tabelle accanto hanno le stesse cifre.",
    "Where everybody stands": "Dove sono tutti",
    "Where they stand": "Dove sono",
    "stage": "fase",
    "now": "ora",
    "came in": "entrati",
    "went out": "usciti",
    "the median stay, of those that have ended": "la permanenza mediana, di quelle finite",
    "days": "giorni",
    "day": "giorno",
    "outside": "fuori",
    "Days shown": "Giorni mostrati",
    "today": "oggi",
    "{} days": "{} giorni",
    "Moves today": "Passaggi di oggi",
    "Moves of {} days": "Passaggi di {} giorni",
    "from": "da",
    "to": "a",
    "moves": "passaggi",
    "Nobody has moved.": "Nessuno si è mosso.",
    "All that happened until {} is counted.": "È contato tutto ciò che è successo fino al {}.",
    "One input is not counted yet.": "Un ingresso non è ancora contato.",
    "{} inputs are not counted yet.": "{} ingressi non sono ancora contati.",
}
