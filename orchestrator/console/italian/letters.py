"""Dead letters, in Italian."""

from __future__ import annotations

WORDS = {
    "Inputs that the engine could not decide. Everybody else went on; each waits here with its cause.": (
        "Ciò che il motore non ha potuto decidere. Tutto il resto è andato avanti; ognuno aspetta qui con la sua causa."
    ),
    "There are none.": "Non ce ne sono.",
    "one dead letter": "uno scartato",
    "{} dead letters": "{} scartati",
    "Dead letter {}": "Scartato {}",
    "input": "ingresso",
    "cause": "causa",
    "Cause": "Causa",
    "Input": "Ingresso",
    "Decide again…": "Riprendi…",
    "The engine takes this one up again by itself.": "Questo il motore lo riprende da solo.",
    "The engine decides this input once more, at its own time now. If it fails again, it is a dead letter again.": (
        "Il motore decide di nuovo questo ingresso, con il suo orario di adesso. Se fallisce ancora, è di nuovo scartato."
    ),
}
