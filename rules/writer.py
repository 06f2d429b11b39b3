"""Generated Python source: the pieces that an expression is written with. What each operator becomes stands in `emit`.

Every generated function takes `d`, the innermost scope, `r`, the whole input, and `m`, the meter (None where it needs none).
Deep or wide expressions are put into functions of their own, so that the source stays within what Python parses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rules import meter, values
from rules.limits import INLINE_LEVELS_MAX
from rules.nodes import gives_boolean, operation

CONSTANT = (bool, int, float, str)


@dataclass(frozen=True, slots=True)
class Code:
    """One parenthesised or atomic expression; `boolean` says that it gives True or False and nothing else."""

    text: str
    boolean: bool = False


@dataclass(slots=True)
class Writer:
    """One module of generated source: its functions, and the objects that they name."""

    emitters: dict[str, Callable[[Scope, str, list[Any]], Code]]
    functions: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)

    def name(self, thing: Any, label: str) -> str:
        """A name for an object that the source uses; the same label and object give the same name."""
        name = label
        while self.names.setdefault(name, thing) is not thing:
            name += "_"
        return name

    def function(self, write: Callable[[Scope], list[str]]) -> str:
        """Write a function of (d, r, m) from the statements of its body; its name."""
        scope = Scope(self)
        body = write(scope)
        name = f"b{len(self.functions)}"
        self.functions.append(f"def {name}(d, r, m):\n" + "".join(f"    {line}\n" for line in body))
        return name

    def entry(self, name: str, node: Any, *, test: bool = False, around: str = "", metered: bool = False) -> None:
        """Write a function of the whole input alone; `around` names a function that its result passes through."""
        scope = Scope(self)
        text = scope.test(node) if test else scope.value(node).text
        begun, result = f"def {name}(r):\n    d = r\n", f"{around}({text})"
        if not metered:
            self.functions.append(f"{begun}    m = None\n    return {result}\n")
            return
        given_up = self.name(meter.GivenUp, "f_GivenUp")
        tried = f"    m = {meter.full()}\n    try:\n        return {result}\n"
        self.functions.append(f"{begun}{tried}    except {given_up}:\n        return {False if test else None}\n")

    def value_function(self, node: Any) -> str:
        return self.function(lambda scope: [f"return {scope.value(node).text}"])

    def test_function(self, node: Any) -> str:
        return self.function(lambda scope: [f"return {scope.test(node)}"])


@dataclass(slots=True)
class Scope:
    """The body of one generated function: its temporaries, and how deep the expression being written is."""

    writer: Writer
    temporaries: int = 0
    level: int = 0

    def temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def call(self, function: Callable[..., Any], *arguments: str) -> str:
        """A call of one of our functions."""
        return f"{self.writer.name(function, 'f_' + function.__name__)}({', '.join(arguments)})"

    def constant(self, value: Any) -> str:
        """A literal; negative and float ones are parenthesised by their repr where Python needs it."""
        text = repr(value)
        return f"({text})" if text.startswith("-") else text

    def value(self, node: Any) -> Code:
        """The expression for `node`."""
        if node.__class__ is list:
            return self._list(node)
        if node.__class__ is not dict:
            return Code(self.constant(node), node.__class__ is bool)
        if self.level >= INLINE_LEVELS_MAX:
            return Code(f"{self.writer.value_function(node)}(d, r, m)", gives_boolean(node))
        name, arguments = operation(node)
        self.level += 1
        code = self.writer.emitters[name](self, name, arguments)
        self.level -= 1
        return code

    def _list(self, node: list[Any]) -> Code:
        if self.level >= INLINE_LEVELS_MAX and any(element.__class__ in (list, dict) for element in node):
            return Code(f"{self.writer.value_function(node)}(d, r, m)")
        self.level += 1
        elements = ", ".join(self.value(element).text for element in node)
        self.level -= 1
        return Code(f"[{elements}]")

    def test(self, node: Any) -> str:
        """An expression that is true exactly if `node` holds; it need not give a bool inside `and`, `or`, `not`, `if`."""
        if node.__class__ is list:
            return str(bool(node))
        if node.__class__ is not dict:
            return str(values.truthy(node))
        name, arguments = operation(node)
        if name in ("and", "or") and self.level < INLINE_LEVELS_MAX:
            self.level += 1
            joined = f" {name} ".join(self.test(argument) for argument in arguments)
            self.level -= 1
            return f"({joined})"
        if name in ("!", "!!") and len(arguments) == 1:
            return f"(not {self.test(arguments[0])})" if name == "!" else self.test(arguments[0])
        code = self.value(node)
        return code.text if code.boolean else self.truth(code.text)

    def truth(self, text: str) -> str:
        """The truth of an expression, without a call where it is a boolean or null."""
        t = self.temporary()
        return f"(({t} := {text}) is True or ({t} is not False and {t} is not None and {self.call(values.truthy, t)}))"

    def member(self, segments: tuple[str, ...], otherwise: str = "") -> str:
        """The member at `segments` of the scope, by plain `dict.get` where the data are objects all the way."""
        default = [otherwise] if otherwise else []
        slow = self.call(values.member, "d", repr(segments), *default)
        *way, last = (repr(segment) for segment in segments)
        t, holder, tests = self.temporary(), "d", ["d.__class__ is dict"]
        for segment in way:
            tests.append(f"({t} := {holder}.get({segment})).__class__ is dict")
            holder = t
        return f"({holder}.get({', '.join([last, *default])}) if {' and '.join(tests)} else {slow})"
