"""What providers say later of messages, and what operators say of those in doubt.

accepted, in_doubt, unknown → delivered → bounced: never back, so receipts may come twice, late and in any order. Each word is
told once as an event of the customer, that rules can use.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

from orchestrator.domain import ledger
from orchestrator.domain.chance import id_of
from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.limits import HEARD_KEPT, URL_CHARS
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Sent

SOURCE = "receipts"
"""What the source of these events is called."""
SETTLED = "Message Settled"
"""The event by which an operator settles a message in doubt: as `sent`, `not_sent`, or to be sent `again`."""
WAYS = ("sent", "not_sent", "again")
TEXTED = "SMS Received"
"""What a customer writes to one of our numbers."""
PREFETCHED = "Email Prefetched"
"""What machines open and follow, which is no word of a person."""

_ACCEPTED, _DELIVERED, _BOUNCED = "accepted", "delivered", "bounced"
_RANKS = {ledger.IN_DOUBT: 0, ledger.UNKNOWN: 0, _ACCEPTED: 1, _DELIVERED: 2, _BOUNCED: 3}
_LINK_BYTES = 4


class Word(NamedTuple):
    """What a receipt's word makes of a message, and as which event it is told on each channel."""

    state: str
    email: str = ""
    sms: str = ""
    reason: str = ""


WORDS = {
    "processed": Word(_ACCEPTED),
    "deferred": Word(_ACCEPTED),
    "sent": Word(_ACCEPTED),
    "delivered": Word(_DELIVERED, "Email Delivered", "SMS Delivered"),
    "opened": Word(_DELIVERED, "Email Opened"),
    "clicked": Word(_DELIVERED, "Email Link Clicked"),
    "complained": Word(_DELIVERED, "Email Marked as Spam"),
    "unsubscribed": Word(_DELIVERED, "Unsubscribed"),
    "bounced": Word(_BOUNCED, "Email Bounced", "SMS Bounced", "hard"),
    "blocked": Word(_BOUNCED, "Email Bounced", "SMS Bounced", "soft"),
    "dropped": Word(_BOUNCED, "Email Bounced", "SMS Bounced", "dropped"),
    "undelivered": Word(_BOUNCED, "Email Bounced", "SMS Bounced", "undelivered"),
}
_TAKEN = Word(_ACCEPTED)
EVENTS = tuple(dict.fromkeys([*(name for w in WORDS.values() for name in (w.email, w.sms) if name), PREFETCHED]))
"""Names of the events that receipts become."""


def settle_receipt(moment: Moment, given: Receipt) -> None:
    """Move the message on, and tell the word, where it is the first time."""
    sent = _sent(moment, given.message_id)
    if sent is None:
        moment.decision.dropped.append(f"{given.word}: of a message that is not remembered")
        return
    mark = _mark(given)
    if mark in sent.heard:
        return
    _move(moment, sent, WORDS[given.word])
    if given.url and len(sent.heard) >= HEARD_KEPT:
        moment.decision.dropped.append(f"{given.word}: more than {HEARD_KEPT} different receipts of one message")
        return
    sent.heard.append(mark)
    _tell(moment, sent, given)


def settle_late(moment: Moment, given: Outcome) -> None:
    """The answer to an attempt that had been given up."""
    sent = moment.profile.has_sent(given.message_id)
    if sent is not None and given.result == "accepted":
        _move(moment, sent, _TAKEN)


def _sent(moment: Moment, message_id: str) -> Sent | None:
    """The message as one that has left. A receipt proves that it has: it may overtake the answer, or be all there is of one."""
    message = moment.profile.message(message_id)
    if message is not None and message.attempted:
        ledger.finish(moment, message, _ACCEPTED)
    return moment.profile.has_sent(message_id)


def _mark(given: Receipt) -> str:
    """What tells this word of a message from its others: of clicks each link counts."""
    word = f"{given.word} machine" if given.machine else given.word
    link = blake2b(given.url.encode("utf-8", "surrogatepass"), digest_size=_LINK_BYTES).hexdigest() if given.url else ""
    return f"{word} {link}".rstrip()


def _move(moment: Moment, sent: Sent, word: Word) -> None:
    if _RANKS[word.state] <= _RANKS[sent.state]:
        return
    _shift(moment, sent, word.state)
    ledger.note(moment, sent, sent.state, word.reason or None)


def _shift(moment: Moment, sent: Sent, state: str) -> None:
    tally = moment.profile.tally
    tally[sent.state] -= 1
    if not tally[sent.state]:
        del tally[sent.state]
    tally[state] = tally.get(state, 0) + 1
    sent.state = state


def _tell(moment: Moment, sent: Sent, given: Receipt) -> None:
    word = WORDS[given.word]
    name = PREFETCHED if given.machine else word.sms if sent.channel == "sms" else word.email
    if not name:
        return
    profile = moment.profile
    properties: dict[str, Any] = {
        "message_id": sent.id,
        "campaign": sent.campaign,
        "step": sent.step,
        "template": sent.template,
        "channel": sent.channel,
        "machine": given.machine,
    }
    properties |= {key: told for key, told in (("reason", word.reason), ("code", given.code)) if told}
    if given.url:
        properties["url"] = given.url[:URL_CHARS]
    kind = moment.program.events.get(name)
    lacking = sorted(kind.required - properties.keys()) if kind is not None else ()
    if lacking:
        moment.decision.dropped.append(f"no {name}: the workspace requires {', '.join(lacking)} of it, which no receipt has")
        return
    event = Event(
        message_id=id_of(sent.id, SOURCE, _mark(given)),
        occurred_at=min(given.occurred_at, moment.now),
        name=name,
        user_id=profile.user_id,
        anonymous_id=None if profile.user_id is not None else profile.anonymous_ids[0],
        received_at=moment.now,
        source=SOURCE,
        properties=properties,
    )
    moment.decision.inputs.append(event)


def fold_settled(moment: Moment, event: Event) -> None:
    """An operator's word on a message in doubt, which no policy overrides."""
    if event.name != SETTLED:
        return
    message = moment.profile.message(str(event.properties.get("message_id")))
    if message is None or message.state != ledger.IN_DOUBT:
        moment.decision.dropped.append(f"{SETTLED}: no such message is in doubt")
        return
    match event.properties.get("as"):
        case "sent":
            ledger.finish(moment, message, _ACCEPTED, "operator")
        case "not_sent":
            message.resent = 0
            ledger.finish(moment, message, "refused", "operator")
        case _:
            ledger.send_again(moment, message)
