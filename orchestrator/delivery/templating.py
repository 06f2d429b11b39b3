"""How texts are compiled and what they can do: read JSON values only, on so much fuel; in html all values are escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from minijinja import Environment, TemplateError

from orchestrator.delivery.formats import day, money
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.template import Template

FUEL = 100_000
"""Instructions that one part may take; an email with 12 rows takes about 700."""
_AS_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def environment(language: Callable[[], str]) -> Environment:
    environment = Environment(
        fuel=FUEL,
        debug=False,
        pycompat=False,
        auto_escape_callback=lambda name: "html" if name.endswith("html") else False,
        finalizer=_printed,
        filters={"default": _default, "d": _default, **_formats(language)},
    )
    environment.undefined_behavior = "semi_strict"  # type: ignore[assignment]  # minijinja has it, its stub has not
    environment.remove_global("debug")
    return environment


def _formats(language: Callable[[], str]) -> dict[str, Callable[..., str]]:
    """`money(currency, locale)` and `day(locale)`; the text's own language where the template names none."""
    return {
        "money": lambda amount, currency="EUR", locale=None: money(amount, currency, language() if locale is None else locale),
        "day": lambda value, locale=None: day(value, language() if locale is None else locale),
    }


def _printed(value: Any) -> Any:
    if value is None or isinstance(value, dict | list):
        raise TemplateError("prints null, a list or an object: test it, give it a default or print what is in it")
    return value


def _default(value: Any, instead: Any = "", falsy: Any = False) -> Any:  # noqa: FBT002  (Jinja's signature)
    """Jinja's `default`, for null as for absence."""
    return instead if value is None or (falsy and not value) else value


def json_only(template: Template, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context as plain JSON values; lone surrogates, which nothing can carry, become question marks."""
    try:
        found: dict[str, Any] = msgspec.json.decode(_AS_JSON(dict(context)).encode("utf-8", "replace"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(template.name, "context", None, f"holds more than JSON ({type(error).__name__})") from None
    return found


def reads(text: str) -> set[str]:
    return set(Environment().undeclared_variables_in_str(text))
