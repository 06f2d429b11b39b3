"""What operators do, and the page that asks why, in Italian."""

from __future__ import annotations

WORDS = {
    "Stop everything": "Ferma tutto",
    "Stop everything?": "Fermare tutto?",
    "Stop everything now": "Ferma tutto adesso",
    "Everything is stopped.": "È tutto fermo.",
    "No message leaves. What waits is kept.": "Non parte nessun messaggio. Ciò che aspetta resta.",
    "Let it go on…": "Fai ripartire…",
    "Let everything go on?": "Far ripartire tutto?",
    "Everything is paused.": "È tutto in pausa.",
    "Runs wait where they are.": "I percorsi aspettano dove sono.",
    "Resume…": "Riprendi…",
    "Pause everything…": "Metti tutto in pausa…",
    "Pause {}…": "Pausa {}…",
    "Pause {} {}?": "Mettere in pausa {} {}?",
    "Resume {} {}?": "Riprendere {} {}?",
    "Pause everything?": "Mettere tutto in pausa?",
    "Resume everything?": "Riprendere tutto?",
    "Pause this customer…": "Metti in pausa questo cliente…",
    "This customer is paused.": "Questo cliente è in pausa.",
    "Switches": "Interruttori",
    "No switch is on: everything flows.": "Nessuno è acceso: scorre tutto.",
    "From now on no message leaves, on any channel. Nothing is lost: what is planned waits, and events go on being taken in."
    " It holds within a second, and over restarts.": (
        "Da adesso non parte nessun messaggio, su nessun canale. Non si perde niente: ciò che è previsto aspetta, e gli eventi"
        " continuano a entrare. Vale entro un secondo, e anche dopo un riavvio."
    ),
    "Runs wait at the step where they are, and messages wait before the gates. Nothing is lost; what expires meanwhile is not"
    " sent.": (
        "I percorsi aspettano al passo in cui sono, i messaggi davanti ai controlli. Non si perde niente; ciò che intanto scade"
        " non si invia."
    ),
    "What waits, and what becomes of it": "Che cosa aspetta, e che ne sarà",
    "waits": "aspettano",
    "goes now": "partono ora",
    "has expired": "scaduti",
    "another gate, later": "altro controllo, poi",
    "another gate, never": "altro controllo, mai",
    "another switch": "altro interruttore",
    "at a step": "a un passo",
    "Nothing waits for this switch.": "Niente aspetta questo interruttore.",
    "Why? It is kept with your name.": "Perché? Resta scritto con il tuo nome.",
    "Nothing is done without a reason: say why, in {} characters or more.": (
        "Niente si fa senza una ragione: scrivi perché, in almeno {} caratteri."
    ),
    "The reason has {} characters: {} at most are kept. Say it shorter.": (
        "La ragione ha {} caratteri: se ne tengono al massimo {}. Scrivila più corta."
    ),
    "How many there are is not counted yet: the history is being put together.": (
        "Quanti siano non è ancora contato: la storia si sta componendo."
    ),
    "One run is under way. It ends, and what it has planned is cancelled.": (
        "Un percorso è in corso. Finisce, e ciò che ha previsto si annulla."
    ),
    "{} runs are under way. They end, and what they have planned is cancelled.": (
        "{} percorsi sono in corso. Finiscono, e ciò che hanno previsto si annulla."
    ),
    "Messages that have left stay counted, and goals are still measured.": (
        "I messaggi partiti restano contati, e gli obiettivi si misurano ancora."
    ),
    "Customers are visited one after the other, beside all other work; the campaign's page says how far that is.": (
        "I clienti si visitano uno dopo l'altro, accanto al resto del lavoro; la pagina della campagna dice a che punto è."
    ),
    "The campaign is paused: no run begins meanwhile.": "La campagna è in pausa: intanto nessun percorso comincia.",
    "Runs that begin after this word go on. To let none begin, pause the campaign first.": (
        "I percorsi che cominciano dopo vanno avanti. Perché non ne cominci nessuno, metti prima in pausa la campagna."
    ),
    "Do it": "Fallo",
    "No, leave it": "No, lascia così",
    "Done: {}. The engine takes it in its next turn.": "Fatto: {}. Il motore lo prende al prossimo giro.",
}
