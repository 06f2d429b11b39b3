"""Links in messages to our own pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.survey import LINK_LIFE_MS, Link, Survey, signed


@dataclass(frozen=True, slots=True)
class SurveyLinks:
    """Where recipients answer. `base` is the door as they reach it; of `keys` the first signs."""

    base: str
    keys: Callable[[], tuple[bytes, ...]]

    def url(self, outgoing: Outgoing) -> str:
        """The link of a message that asks a survey, good for as long as it says."""
        until = outgoing.not_after + LINK_LIFE_MS
        link = Link(outgoing.message_id, Survey(outgoing.survey, "text").tag, outgoing.person, outgoing.locale, until)
        return f"{self.base}/s/{signed(link, self.keys()[0])}"
