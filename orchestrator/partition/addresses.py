"""The address list as whoever hands messages over asks it: by the keyed hash of the recipient's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.consent import ruling_word
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.input import Refusal
from orchestrator.domain.profile import Call, Message, Profile
from orchestrator.domain.suppression import Listed, hashed, refusal

_AGAIN_MS = 1_000
"""When a message that finds the list not known asks again."""
Senders = Mapping[tuple[str, str], str]
"""(template, channel) → the address that it is sent from, as the list has it."""
SAFE_LIST = "safe_list"
"""Why nothing goes to an address that a safe list does not name."""


@dataclass(slots=True)
class AddressList:
    """`find` gives what is known durably of one address; `senders` are the live program's."""

    key: bytes
    find: Callable[[bytes], Iterable[Listed]]
    senders: Senders = field(default_factory=dict)
    fresh: dict[bytes, Listed] = field(default_factory=dict)
    """Entries by name that are noted and not durable yet: they hold already."""
    whole: Callable[[], bool] = lambda: True
    """Whether the list is known to its end; until then nothing leaves."""
    reaches: Callable[[str], bool] = lambda _: True
    """Whether anything may be sent to that address here: a safe list may say that others are real people."""

    def of(self, profile: Profile, message: Message | Call) -> bytes | None:
        """The recipient's address as the list has it; None where there is none."""
        if isinstance(message, Call):
            return None
        address = _address(profile, message.channel)
        return hashed(self.key, message.channel, address) if address else None

    def known(self, address: bytes) -> list[Listed]:
        """Every entry of an address."""
        found = {one.name: one for one in self.find(address)}
        found |= {name: one for name, one in self.fresh.items() if one.address == address}
        return list(found.values())

    def refuses(self, address: bytes, profile: Profile, message: Message | Call, now: int) -> Refusal | None:
        """Why this message may not go to that address of that customer, None where it may."""
        if not self.whole():
            return Refusal("permit", now + _AGAIN_MS)
        if not self.reaches(_address(profile, message.channel)):
            return Refusal("suppression", why=SAFE_LIST)
        known = self.known(address)
        if not known or isinstance(message, Call):
            return None
        sender = self.senders.get((message.template, message.channel), "")
        word = ruling_word(profile, message.topic, message.channel)
        agreed_at = word.at if word is not None and word.given else None
        return refusal(known, message.cls, message.topic, sender, agreed_at)


def _address(profile: Profile, channel: str) -> str:
    """The recipient's address on that channel; empty where there is none."""
    address = profile.traits.get(ADDRESS_TRAITS.get(channel, channel))
    return address if isinstance(address, str) else ""
