"""The page of one campaign, in Italian."""

from __future__ import annotations

WORDS = {
    "Pause this campaign…": "Metti in pausa questa campagna…",
    "End its runs…": "Chiudi i suoi percorsi…",
    "Its runs are being ended: {} of {} customers were visited.": (
        "I suoi percorsi si stanno chiudendo: visitati {} clienti su {}."
    ),
    "Its runs are about to be ended: the engine has not taken the order yet.": (
        "I suoi percorsi stanno per chiudersi: il motore non ha ancora preso l'ordine."
    ),
    "Its messages": "I suoi messaggi",
    "runs under way now": "percorsi in corso ora",
    "Day by day": "Giorno per giorno",
    "Day by day; the table below holds the same figures": "Giorno per giorno; la tabella sotto ha le stesse cifre",
    "up to {} a day": "fino a {} al giorno",
    "The same as a table": "Lo stesso come tabella",
    "Step by step, since the beginning": "Passo per passo, dall'inizio",
    "came": "arrivati",
    "stand here now": "sono qui ora",
    "nobody has come here": "qui non è arrivato nessuno",
    "way_then": "avanti",
    "way_otherwise": "per l'altra via",
    "way_exit": "finiti",
    "Goal reached": "Obiettivo raggiunto",
    "End": "Fine",
    "Arms and holdout": "Bracci e gruppo di controllo",
    "who": "chi",
    "runs": "percorsi",
    "reached the goal": "obiettivo raggiunto",
    "converted": "obiettivo raggiunto",
    "converted_held_out": "obiettivo raggiunto, di controllo",
    "not_entered": "non entrati",
    "task_open": "compiti aperti",
    "task_overdue": "compiti in ritardo",
    "task_done": "compiti fatti",
    "task_withdrawn": "compiti ritirati",
    "opened": "aperti",
    "clicked": "con clic",
    "complained": "reclami",
    "unsubscribed": "disiscritti",
    "answered": "con risposta",
    "ended": "finiti",
    "share": "quota",
    "treated": "trattati",
    "arm {}": "braccio {}",
    "Shares of runs, as they stand. Whether a difference is more than chance is what the measures tell.": (
        "Quote dei percorsi, così come sono. Se una differenza è più del caso, lo dicono le misure."
    ),
    "In words": "In parole",
    "Everything that was counted": "Tutto ciò che si è contato",
}
