"""What words of the pages mean, in Italian."""

from __future__ import annotations

WORDS = {
    "What these words mean": "Che cosa vogliono dire queste parole",
    "word_triggered": "entrati",
    "means_triggered": (
        "Un cliente ha incontrato l'avvio della campagna e le sue condizioni: è cominciato un percorso, la "
        "sua via attraverso i passi."
    ),
    "word_held_out": "di controllo",
    "means_held_out": (
        "Sorteggiati per non ricevere niente di una campagna e misurati lo stesso, per vedere quanto vale "
        "(`holdout`). Non è un errore, né un blocco."
    ),
    "word_suppressed": "soppresso, fermati",
    "means_suppressed": (
        "Un controllo ha detto no per sempre, e questo messaggio non è partito: mancava il consenso, c'era un"
        " blocco, o nessun indirizzo a cui si può scrivere. La ragione sta accanto. È lo stato di un solo "
        "messaggio."
    ),
    "word_gate": "controllo",
    "means_gate": (
        "Ciò che ogni messaggio passa prima di partire, in quest'ordine: arresto generale, pausa, scadenza, "
        "elenco degli indirizzi, indirizzo, consenso, blocchi, limiti e ore di silenzio, ritmo. Conta il "
        "primo no."
    ),
    "word_hold": "blocco",
    "means_hold": (
        "Il marketing verso un cliente si ferma finché qualcosa non va, come un reclamo aperto o un voto "
        "basso (`holds` in policies.yaml). Ciò che incontra un blocco si lascia cadere, non si tiene per "
        "dopo."
    ),
    "word_list": "elenco degli indirizzi",
    "means_list": (
        "Indirizzi che non ricevono più niente, o niente marketing: hanno risposto STOP, respinto, reclamato "
        "o disdetto (`orchestrator suppressions`). Come controllo si chiede quando il messaggio parte."
    ),
    "word_in_doubt": "in dubbio",
    "means_in_doubt": (
        "La risposta del fornitore si è persa: nessuno sa se il messaggio è partito. Il marketing non si "
        "invia mai due volte per questo."
    ),
    "word_unknown": "non si sa",
    "means_unknown": "È stato in dubbio finché il suo tempo è finito, e non se ne è saputo niente.",
    "word_heard": "aperti, con clic",
    "means_heard": (
        "Da una persona, ogni messaggio una volta; ciò che apre o segue una macchina non conta. Ogni giorno "
        "conta ciò che è successo quel giorno."
    ),
}
