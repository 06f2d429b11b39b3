"""Money and dates as people of a locale write them. In SMS a no-break space would double the price: there is none."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from minijinja import TemplateError

AMOUNT_MAX = Decimal(10) ** 15
_LOCALES_KEPT = 512
_LOCALE = re.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_NO_BREAK = str.maketrans(dict.fromkeys("\u00a0\u202f", " "))
_ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ITALIAN = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
]
_MONTHS = {"en": _ENGLISH, "it": _ITALIAN}
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_UNDIVIDED = frozenset({"JPY", "KRW", "CLP", "VND", "ISK"})
_CURRENCY = re.compile("[A-Z]{3}")


def money(amount: Any, currency: str, locale: str) -> str:
    """`1.234,50 €` in Italian, `€1,234.50` in English, elsewhere as the CLDR has it; where it has nothing, as in English."""
    exact = _exact(amount)
    if not _CURRENCY.fullmatch(currency):
        raise TemplateError("money needs a currency of three letters, like EUR")
    unit = Decimal(1) if currency in _UNDIVIDED else Decimal("0.01")
    rounded = exact.quantize(unit, ROUND_HALF_UP)
    language = _language(locale)
    if language not in _MONTHS:
        return _money_elsewhere(rounded, currency, locale)
    digits, sign = f"{abs(rounded):,}", "-" if rounded < 0 else ""
    symbol = _SYMBOLS.get(currency, currency)
    if language == "it":
        return f"{sign}{digits.translate(str.maketrans(',.', '.,'))} {symbol}"
    return f"{sign}{symbol}{'' if currency in _SYMBOLS else ' '}{digits}"


def _exact(amount: Any) -> Decimal:
    try:
        given = isinstance(amount, int | float | str) and not isinstance(amount, bool)
        exact = Decimal(str(amount)) if given else Decimal("nan")
        fits = abs(exact) < AMOUNT_MAX
    except ArithmeticError:
        fits = False
    if not fits:
        raise TemplateError("money needs a number")
    return exact


def day(value: Any, locale: str) -> str:
    """`3 marzo 2026` in Italian, `3 March 2026` in English, of a date or date-time as it is written."""
    try:
        found = date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        raise TemplateError("day needs a date like 2026-03-31") from None
    language = _language(locale)
    if language not in _MONTHS:
        return _day_elsewhere(found, locale)
    return f"{found.day} {_MONTHS[language][found.month - 1]} {found.year}"


def _money_elsewhere(amount: Decimal, currency: str, locale: str) -> str:
    from babel.numbers import format_currency  # noqa: PLC0415 - 0.2 s, and most shops write English or Italian

    return format_currency(amount, currency, locale=_known(locale)).translate(_NO_BREAK)


def _day_elsewhere(found: date, locale: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(found, "long", locale=_known(locale)).translate(_NO_BREAK)


@lru_cache(_LOCALES_KEPT)
def _language(locale: str) -> str:
    """`it`, `en` or another language that the CLDR knows; `en` for what it does not."""
    language = locale.replace("_", "-").lower().split("-")[0]
    return language if language in _MONTHS or _known(locale) != "en" else "en"


@lru_cache(_LOCALES_KEPT)
def _known(locale: str) -> str:
    """The locale as the CLDR names it, or the nearest one: `de-XY` → `de`; `en` where there is none."""
    from babel import localedata  # noqa: PLC0415
    from babel.core import get_locale_identifier, parse_locale  # noqa: PLC0415

    words = locale.replace("_", "-").split("-") if _LOCALE.fullmatch(locale) else []
    for count in range(len(words), 0, -1):
        try:
            name = get_locale_identifier(parse_locale("-".join(words[:count]), sep="-"))
        except ValueError:
            continue
        if localedata.exists(name):
            return name
    return "en"
