"""Renders texts as delivery would: one environment for a whole workspace, with fuel for each rendering."""

from __future__ import annotations

from typing import Any

import minijinja

from orchestrator.authoring.limits import FUEL

EMPTY = "prints null, a list or an object"
FUEL_GONE = "OutOfFuel"
"""The kind of error of a text that does too much."""


class Press:
    """What is undefined or null cannot be printed, and can be tested. A text is parsed once, however often it is rendered."""

    def __init__(self) -> None:
        self.made = ""
        """What the last rendering gave."""
        self.refused: Any = None
        """The last null, list or object that was to be printed."""
        self._names: dict[str, str] = {}
        self._environment = minijinja.Environment(
            fuel=FUEL,
            debug=False,
            pycompat=False,
            finalizer=self._printed,
            filters={"default": _default, "d": _default, "money": self._given, "day": self._given},
        )
        self._environment.undefined_behavior = "semi_strict"  # type: ignore[assignment]  # minijinja has it, its stub has not
        self._environment.remove_global("debug")

    def render(self, text: str, data: dict[str, Any]) -> str | None:
        """The text that the data lead to; None where they lead to an error."""
        return None if self.attempt(text, data) is not None else self.made

    def attempt(self, text: str, data: dict[str, Any]) -> minijinja.TemplateError | None:
        """The error that the data lead to."""
        try:
            self.made = self._environment.render_template(self._named(text), **data)
        except minijinja.TemplateError as error:
            return error
        except (AttributeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError):
            return minijinja.TemplateError("a filter was given what it cannot take")
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            return minijinja.TemplateError("minijinja itself fails on it")
        return None

    def _named(self, text: str) -> str:
        if text not in self._names:
            name = str(len(self._names))
            self._environment.add_template(name, text)
            self._names[text] = name
        return self._names[text]

    def _printed(self, value: Any) -> Any:
        if value is None or isinstance(value, dict | list):
            self.refused = value
            raise minijinja.TemplateError(EMPTY)
        return value

    def _given(self, value: Any, *_words: str, **_named: str) -> str:
        """Stands for delivery's own filters."""
        self._printed(value)
        return "1.234.567,89"


def _default(value: Any, instead: Any = "", falsy: Any = False) -> Any:  # noqa: FBT002  (Jinja's signature)
    return instead if value is None or (falsy and not value) else value
