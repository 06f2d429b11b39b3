"""Bad events, in Italian."""

from __future__ import annotations

WORDS = {
    "What the door refused, with the reason that its sender read. The newest {} of seven days are kept; nothing of them was"
    " taken in.": (
        "Ciò che la porta ha rifiutato, con la ragione che ha letto chi l'ha inviato. Restano gli ultimi {} di sette giorni;"
        " niente di questi è entrato."
    ),
    "And on Kafka?": "E su Kafka?",
    "An `intake` tells what it refuses to its sender alone, and counts it in /metrics. What workers and bridges cannot read"
    " goes to the topic NAME-rejected with its place and reason, where NAME is their --name.": (
        "Un `intake` dice ciò che rifiuta solo a chi l'ha inviato, e lo conta in /metrics. Ciò che worker e bridge non sanno"
        " leggere va nel topic NAME-rejected con posto e ragione, dove NAME è il loro --name."
    ),
    "Nothing was refused.": "Niente è stato rifiutato.",
    "What is wrong most often": "Che cosa è sbagliato più spesso",
    "One by one": "Uno per uno",
    "as it was sent": "come è stato inviato",
}
