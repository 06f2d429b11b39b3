"""Who did what, in Italian."""

from __future__ import annotations

WORDS = {
    "Every word of an operator as the journal has it, from the console or the command line, and who logged in; the newest"
    " first.": (
        "Ogni parola di un operatore come sta nel registro, dalla console o dalla riga di comando, e chi ha fatto accesso;"
        " la più recente per prima."
    ),
    "show_all": "tutto",
    "show_deeds": "che cosa è stato fatto",
    "show_logins": "accessi e account",
    "role_viewer": "può guardare",
    "role_operator": "può guardare e agire",
    "logged in": "ha fatto accesso",
    "gave {} an account, or a new password: {}": "ha dato a {} un account, o una nuova password: {}",
    "removed the account of {}": "ha tolto l'account di {}",
    "was locked out of {}": "non può provare per un po': {}",
    "was locked out of {}, {} times": "non può provare per un po': {}, {} volte",
    "gave a wrong password for {}": "ha dato una password sbagliata per {}",
    "gave a wrong password for {}, {} times": "ha dato una password sbagliata per {}, {} volte",
    "a name that nobody has": "un nome che nessuno ha",
    "One order is about to be taken: within a second while the engine runs.": (
        "Un ordine sta per essere preso: entro un secondo, se il motore lavora."
    ),
    "{} orders are about to be taken: within a second while the engine runs.": (
        "{} ordini stanno per essere presi: entro un secondo, se il motore lavora."
    ),
    "Nobody has done anything yet.": "Nessuno ha ancora fatto niente.",
    "when the file began": "all'inizio del file",
    "somebody": "qualcuno",
    "to the customer": "al cliente",
    "Older ones": "I precedenti",
    "let program {} go live": "ha messo in funzione il programma {}",
    "stopped everything": "ha fermato tutto",
    "let everything go on": "ha fatto ripartire tutto",
    "paused everything": "ha messo tutto in pausa",
    "resumed everything": "ha ripreso tutto",
    "paused {} {}": "in pausa: {} {}",
    "resumed {} {}": "ripreso: {} {}",
    "approved {} messages of {}, until {}": "ha approvato {} messaggi di {}, fino al {}",
    "settled message {} as {}": "ha chiarito il messaggio {}: {}",
    "ended the runs of {} in {}": "ha chiuso i percorsi di {} in {}",
    "ended all runs of {}": "ha chiuso tutti i percorsi di {}",
    "ended the runs of {}": "ha chiuso i percorsi di {}",
    "had dead letter {} decided again": "ha fatto riprendere lo scartato {}",
    "Settle message {} as {}?": "Chiarire il messaggio {}: {}?",
    "End the runs of {} in {}?": "Chiudere i percorsi di {} in {}?",
    "End all runs of {}?": "Chiudere tutti i percorsi di {}?",
    "End the runs of {}?": "Chiudere i percorsi di {}?",
    "Decide dead letter {} again?": "Riprendere lo scartato {}?",
    "These runs end, and what they have planned is cancelled:": "Questi percorsi finiscono, il loro previsto si annulla:",
    "No campaign is under way.": "Nessuna campagna in corso.",
}
