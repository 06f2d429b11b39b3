"""Which tests may kill the mutants of which file: those that survive one tier are tried by the next."""

from __future__ import annotations

_DOMAIN = (
    "tests/unit/domain",
    "tests/unit/partition/test_second_attempts.py",
    "tests/unit/partition/test_addresses.py",
    "tests/unit/partition/test_rounds.py",
)


def _domain(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/unit/domain/test_{name}.py" for name in names)


def _delivery(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/unit/delivery/test_{name}.py" for name in names)


_RECEIPTS = _domain("receipt_words"), _domain("receipts")
_WORLDS = ("tests/simulation/test_seeds.py::test_the_worlds_hold_what_they_are_for",)
_DECIDES = (_DOMAIN, _WORLDS)
_ACCOUNTS = _delivery("accounts", "accounts_back", "volume")
_GOVERNED = _delivery("governor", "breaker")
_LENT = _delivery("accounts_lent", "lending")
_LEAVE = _delivery("leave", "turns", "questions", "leases")

TIERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "orchestrator/domain/ledger.py": (_domain("ledger", "doubts", "joining"), *_RECEIPTS, *_DECIDES),
    "orchestrator/domain/gates.py": (_domain("gates", "caps_and_quiet"), *_DECIDES),
    "orchestrator/domain/receipts.py": (*_RECEIPTS, *_DECIDES),
    "orchestrator/domain/suppression.py": (_domain("list_entries", "suppression"), *_DECIDES),
    "orchestrator/delivery/permits.py": (_delivery("permits"), _LEAVE),
    "orchestrator/delivery/leases.py": (_LEAVE,),
    "orchestrator/delivery/volume.py": (_ACCOUNTS,),
    "orchestrator/delivery/governor.py": (_GOVERNED, _delivery("rates")),
    "orchestrator/delivery/lending.py": (_LENT,),
    "orchestrator/delivery/budget.py": (_delivery("shares", "budget", "lending"), _delivery("rates")),
    "orchestrator/delivery/rates.py": (_delivery("rates", "governor"), _LEAVE),
    "orchestrator/delivery/departures.py": (_delivery("departures"),),
    "orchestrator/delivery/breaker.py": (_delivery("breaker"),),
}
