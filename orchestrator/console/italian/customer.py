"""Customers, and the page of one, in Italian."""

from __future__ import annotations

WORDS = {
    "In": "In",
    "one turn of the wheel": "un giro di ruota",
    "{} turns of the wheel": "{} giri di ruota",
    "one event": "un evento",
    "{} events": "{} eventi",
    "Stages so far, from left to right": "Le fasi finora, da sinistra a destra",
    "{} is on the list of addresses that nothing is sent to: {}": "{} è nella lista degli indirizzi a cui non si invia: {}",
    "Under way": "In corso",
    "End…": "Chiudi…",
    "End all runs…": "Chiudi tutti i percorsi…",
    "message": "messaggio",
    "state": "stato",
    "What is known": "Che cosa si sa",
    "User id": "Id utente",
    "Anonymous ids": "Id anonimi",
    "Consent": "Consenso",
    "topic": "argomento",
    "consent_given": "dato",
    "consent_withdrawn": "ritirato",
    "consent_asked": "chiesto, non ancora confermato",
    "consent_none": "non si è detto niente",
    "Wants no marketing until {}.": "Non vuole marketing fino al {}.",
    "What happened, and why": "Che cosa è successo, e perché",
    "Only this campaign: why, and why not": "Solo questa campagna: perché, e perché no",
    "everything": "tutto",
    "Show": "Mostra",
    "Another program is live now than the one that decided the last of this.": (
        "Ora è in vigore un altro programma da quello che ha deciso l'ultima cosa qui."
    ),
    "what it said": "che cosa diceva",
    "why": "perché",
    "One earlier message": "Un messaggio precedente",
    "{} earlier messages": "{} messaggi precedenti",
    "One earlier row": "Una riga precedente",
    "{} earlier rows": "{} righe precedenti",
    "Why not the other campaigns": "Perché non le altre campagne",
    "Find one by user id, anonymous id, an email address or phone number that was written to, or the hash of one.": (
        "Si trovano per id utente, id anonimo, indirizzo email o numero a cui si è scritto, o per il suo hash."
    ),
    "Nobody is known as “{}”.": "Nessuno è conosciuto come “{}”.",
    "Did you mean one of these?": "Intendevi uno di questi?",
}
