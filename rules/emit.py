"""What each operator becomes in generated Python source, with short forms for comparisons with a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules import standard, values
from rules.limits import INLINE_BRANCHES_MAX
from rules.meter import GivenUp, Meter, spend
from rules.nodes import gives_boolean, metered, weight_of, written_out
from rules.operators import ITERATIONS, OPERATORS, function_of
from rules.writer import CONSTANT, Code, Scope

TABLES = "tables"
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _variable(scope: Scope, _name: str, arguments: list[Any]) -> Code:
    path, default = arguments[0] if arguments else None, arguments[1:]
    otherwise = [scope.writer.name(values.ABSENT, "f_ABSENT")] if default else []
    if path.__class__ in (list, dict):
        found = scope.call(standard.segments, "m", scope.value(path).text)
        text = scope.call(values.member, "d", found, *otherwise)
    else:
        segments = values.segments_of(path)
        if not segments:
            return Code("d")
        text = scope.member(segments, *otherwise)
    if not default:
        return Code(text)
    t = scope.temporary()
    return Code(f"({t} if ({t} := {text}) is not {otherwise[0]} else {scope.value(default[0]).text})")


def _choice(scope: Scope, name: str, arguments: list[Any]) -> Code:
    if len(arguments) > 2 * INLINE_BRANCHES_MAX + 1:
        return Code(
            f"{scope.writer.function(lambda inner: _choice_statements(inner, arguments))}(d, r, m)",
            gives_boolean({name: arguments}),
        )
    text = scope.value(arguments[-1]).text if len(arguments) % 2 else "None"
    for index in reversed(range(0, len(arguments) - 1, 2)):
        text = f"({scope.value(arguments[index + 1]).text} if {scope.test(arguments[index])} else {text})"
    return Code(text, gives_boolean({name: arguments}))


def _choice_statements(scope: Scope, arguments: list[Any]) -> list[str]:
    lines = [
        f"if {scope.test(arguments[index])}: return {scope.value(arguments[index + 1]).text}"
        for index in range(0, len(arguments) - 1, 2)
    ]
    return [*lines, f"return {scope.value(arguments[-1]).text if len(arguments) % 2 else None}"]


def _junction(scope: Scope, name: str, arguments: list[Any]) -> Code:
    boolean = all(map(gives_boolean, arguments))
    if len(arguments) > INLINE_BRANCHES_MAX and not boolean:
        return Code(f"{scope.writer.function(lambda inner: _junction_statements(inner, name, arguments))}(d, r, m)")
    codes = [scope.value(argument) for argument in arguments]
    if boolean:
        return Code("(" + f" {name} ".join(code.text for code in codes) + ")", boolean=True)
    text = codes[-1].text
    for code in reversed(codes[:-1]):
        t = scope.temporary()
        test = scope.call(values.truthy, f"{t} := {code.text}")
        text = f"({text} if {test} else {t})" if name == "and" else f"({t} if {test} else {text})"
    return Code(text)


def _junction_statements(scope: Scope, name: str, arguments: list[Any]) -> list[str]:
    lines: list[str] = []
    for argument in arguments[:-1]:
        lines.append(f"t = {scope.value(argument).text}")
        lines.append(f"if {'not ' if name == 'and' else ''}{scope.call(values.truthy, 't')}: return t")
    return [*lines, f"return {scope.value(arguments[-1]).text}"]


def _iteration(scope: Scope, name: str, arguments: list[Any]) -> Code:
    source = scope.value(arguments[0]).text
    write = scope.writer.value_function if name in ("map", "reduce") else scope.writer.test_function
    body, weight = write(arguments[1]), str(weight_of(arguments[1]))
    initial = [scope.value(arguments[2]).text] if len(arguments) > 2 else []  # noqa: PLR2004 - reduce's third argument
    loop = (_SPENDING if metered(arguments[1]) else _LOOPS)[name]
    return Code(scope.call(loop, "m", weight, source, body, "r", *initial), name in ("all", "some", "none"))


Body = Callable[[Any, Any, Meter], Any]


def _paid(meter: Meter, weight: int, source: Any) -> list[Any]:
    """The elements, each of which is sure to be evaluated and is paid for here."""
    elements = source if source.__class__ is list else []
    spend(meter, weight * len(elements))
    return elements


def _map(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> list[Any]:
    return [body(element, root, meter) for element in _paid(meter, weight, source)]


def _filter(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> list[Any]:
    return [element for element in _paid(meter, weight, source) if body(element, root, meter)]


def _reduce(meter: Meter, weight: int, source: Any, body: Body, root: Any, initial: Any = None) -> Any:
    accumulator = initial
    for element in _paid(meter, weight, source):
        accumulator = body({"current": element, "accumulator": accumulator}, root, meter)
    return accumulator


def _all(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    elements, left = source if source.__class__ is list else [], meter[0]
    for element in elements:
        left -= weight
        if left < 0:
            raise GivenUp
        if not body(element, root, meter):
            meter[0] = left
            return False
    meter[0] = left
    return bool(elements)


def _some(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    left = meter[0]
    for element in source if source.__class__ is list else []:
        left -= weight
        if left < 0:
            raise GivenUp
        if body(element, root, meter):
            meter[0] = left
            return True
    meter[0] = left
    return False


def _none(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    return not _some(meter, weight, source, body, root)


def _all_of_spending(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    """`all`, where the body spends steps too."""
    elements = source if source.__class__ is list else []
    for element in elements:
        spend(meter, weight)
        if not body(element, root, meter):
            return False
    return bool(elements)


def _some_of_spending(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    """`some`, where the body spends steps too."""
    for element in source if source.__class__ is list else []:
        spend(meter, weight)
        if body(element, root, meter):
            return True
    return False


def _none_of_spending(meter: Meter, weight: int, source: Any, body: Body, root: Any) -> bool:
    return not _some_of_spending(meter, weight, source, body, root)


_LOOPS: dict[str, Callable[..., Any]] = {
    "map": _map, "filter": _filter, "reduce": _reduce, "all": _all, "some": _some, "none": _none,
}  # fmt: skip
_SPENDING = _LOOPS | {"all": _all_of_spending, "some": _some_of_spending, "none": _none_of_spending}


def _not(scope: Scope, name: str, arguments: list[Any]) -> Code:
    if not arguments:
        return Code(str(name == "!"), boolean=True)
    code = scope.value(arguments[0])
    test = code.text if code.boolean else scope.truth(code.text)
    return Code(f"(not {test})" if name == "!" else test, boolean=True)


def _equality(scope: Scope, name: str, arguments: list[Any]) -> Code:
    left, right = arguments
    if left.__class__ in CONSTANT or left is None:
        left, right = right, left
    if (right.__class__ not in CONSTANT and right is not None) or left.__class__ in (*CONSTANT, list) or left is None:
        return _eager(scope, name, arguments)
    write = _strictly if len(name) == 3 else _loosely  # noqa: PLR2004 - "===" and "!=="
    test = write(scope, scope.value(left).text, right)
    return Code(f"(not {test})" if name[0] == "!" else test, boolean=True)


def _strictly(scope: Scope, text: str, constant: Any) -> str:
    if constant is None or constant.__class__ is bool:
        return f"({text} is {constant})"
    if constant.__class__ is str or constant not in (0, 1):
        return f"({text} == {scope.constant(constant)})"
    t = scope.temporary()
    return f"(({t} := {text}) == {scope.constant(constant)} and {t}.__class__ is not bool)"


def _loosely(scope: Scope, text: str, constant: Any) -> str:
    if constant is None:
        return f"({text} is None)"
    t, literal = scope.temporary(), scope.constant(constant)
    slow = scope.call(values.loose, t, literal)
    if constant.__class__ is bool:
        return f"({t} is {constant} if ({t} := {text}).__class__ is bool else {slow})"
    return f"({t} == {literal} if {_is_like(t, text, constant)} else {slow})"


def _is_like(t: str, text: str, constant: Any) -> str:
    if constant.__class__ is str:
        return f"({t} := {text}).__class__ is str"
    return f"({t} := {text}).__class__ is int or {t}.__class__ is float"


def _order(scope: Scope, name: str, arguments: list[Any]) -> Code:
    left, right = arguments[0], arguments[1]
    if len(arguments) > 2:  # noqa: PLR2004 - the third argument of a range
        return _eager(scope, name, arguments)
    symbol = name
    if left.__class__ in (int, float):
        left, right, symbol = right, left, _MIRRORED[name]
    if right.__class__ not in (int, float):
        return _eager(scope, name, arguments)
    t, literal = scope.temporary(), scope.constant(right)
    fast = _is_like(t, scope.value(left).text, right)
    slow = scope.call(function_of(symbol), t, literal)
    return Code(f"({t} {symbol} {literal} if {fast} else {slow})", boolean=True)


def _within(scope: Scope, name: str, arguments: list[Any]) -> Code:
    needle, haystack = arguments
    if not written_out(name, arguments):
        return _eager(scope, name, arguments)
    text = scope.value(needle).text
    if any(element.__class__ is not str for element in haystack):
        return Code(scope.call(standard.among, text, scope.value(haystack).text), boolean=True)
    t, choices = scope.temporary(), scope.writer.name(frozenset(haystack), f"c{len(scope.writer.names)}")
    return Code(f"(({t} := {text}).__class__ is str and {t} in {choices})", boolean=True)


def _eager(scope: Scope, name: str, arguments: list[Any]) -> Code:
    signature = OPERATORS[name]
    before = {"": [], "scope": ["d"], "root": ["r"], "tables": [TABLES]}[signature.context]
    texts = [scope.value(argument).text for argument in arguments]
    return Code(scope.call(function_of(name), *(["m"] if signature.metered else []), *before, *texts), signature.boolean)


EMITTERS: dict[str, Callable[[Scope, str, list[Any]], Code]] = {
    **dict.fromkeys((name for name, signature in OPERATORS.items() if signature.call), _eager),
    **dict.fromkeys(ITERATIONS, _iteration),
    **dict.fromkeys(("if", "?:"), _choice),
    **dict.fromkeys(("and", "or"), _junction),
    **dict.fromkeys(("==", "!=", "===", "!=="), _equality),
    **dict.fromkeys(("<", "<=", ">", ">="), _order),
    **dict.fromkeys(("!", "!!"), _not),
    "in": _within,
    "var": _variable,
}
