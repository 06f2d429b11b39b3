"""Sticky chance: holdout, split and control group are hashes, never dice."""

from __future__ import annotations

from hashlib import sha256


def share_of(campaign: str, name: str, profile: str) -> int:
    """A number in [0, 10,000) that stays the same for this campaign, name and profile."""
    digest = sha256(f"{campaign}\0{name}\0{profile}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % 10_000


def id_of(*parts: str) -> str:
    """A name made from its causes: 24 hex digits."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
