"""Chance: hashes instead of dice."""

from __future__ import annotations

from hashlib import sha256
from typing import Any


def bucket(campaign: str, name: str, profile: str) -> int:
    """The first 8 bytes (big-endian) of SHA-256 over campaign, name and profile with NUL between, modulo 10,000."""
    return int.from_bytes(sha256(f"{campaign}\0{name}\0{profile}".encode()).digest()[:8], "big") % 10_000


def basis_points(share: str) -> int:
    """`2.5%` → 250."""
    return round(float(share.removesuffix("%")) * 100)


def held_out(share: str | None, campaign: str, name: str, profile: str) -> bool:
    """Whether this share of people holds this profile out."""
    return share is not None and bucket(campaign, name, profile) < basis_points(share)


def arm(campaign: str, split: str, arms: dict[str, Any], profile: str) -> str:
    """The arm of a split, shares in file order."""
    place, edge = bucket(campaign, split, profile), 0
    for name, chosen in arms.items():
        edge += chosen["weight"] * 100
        if place < edge:
            return name
    return list(arms)[-1]
