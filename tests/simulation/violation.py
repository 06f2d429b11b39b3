"""What a broken promise is told as."""

from __future__ import annotations

INVARIANTS = {
    "I0": "the loop goes on: nothing but a poison input raises",
    "I1": "nothing acknowledged is lost, nor what a durable decision emitted; everything is acknowledged in the end",
    "I2": "each input is decided once, and a duplicate is told as one",
    "I3": "each message is in exactly one state, and per profile planned = ended + live",
    "I4": "a message is handed over again only when every earlier answer was `not sent`",
    "I5": "clocks are monotone and not ahead; no timer before its time or before an earlier input",
    "I6": "no cap is exceeded in any rolling window, and caps count exactly what was handed over",
    "I7": "the journal decided again gives the same bytes, and it is whole",
    "I8": "handed over only with `attempting` durable, within its leave, and not while killed for longer than a lease",
    "I9": "every message ends or has a due, and the loop waits for the earliest due of the store",
    "I10": "a poison input changes nothing, is a dead letter and is journalled",
    "I11": "attempted only when the gates allow: not quiet, expired, paused, killed, withdrawn, and for a live run",
    "I12": "what a message says of itself is what its provider did",
    "I13": "memberships kept are what a fresh look says, or a look follows at once",
    "I14": "each crossing is told once, and tries each campaign that waits for it once",
    "I15": "each anniversary comes once in its year or month, and does come",
    "I16": "everyone in the segment while a round lasts is judged once in it, nobody else; and no round is lost",
    "I17": "a webhook is asked until one answer comes in its time; a task is done once, or overdue at its due; both lead on",
    "I18": "what a message joins goes out once, in order, after its window; or is said to be taken out",
    "I19": "each link is honoured: an anonymous id is let go once, taken in once as it was, and leads to one known id for all",
    "I20": "no marketing is attempted while what another id was sent is on its way, until the deadline",
    "I21": "who had a campaign that comes once under another id has it no second time",
    "I22": "an answer finds the profile that its message has moved to",
    "I23": "nothing goes to an address after what stops it is durable, and the list refuses nothing else",
    "I24": "no marketing while the customer has snoozed it, and none on a topic with double opt-in that nobody confirmed",
    "I25": "what a provider said of a message is known once, in whatever order it came, and its state is the gravest of it",
    "I26": "who writes back is known, and their consents follow, wherever their address and they are at home",
    "L1": "what the workspace wrote as a link leads there over our door, and nothing else is signed or changed",
    "L2": "a click is told of its own message, of a machine as one; what we have not signed leads nowhere and tells nothing",
    "V1": "in no window of an approval more is granted than it says, whoever asks and whatever restarts",
    "V2": "no hour of a campaign exceeds its usual volume by more than the breaker admits; none follows until somebody looks",
    "V3": "of new content no more than the first few is granted before they have been looked at",
    "V4": "leave that nobody used goes to who needs it: a campaign can send what it may",
    "R1": "of what a channel, an account or a sender sends, no more units leave than its rate: SMS count by segments",
    "R2": "who waits for a sender with a rate of its own holds up nobody else",
    "R3": "what marketing has used too much of a rate holds up no transactional message",
    "P1": "nothing leaves a lease's life after a kill or a pause is in the log",
    "P2": "nothing leaves beyond the rate: what leaves in n windows less a lease was granted within n windows",
    "P3": "what leaves was granted, once",
    "P4": "nothing leaves a lease's life after the last question that a governor answered",
    "P5": "once nothing fails, everything leaves",
    "P6": "once nothing fails, a transactional message does not stand behind a campaign",
}


class ViolationError(AssertionError):
    """A broken invariant, by its name in `INVARIANTS`."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name} ({INVARIANTS[name]}): {text}")
        self.name = name


def require(held: object, name: str, *text: object) -> None:
    """Fail by that name unless `held`."""
    if not held:
        raise ViolationError(name, " ".join(str(part) for part in text))
