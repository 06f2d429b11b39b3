"""The list of campaigns, in Italian."""

from __future__ import annotations

WORDS = {
    "Who was triggered and who held out, what was sent, what the gates stopped, and what went wrong.": (
        "Chi è entrato e chi è di controllo, che cosa è partito, che cosa hanno fermato i controlli, e gli errori."
    ),
    "Nobody met a campaign in these days.": "In questi giorni nessuno ha incontrato una campagna.",
    "sent, day by day": "inviati, giorno per giorno",
    "triggered": "entrati",
    "held out": "di controllo",
    "held_out": "di controllo",
    "sent_many": "inviati",
    "suppressed_many": "fermati",
    "many_delivered": "consegnati",
    "many_opened": "aperti",
    "many_clicked": "con clic",
    "many_converted": "obiettivo raggiunto",
    "many_unsubscribed": "disiscritti",
    "errors": "errori",
    "last triggered": "ultimo ingresso",
    "last triggered {}": "ultimo ingresso {}",
    "at most {} a day": "al massimo {} al giorno",
    "Pause…": "Pausa…",
    "paused": "in pausa",
    "gone silent": "tace",
    "Met by nobody in these days:": "Non incontrate da nessuno in questi giorni:",
    "Of earlier programs, and gone:": "Di programmi precedenti, e sparite:",
    "Gone silent: it triggered on most of the 14 days before, and not at all today and yesterday. Days are those of UTC.": (
        "Tace: in più della metà dei 14 giorni prima aveva ingressi, oggi e ieri nessuno. I giorni sono quelli di UTC."
    ),
}
