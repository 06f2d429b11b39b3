"""The time zones in which a phone number may be: several where its country has several and it does not say which.

They are data that come with the engine's version, so a number has the same ones whenever it is decided again. Read when a
number is first asked about: most engines never do, and it takes a third of a second.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestrator.domain.calendar import zone_of
from orchestrator.domain.limits import NUMBER_ZONES_KEPT


@lru_cache(maxsize=NUMBER_ZONES_KEPT)
def zones_of(number: str) -> tuple[ZoneInfo, ...]:
    """Where this number, written with `+` and country code, may be; nothing where that cannot be told."""
    from phonenumbers import NumberParseException, parse  # noqa: PLC0415 - see above
    from phonenumbers.timezone import time_zones_for_number  # noqa: PLC0415

    try:
        names = time_zones_for_number(parse(number))
    except NumberParseException:
        return ()
    return tuple(zone for name in names if not name.startswith("Etc/") and (zone := zone_of(name)) is not None)
