"""What somebody means who answers one of our texts: stop, start, help, or something else.

A keyword counts where it is all that they wrote. Beyond that a few phrasings count by which people ask for an end in their own
words; a sentence that says the opposite, or asks why something stopped, does not. `stop` inside another sentence means nothing:
"where is the bus stop" is no wish of anybody's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Meaning = Literal["stop", "start", "help", ""]
KEYWORDS: dict[str, Meaning] = {
    **dict.fromkeys(("stop", "unsubscribe", "end", "quit", "stopall", "stop all", "revoke", "optout", "opt out"), "stop"),
    **dict.fromkeys(("cancel", "basta", "annulla", "cancellami", "disiscrivi", "disiscrivimi", "rimuovimi", "revoca"), "stop"),
    **dict.fromkeys(("start", "unstop", "yes", "inizia", "attiva", "riattiva", "riprendi"), "start"),
    **dict.fromkeys(("help", "info", "aiuto", "assistenza", "informazioni"), "help"),
}
"""Of carriers and of Twilio, and Italian ones. Not `fine`, which is also English for "all right", nor `sì`: who answers
a question so has not asked for messages."""
_POLITE = re.compile(r"\b(?:please|pls|thanks|thank you|per favore|grazie|now|adesso|subito)\b")
_TEXT_MAX = 2_000
"""Characters of a text that are looked at."""

_THINGS = r"(?:texts?|messages?|msgs?|sms|spam|offers?|ads?|marketing|promos?|promotions?|notifications?|alerts?)"
_COSE = r"(?:messaggi(?:ni|o)?|sms|pubblicità|spam|offerte|promozioni|notifiche|comunicazioni)"
PHRASES = tuple(
    re.compile(rf"\b(?:{phrase})\b")
    for phrase in (
        r"(?:stop|quit|cease) (?:text|messag|contact|send|spamm|email|call|bother|harass|writ)ing",
        r"(?:do not|dont|never) (?:text|message|contact|email|call|write|write to) (?:me|this number|us)",
        rf"(?:do not|dont|never) send (?:me |us )?(?:any |any more |more |these |your )*{_THINGS}",
        rf"(?:stop|end|no more|enough) (?:(?:with|of|all|these|those|this|the|your|with the) )*{_THINGS}",
        r"(?:remove|delete|take) (?:me|my number|this number|us) (?:off|from)",
        r"(?:unsubscribe|opt) (?:me|us|this number)(?: out)?",
        r"(?:want|wish|like|need|how do i|how can i|how to|let me) (?:to )?(?:unsubscribe|opt out)",
        r"opt(?:ing)? out(?: of (?:this|these|all|your|text|sms|message)\w*)",
        r"(?:revoke|withdraw|cancel) my (?:consent|subscription|permission)",
        r"(?:do not|dont|no longer) (?:want|wish|need) to (?:receive|get|be sent|hear)",
        rf"(?:do not|dont|no longer) (?:want|wish|need) (?:any |more |these |your )*{_THINGS}",
        r"leave me alone",
        r"wrong number",
        r"non (?:voglio|desidero|vorrei|intendo) (?:più )?(?:ricevere|ricevervi|essere contattat[oa])",
        rf"non (?:voglio|desidero|vorrei) (?:più )?(?:i |le |altr[ie] |vostr[ie] )*{_COSE}",
        r"non (?:mi )?(?:scrive|manda|invia|contatta|chiama|disturba)te(?:mi)?(?: più| mai)?",
        r"(?:smetti|smettete|smettetela|smettila|basta) (?:di |con )?(?:scriver|mandar|inviar|contattar|disturbar)\w*",
        rf"basta (?:con )?(?:i |le |gli |questi |queste |quest[oa] |la |vostr[ie] )*{_COSE}",
        r"(?:cancella|disiscrive|rimuove|toglie|elimina)temi",
        r"(?:toglimi|cancellami|rimuovimi|eliminami|disiscrivimi) (?:da|dal|dalla|dalle|per)",
        r"(?:voglio|vorrei|desidero|come (?:faccio a|posso)) (?:cancellarmi|disiscrivermi|annullare liscrizione)",
        r"(?:revoco|ritiro) (?:il|ogni) (?:mio )?consenso",
        r"lasciatemi (?:in pace|stare)",
        r"(?:avete|ha) sbagliato numero|numero sbagliato",
    )
)
"""Ways to ask for an end, after `plain`."""
_OPPOSITE = re.compile(
    r"\b(?:(?:do not|dont|never|didnt|cant|cannot|wont|not|without|please dont) (?:ever )?"
    r"(?:stop|quit|end|unsubscrib|remov|delet|tak|opt|revok|withdraw|cancel)\w*"
    r"|(?:did|has|have|had|when|why|since|if|unless) (?:you |i |we |they )?(?:\w+ )?(?:stop|quit|unsubscrib|remov|opt)\w*"
    r"|non (?:smette|cancella|toglie|rimuove|disiscrive|elimina)(?:te|re)(?:mi)?|non voglio cancellarmi"
    r"|(?:perché|come mai) non|(?:is|was) (?:this|it) (?:a |the )?wrong number)\b"
)
"""The opposite, or a question about it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`free`: said in their own words, so it is about what we advertise; a keyword is about everything."""

    meaning: Meaning
    free: bool = False


def read_reply(text: str, opt_out_type: str = "") -> Reply:
    """What the text means. `opt_out_type` is what Twilio took it for, where it has done so: then that counts."""
    told = opt_out_type.strip().casefold()
    if told in ("stop", "start", "help"):
        return Reply(KEYWORDS[told])
    lines = [line for line in text[:_TEXT_MAX].splitlines() if plain(line)]
    whole = KEYWORDS.get(plain(lines[0])) if lines else None  # below it stands at most a signature
    if whole is not None and (len(lines) == 1 or whole == "stop"):
        return Reply(whole)
    free = any(_asks_for_an_end(plain(sentence)) for sentence in re.split(r"[.!?;\n]+", text[:_TEXT_MAX]))
    return Reply("stop", free=True) if free else Reply("")


def _asks_for_an_end(sentence: str) -> bool:
    return any(phrase.search(sentence) for phrase in PHRASES) and _OPPOSITE.search(sentence) is None


def plain(text: str) -> str:
    """In small letters, without signs and what is only polite; a word said again and again is said once."""
    small = unicodedata.normalize("NFKC", text).casefold()
    words = re.sub(r"[^\w]+|_", " ", re.sub("['\u2019]", "", small))
    kept = _POLITE.sub(" ", words).split()
    return " ".join(dict.fromkeys(kept)) if len(set(kept)) == 1 else " ".join(kept)
