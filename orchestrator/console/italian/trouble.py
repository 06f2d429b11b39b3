"""What goes wrong, in Italian."""

from __future__ import annotations

WORDS = {
    "This did not work": "Non ha funzionato",
    "There is no such page.": "Questa pagina non c'è.",
    "This is not how this page is asked.": "Questa pagina non si chiede così.",
    "This page could not be made. The console's log says more.": "Pagina non riuscita. Il log della console dice di più.",
    "This is no form that the console sent.": "Questo non è un modulo della console.",
    "A form has at most {} bytes.": "Un modulo ha al massimo {} byte.",
    "A form has at most {} fields.": "Un modulo ha al massimo {} campi.",
    "This form is not from this session: load the page again, and send it once more.": (
        "Questo modulo non è di questa sessione: ricarica la pagina e invialo di nuovo."
    ),
    "Nobody has this id.": "Nessuno ha questo id.",
    "There is no campaign {}.": "Non c'è nessuna campagna {}.",
    "There is no such switch.": "Questo interruttore non c'è.",
    "There is no such dead letter; it may have been decided again.": "Non c'è; forse è già stato ripreso.",
    "This message is not in doubt any more.": "Questo messaggio non è più in dubbio.",
    "Say what the message counts as.": "Di' come va contato il messaggio.",
    "Say how many messages, as a number.": "Di' quanti messaggi, con un numero.",
    "Say for how long, like 6h or 2d; a year at the most.": "Di' per quanto, come 6h o 2d; al massimo un anno.",
    "{} let it go live; somebody else has to approve it.": "L'ha pubblicata {}; deve approvarla un'altra persona.",
}
