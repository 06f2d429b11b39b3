"""A language: its phrases, its numbers, its lists, its spans of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.insight.reading import english, italian, told_english, told_italian
from orchestrator.insight.reasons import REASONS, STOPPED
from orchestrator.insight.times import parts_of

_HOUR_MINUTES = 60
_TEXT_CHARS = 60
"""Of a text, so much is shown."""


def clock(minutes: int) -> str:
    """`09:30`, from minutes of the day."""
    return f"{minutes // _HOUR_MINUTES:02}:{minutes % _HOUR_MINUTES:02}"


@dataclass(frozen=True, slots=True)
class Tongue:
    """Says phrases by name. `tests` and `values` are those of the operators."""

    name: str
    phrases: Mapping[str, Any]
    tests: Mapping[str, str]
    values: Mapping[str, str]
    units: Mapping[str, tuple[str, str]]
    thousands: str
    decimal: str
    reasons: Mapping[str, str]
    """Why something did not happen, by code."""
    gates: Mapping[str, str]
    outcomes: Mapping[str, str]
    stopped: Mapping[str, str]
    """Why a round of a schedule or broadcast went to nobody, by code."""
    ways: Mapping[str, str]
    """Outcomes of steps that have no name of their own."""

    def say(self, phrase: str, *places: str, **named: str) -> str:
        """The phrase with these in its places."""
        return str(self.phrases[phrase]).format(*places, **named)

    def several(self, phrase: str, number: int) -> str:
        """A phrase that has a singular and a plural."""
        one, more = self.phrases[phrase]
        return str(one if number == 1 else more).format(self.number(number))

    def either(self, words: Sequence[str]) -> str:
        """`a, b or c`."""
        return self._listed(words, "or")

    def both(self, words: Sequence[str]) -> str:
        """`a, b and c`."""
        return self._listed(words, "and")

    def _listed(self, words: Sequence[str], last: str) -> str:
        if len(words) < 2:  # noqa: PLR2004 - one has no conjunction
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.phrases[last]} {words[-1]}"

    def number(self, number: float) -> str:
        """`1,250.5`, or `1.250,5`."""
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        text = f"{number:,}" if abs(number) < 10**15 else f"{number:g}"
        return text.translate({ord(","): self.thousands, ord("."): self.decimal})

    def share(self, basis_points: int) -> str:
        """`12.5%`."""
        return f"{self.number(basis_points / 100 if basis_points % 100 else basis_points // 100)}%"

    def span(self, milliseconds: int) -> str:
        """`1 hour 30 minutes`."""
        words = []
        for name, number in parts_of(milliseconds):
            if name in self.units:
                words.append(f"{self.number(number)} {self.units[name][number != 1]}")
            else:
                words.append(f"{number} ms")
        return " ".join(words) or f"0 {self.units['second'][1]}"

    def rough_span(self, milliseconds: int) -> str:
        """`1 hour 30 minutes`: the two largest units that are not zero."""
        named = [(name, number) for name, number in parts_of(milliseconds) if name in self.units][:2]
        return " ".join(f"{self.number(number)} {self.units[name][number != 1]}" for name, number in named) or self.say(
            "no_time"
        )

    def reason(self, code: str) -> str:
        """A reason in words; the code itself where it is none of ours."""
        return self.reasons.get(code, code)

    def constant(self, value: Any) -> str:
        """A value of JSON as people write it; texts in quotation marks."""
        if value is None:
            return self.say("nothing")
        if isinstance(value, bool):
            return self.say("true" if value else "false")
        if isinstance(value, int | float):
            return self.number(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return self.either([self.constant(one) for one in value]) or self.say("empty_list")
        return "; ".join(self.say("given", str(name), self.constant(found)) for name, found in value.items())

    def _text(self, text: str) -> str:
        if not text:
            return self.say("empty_text")
        if len(text) > _TEXT_CHARS:
            return self.say("more", f"“{text[:_TEXT_CHARS]}…”", self.number(len(text)))
        return f"“{text}”"


TONGUES = {
    "en": Tongue(
        "en",
        {**english.PHRASES, **told_english.PHRASES},
        english.TESTS,
        english.VALUES,
        english.UNITS,
        ",",
        ".",
        REASONS,
        told_english.GATES,
        told_english.OUTCOMES,
        STOPPED,
        told_english.WAYS,
    ),
    "it": Tongue(
        "it",
        {**italian.PHRASES, **told_italian.PHRASES},
        italian.TESTS,
        italian.VALUES,
        italian.UNITS,
        ".",
        ",",
        told_italian.REASONS,
        told_italian.GATES,
        told_italian.OUTCOMES,
        told_italian.STOPPED,
        told_italian.WAYS,
    ),
}
"""locale → its language"""

ENGLISH = TONGUES["en"]
