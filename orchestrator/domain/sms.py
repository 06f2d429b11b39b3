"""How many SMS a text needs: GSM-7 with its extension (3GPP TS 23.038), UCS-2 where a character is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gsm0338 import Codec

_SEPTETS, _SEPTETS_OF_SEVERAL = 160, 153
_UNITS, _UNITS_OF_SEVERAL = 70, 67
_CODEC = Codec()


@dataclass(frozen=True, slots=True)
class Size:
    """`length`, `room` (of one SMS) and `each` (of several) in characters of the encoding.

    `foreign`: the first character that GSM-7 has not.
    """

    length: int
    room: int
    count: int
    foreign: str = ""
    each: int = _SEPTETS_OF_SEVERAL


def size_of(text: str) -> Size:
    """The size of a text as it is sent."""
    foreign = next((character for character in text if _septets(character) == 0), "")
    if foreign:
        return _size([len(character.encode("utf-16-be")) // 2 for character in text], _UNITS, _UNITS_OF_SEVERAL, foreign)
    return _size([_septets(character) for character in text], _SEPTETS, _SEPTETS_OF_SEVERAL)


def foreign_in(text: str) -> list[str]:
    """The characters of the text that GSM-7 has not, in order."""
    return [character for character in text if _septets(character) == 0]


@lru_cache(maxsize=1_024)
def _septets(character: str) -> int:
    """1, or 2 for a character of the extension; 0 for one that GSM-7 has not."""
    try:
        return len(_CODEC.encode(character)[0])
    except UnicodeEncodeError:
        return 0


def _size(widths: list[int], room: int, room_of_several: int, foreign: str = "") -> Size:
    """No character is divided between two SMS."""
    length = sum(widths)
    if length <= room:
        return Size(length, room, 1, foreign, room_of_several)
    count, used = 1, 0
    for width in widths:
        if used + width > room_of_several:
            count, used = count + 1, 0
        used += width
    return Size(length, room, count, foreign, room_of_several)
