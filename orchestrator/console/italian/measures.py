"""The words of the pages of measures in Italian."""

from __future__ import annotations

WORDS = {
    "Measures": "Misure",
    "What came of it all: each number with how many it rests on, an interval that holds the true value with"
    " 95 % confidence, and what it means.": (
        "Che cosa ne è venuto: ogni numero con quanti casi lo sostengono, un intervallo che contiene il valore"
        " vero con confidenza del 95 %, e che cosa significa."
    ),
    "all time": "da sempre",
    "last {} days": "ultimi {} giorni",
    "apart by": "diviso per",
    "all together": "tutto insieme",
    "week": "settimana",
    "month": "mese",
    "quarter": "trimestre",
    "year": "anno",
    "cohort": "coorte",
    "segment": "segmento",
    "value": "valore",
    "n": "n",
    "points": "punti",
    "{} hours": "{} ore",
    "{} minutes": "{} minuti",
    "{} seconds": "{} secondi",
    "from {} to {}": "da {} a {}",
    "at least {}": "almeno {}",
    "at most {}": "al massimo {}",
    "{} of {}": "{} su {}",
    "each with a holdout of its own": "ognuna con il suo gruppo di controllo",
    "one campaign": "una campagna",
    "{} campaigns": "{} campagne",
    "Target: {}": "Obiettivo: {}",
    "target": "obiettivo",
    "met": "raggiunto",
    "not met": "non raggiunto",
    "rests on": "si basa su",
    "95 % interval": "intervallo al 95 %",
    "all {}": "tutti i {}",
    "All measures": "Tutte le misure",
    "{}, day by day": "{}, giorno per giorno",
    "Each day as a look at its end would have told it. The interval is right on all of these days together.": (
        "Ogni giorno come l'avrebbe detto uno sguardo alla sua fine. L'intervallo vale per tutti questi giorni insieme."
    ),
    "Its lift, day by day": "Il suo effetto, giorno per giorno",
    "being worked out": "in calcolo",
    "Being worked out: {} of {} are new.": "In calcolo: {} su {} sono nuove.",
    "Worked out {}.": "Calcolato {}.",
    "Look again": "Guarda di nuovo",
    "This is being worked out for the first time. The page comes by itself, as soon as there is something.": (
        "È la prima volta che si calcola. La pagina arriva da sola, appena c'è qualcosa."
    ),
    "Measures need packages that are not installed here ({}). Whoever runs the console installs them with {}"
    " and starts it again.": (
        "Le misure hanno bisogno di pacchetti che qui non sono installati ({}). Chi gestisce la console li"
        " installa con {} e la riavvia."
    ),
    "Parquet needs packages that are not installed: orchestrator[measures].": (
        "Parquet ha bisogno di pacchetti che non sono installati: orchestrator[measures]."
    ),
    "Days and months are those of UTC. Who has had less time is not compared with who has had more: a window"
    " that is not over is not counted.": (
        "Giorni e mesi sono quelli UTC. Chi ha avuto meno tempo non si confronta con chi ne ha avuto di più: una"
        " finestra non ancora chiusa non si conta."
    ),
    "Measures cannot be told apart by {}.": "Le misure non si possono dividere per {}.",
    "The first day is after the last.": "Il primo giorno è dopo l'ultimo.",
    "There is no measure {}.": "Non c'è nessuna misura {}.",
    "The value over time; the table below holds the same figures": "Il valore nel tempo; la tabella sotto ha le stesse cifre",
    "{} more, the oldest, are left out: choose a shorter time, or a longer period.": (
        "Altri {}, i più vecchi, mancano: scegli un tempo più breve, o un periodo più lungo."
    ),
    "{} more, the smallest, are left out.": "Altri {}, i più piccoli, mancano.",
    "Step by step": "Passo per passo",
    "step": "passo",
    "customers": "clienti",
    "of the first": "del primo",
    "of the one before": "del precedente",
    "drawn": "disegnato",
    "Cohort by cohort": "Coorte per coorte",
    "Of those whose first was in that month, the share that was back so many days after their own first. A"
    " cell stands there once those days are over for all of them.": (
        "Di chi ha avuto il primo in quel mese, la quota già tornata dopo tanti giorni dal proprio primo. Una"
        " cella compare quando quei giorni sono passati per tutti."
    ),
    "first in": "primo in",
    "{} d": "{} g",
    "Table: {}": "Tabella: {}",
    "nothing to measure yet": "ancora niente da misurare",
    "each was a single event: no time to measure": "ognuna un solo evento: nessun tempo da misurare",
    "too few to tell": "troppo pochi per dirlo",
    "No campaign has both treated and held-out customers whose time is over.": (
        "Nessuna campagna ha sia clienti trattati sia esclusi il cui tempo è passato."
    ),
    "Nothing of this can be told apart so.": "Niente di questo si può dividere così.",
    "How it is worked out": "Come si calcola",
    "Parameters of the models": "Parametri dei modelli",
    "Sources: Robbins, Ann. Math. Statist. 41 (1970); Ville, Étude critique de la notion de collectif (1939);"
    " Howard, Ramdas, McAuliffe, Sekhon, Ann. Statist. 49 (2021), section 3.2.": (
        "Fonti: Robbins, Ann. Math. Statist. 41 (1970); Ville, Étude critique de la notion de collectif (1939);"
        " Howard, Ramdas, McAuliffe, Sekhon, Ann. Statist. 49 (2021), sezione 3.2."
    ),
    "Sources: Fader, Hardie, Lee, Marketing Science 24 (2005); Fader, Hardie, The Gamma-Gamma model of"
    " monetary value (2013).": (
        "Fonti: Fader, Hardie, Lee, Marketing Science 24 (2005); Fader, Hardie, The Gamma-Gamma model of monetary value (2013)."
    ),
    "In the workspace it is called {}.": "Nel workspace si chiama {}.",
    "family_voice": "Che cosa dicono i clienti",
    "family_staying": "Chi resta e chi se ne va",
    "family_doing": "Che cosa fanno i clienti",
    "family_worth": "Quanto valgono i clienti",
    "family_campaigns": "Che cosa portano le campagne",
    "by_day": "Giorno per giorno",
    "by_week": "Settimana per settimana",
    "by_month": "Mese per mese",
    "by_quarter": "Trimestre per trimestre",
    "by_year": "Anno per anno",
    "by_cohort": "Per mese del primo evento del cliente",
    "by_stage": "Per fase di allora",
    "by_segment": "Per segmento di oggi",
    "by_campaign": "Per campagna",
    "trouble_time": "Ci voleva troppo ed è stato interrotto: scegli un tempo più breve.",
    "trouble_memory": "Serve più memoria di quella concessa: scegli un tempo più breve.",
    "trouble_broken": "Non si è potuto calcolare. Il log della console dice di più.",
    "method_count": "Si conta. L'intervallo è quello esatto di Garwood per un conteggio.",
    "method_mean": (
        "La media, con un intervallo secondo la distribuzione normale, o la mediana, con uno secondo le"
        " statistiche d'ordine. Più osservazioni dello stesso cliente contano meno se si somigliano (effetto di"
        " disegno di Kish)."
    ),
    "method_share": (
        "Una quota, o una differenza di quote, con l'intervallo di Wilson o uno secondo la distribuzione normale."
        " Più osservazioni dello stesso cliente contano meno se si somigliano (effetto di disegno di Kish)."
    ),
    "method_time": (
        "Dal primo all'ultimo evento di una cosa; conta solo ciò che è finito. L'intervallo è quello della media"
        " secondo la distribuzione normale, o della mediana secondo le statistiche d'ordine."
    ),
    "method_funnel": (
        "Un cliente conta per la prima volta al primo passo, quando il tempo per tutti i passi è passato."
        " L'intervallo è quello di Wilson."
    ),
    "method_cohort": "Ogni cliente conta una volta, per il primo evento. L'intervallo è quello di Wilson.",
    "method_ratio": (
        "Quanto si è speso, diviso per i clienti arrivati. L'intervallo è quello del numero dei clienti (Garwood)."
    ),
    "method_wheel": (
        "Tutti quelli che stavano in queste fasi all'inizio di un periodo, secondo dove stavano alla fine."
        " L'intervallo è quello di Wilson; più periodi dello stesso cliente contano meno se si somigliano"
        " (effetto di disegno di Kish)."
    ),
    "method_moves": "Conta ogni permanenza in una fase, quando il suo tempo è passato. L'intervallo è quello di Wilson.",
    "method_stays": (
        "Permanenze finite. L'intervallo di una mediana è secondo le statistiche d'ordine, quello di una media"
        " secondo la distribuzione normale."
    ),
    "method_runs": "Percorsi finiti, gruppo di controllo escluso. L'intervallo è quello di Wilson.",
    "method_sessions": (
        "Eventi dello stesso cliente più vicini della pausa sono una sessione. L'intervallo è quello della media"
        " secondo la distribuzione normale."
    ),
    "method_lift": (
        "Di ogni campagna, il tasso di chi è stato trattato meno quello di chi ne è stato escluso. Un cliente"
        " conta una volta, per il primo percorso, quando il tempo per l'obiettivo è passato. L'intervallo è una"
        " sequenza di confidenza (mistura Beta-binomiale e disuguaglianza di Ville): si può guardare ogni giorno,"
        " e vale per tutti i giorni insieme, con confidenza del 95 %."
    ),
    "method_clv": (
        "Quanto i clienti hanno speso, o quanto ci si aspetta che spendano secondo BG/NBD (quanto spesso) e"
        " Gamma-Gamma (quanto), stimati per massima verosimiglianza. L'intervallo è quello della media secondo la"
        " distribuzione normale."
    ),
}
