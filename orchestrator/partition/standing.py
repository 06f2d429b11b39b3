"""What a file knows of the live program and of those before it, without compiling them; committed with the Activation."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec

from orchestrator.domain.program import Program

STANDING = "standing"
"""The name under which a file notes it."""


class Standing(msgspec.Struct, frozen=True):
    """`program` and `engine` name what decides; a start with others is an activation."""

    program: str = ""
    engine: str = ""
    live_since: dict[str, int] = {}
    """what may be crossed (`ProgramIndex.live`) → since when it is live without a break (-1: always)."""
    steps: dict[str, str] = {}
    """version of steps that someone may be on → a program that has them."""

    def followed_by(self, program: Program, engine: str, now: int) -> Standing:
        """The standing once this program is live; the same one where it is already."""
        if (self.program, self.engine) == (program.name, engine):
            return self
        new = now if self.program else -1
        since = {ident: self.live_since.get(ident, new) for ident in program.index.live}
        steps = {campaign.steps.version: program.name for campaign in program.campaigns.values()}
        return Standing(program.name, engine, since, self.steps | steps)

    def kept(self, seen: AbstractSet[str]) -> Standing:
        """Without the steps that nobody was seen on; the live program's stay, for anybody may enter them."""
        steps = {version: program for version, program in self.steps.items() if program == self.program or version in seen}
        return msgspec.structs.replace(self, steps=steps)

    def earlier(self) -> list[str]:
        """Programs before the live one whose steps someone may be on."""
        return sorted(set(self.steps.values()) - {self.program})


def noted(value: Standing) -> bytes:
    """As the file keeps it."""
    return _encode(value)


def standing_of(fact: bytes | None) -> Standing:
    """What the file has noted; nothing is known of a new one."""
    return Standing() if fact is None else _standing(fact)


_encode = msgspec.json.Encoder(order="sorted").encode
_standing = msgspec.json.Decoder(Standing).decode
