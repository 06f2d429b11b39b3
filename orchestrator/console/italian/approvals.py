"""Approvals, in Italian."""

from __future__ import annotations

WORDS = {
    "How much each campaign may send by itself, and those that wait for another person's word.": (
        "Quanto ogni campagna può inviare da sola, e quelle che aspettano la parola di un'altra persona."
    ),
    "why_approval": "Ha inviato quanto può da sola.",
    "why_canary": "I suoi nuovi contenuti sono andati a pochi, e si aspetta di vedere che ne è.",
    "why_breaker": "Ha inviato molto più di sempre, e si è messa in pausa da sola.",
    "There may be room again {}.": "Ci sarà forse posto {}.",
    "One message in the last hour.": "Un messaggio nell'ultima ora.",
    "{} messages in the last hour.": "{} messaggi nell'ultima ora.",
    "{} of its envelope of {} are used.": "Usati {} dei {} concessi.",
    "{} let it go live.": "L'ha pubblicata {}.",
    "You let it go live, or nobody is known who did: another person has to approve it.": (
        "L'hai pubblicata tu, o non si sa chi: deve approvarla un'altra persona."
    ),
    "Approve": "Approva",
    "Approve more…": "Approva altri…",
    "Approve more of {}": "Approva altri messaggi di {}",
    "It may then send so many messages beside what it may by itself. A canary that was held goes on as well.": (
        "Può allora inviare tanti messaggi oltre a quelli che può da sola. Riparte anche un assaggio che era trattenuto."
    ),
    "For how long, like 6h or 2d": "Per quanto, come 6h o 2d",
    "Nothing waits for a word.": "Niente aspetta una parola.",
    "Campaigns with room": "Campagne con spazio",
    "in the last hour": "nell'ultima ora",
    "may still go": "possono ancora partire",
    "let go live by": "pubblicata da",
    "actions": "azioni",
}
