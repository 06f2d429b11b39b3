"""The engine, in Italian."""

from __future__ import annotations

WORDS = {
    "Whether it is at work, how far it is, and which switches are on.": (
        "Se lavora, a che punto è, e quali interruttori sono accesi."
    ),
    "at work": "al lavoro",
    "yes": "sì",
    "not on this machine": "non su questa macchina",
    "last input": "ultimo ingresso",
    "timers overdue": "timer in ritardo",
    "orders not taken yet": "ordini non ancora presi",
    "partitions at work": "partizioni al lavoro",
    "Partitions": "Partizioni",
    "Partition": "Partizione",
    "Worker": "Worker",
    "Inputs not decided": "Ingressi non decisi",
    "Not shown here yet": "Non ancora mostrati qui",
    "nobody has it": "di nessuno",
    "dead letters": "scartati",
    "How it stands": "Come sta",
    "Process": "Processo",
    "No process was found on this machine; it may run on another one.": "Nessuno su questa macchina; forse su un'altra.",
    "Last input": "Ultimo ingresso",
    "all that happened until then is decided": "tutto ciò che è successo fino ad allora è deciso",
    "Next timer": "Prossimo timer",
    "none": "nessuno",
    "Late by": "In ritardo di",
    "nothing": "niente",
    "Inputs decided": "Ingressi decisi",
    "Customers ever seen": "Clienti visti finora",
    "State file": "File di stato",
    "Program": "Programma",
    "engine {}": "motore {}",
    "none is live yet": "nessuno è ancora in vigore",
    "People may be on the steps of one earlier program.": "Qualcuno può essere sui passi di un programma precedente.",
    "People may be on the steps of {} earlier programs.": "Qualcuno può essere sui passi di {} programmi precedenti.",
}
