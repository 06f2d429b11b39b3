"""Bad events, in Italian."""

from __future__ import annotations

WORDS = {
    "What the door refused, with the reason that its sender read. The newest {} of seven days are kept; nothing of them was"
    " taken in.": (
        "Ciò che la porta ha rifiutato, con la ragione che ha letto chi l'ha inviato. Restano gli ultimi {} di sette giorni;"
        " niente di questi è entrato."
    ),
    "And on Kafka?": "E su Kafka?",
    "Here stands what doors refuse, at most {} a second of each, and what workers cannot read, by its place in their inputs."
    " What a bridge cannot read stands in its own topic, NAME-rejected, where NAME is its --name.": (
        "Qui sta ciò che le porte rifiutano, al più {} al secondo di ognuna, e ciò che i worker non sanno leggere, col"
        " suo posto nei loro ingressi. Ciò che un bridge non sa leggere sta nel suo topic, NAME-rejected, dove NAME è il"
        " suo --name."
    ),
    "Nothing was refused.": "Niente è stato rifiutato.",
    "What is wrong most often": "Che cosa è sbagliato più spesso",
    "One by one": "Uno per uno",
    "as it was sent": "come è stato inviato",
}
