"""The dearest condition that passes preflight: python tests/bench/worst.py [--rounds N] [--bytes N].

Starts from conditions made to cost, and changes what cost most so far, keeping what costs more. Prints the worst, in
CPU milliseconds of one evaluation in generated source (the least of some).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from rules import compile_condition, preflight
from rules.limits import NODES_MAX
from rules.operators import ITERATIONS, OPERATORS

EVENT_BYTES = 32 * 1024
REPEATS, REPEATS_AT_LAST = 3, 50
Rule = Any


def lists(size: int) -> dict[str, Callable[[], list[Any]]]:
    """Arrays of every kind, each as large as an event of that size can hold."""
    return {
        "ones": lambda: [1] * (size // 2),
        "yes": lambda: [True] * (size // 5),
        "numbers": lambda: list(range(10_000, 10_000 + size // 6)),
        "floats": lambda: [number * 1e-9 for number in range(1, size // 7)],
        "words": lambda: [f"w{number}" for number in range(size // 8)],
        "numerals": lambda: [f"0.{number:098}" for number in range(size // 103)],
        "texts": lambda: ["é" * 500 + str(number) for number in range(size // 1_010)],
        "pairs": lambda: [[number * 1e-9 for number in range(at, at + 8)] for at in range(1, size // 7, 8)],
        "deep": lambda: [_nested(14)] * (size // 30),
        "rows": lambda: [{"a": number, "b": str(number), "c": number * 1e-9} for number in range(size // 34)],
        "dates": lambda: [f"2026-01-01T00:{at // 60 % 60:02}:{at % 60:02}.{at:06}Z" for at in range(size // 30)],
        "matrix": lambda: [list(range(120))] * (size // 480),
    }


def _nested(depth: int) -> Any:
    value: Any = "1"
    for _ in range(depth):
        value = [value]
    return value


def data_of(size: int) -> dict[str, Any]:
    """Everything at once, each of the full size: more than one event can hold."""
    found: dict[str, Any] = {name: make() for name, make in lists(size).items()}
    found |= {"long": "a" * size, "needle": "a" * (size // 2) + "b", "accents": "é\uffff" * (size // 5), "one": 1, "text": "x"}
    found |= {"digits": "9" * size, "path": ".".join("a" * (size // 2)), "now": "2026-02-01T00:00:00Z"}
    return found | {"profile": {"id": "p", "segments": [f"s{number}" for number in range(200)]}, "chain": _chain(32)}


def _chain(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def var(path: str) -> Rule:
    return {"var": path}


CHAIN = ".".join(["chain", *"a" * 31])


def attacks() -> Iterator[Rule]:
    """Conditions that cost by one means each."""
    names = list(lists(100))
    for name in names:
        for body in (
            {"==": [var(""), "1,2"]}, {"<": [var(""), 1]}, {"+": [var("")] * 8}, {"in": ["zz", var("")]}, {"max": [var(""), 1]},
            {"before": [var(""), "2026-01-01T00:00:00Z"]}, {"==": [var("a"), var("b")]}, {"cat": [var(""), var("")]}, False,
            {"<": [var(""), "é"]}, {"in": ["1", {"cat": [var("")]}]}, {"lower": [var("")]}, {"missing": [var("")]},
        ):  # fmt: skip
            yield {"some": [var(name), {"and": [body, False]}]}
            yield {"all": [var(name), {"or": [body, True]}]}
        yield _wide({"in": ["zz", var(name)]})
        yield _wide({"in": [1, var(name)]})
        yield _wide({"any_of": [var(name), var("words")]})
        yield {"some": [var(name), {"some": [var(""), {"==": [var(""), 9]}]}]}
        yield {"reduce": [var(name), {"merge": [var("accumulator"), var("current")]}, []]}
        yield {"reduce": [var(name), {"cat": [var("accumulator"), var("accumulator")]}, "ab"]}
        yield {"map": [var(name), {"map": [var("matrix"), 1]}]}
        yield {"filter": [var(name), True]}
        yield {"merge": [var(name)] * 900}
        yield [var(name)] * 900
    for part in (
        {"in": [var("needle"), var("long")]}, {"contains": [var("long"), var("needle")]}, {"lower": [var("accents")]},
        {"<": [var("accents"), var("accents")]}, {"==": [var("digits"), 1]}, {"+": [var("digits"), 1]}, {"==": [var(CHAIN), 2]},
        {"missing": [CHAIN]}, {"missing": [var("path")]}, {"cat": [var("long"), var("long")]}, {"bucket": [var("long"), 9]},
        {"substr": [var("numbers"), 0, 5]}, {"==": [var("deep"), "1"]}, {"starts_with": [var("long"), var("long")]},
        {"segment": "zz"}, {"==": [var("floats.1"), "x"]}, {"days_between": [var("dates.1"), var("dates.2")]},
        {"==": [var("pairs.1"), "x"]}, {"var": [var("path"), 1]}, {"missing_some": [1, [CHAIN, CHAIN]]},
    ):  # fmt: skip
        yield _wide(part)


def _wide(part: Rule) -> Rule:
    """As many of it as a condition may have."""
    count = (NODES_MAX - 10) // (1 + _nodes(part))
    return {"or": [{"and": [part, False]} if count < 200 else part for _ in range(max(1, count // 2))] + [False]}


def _nodes(rule: Rule) -> int:
    if isinstance(rule, list):
        return 1 + sum(map(_nodes, rule))
    if isinstance(rule, dict):
        return 1 + sum(1 + _nodes(given) for given in rule.values())
    return 1


def cost_ms(rule: Rule, data: Any, enough: float = 0, repeats: int = REPEATS) -> float:
    """CPU milliseconds of one evaluation, the least of some; what is less than `enough` is not measured again."""
    holds = compile_condition(rule).value
    best = float("inf")
    for _ in range(repeats):
        begun = time.process_time_ns()
        holds(data)
        best = min(best, (time.process_time_ns() - begun) / 1e6)
        if best < enough:
            break
    return best


def changed(rule: Rule, chance: random.Random, pool: list[Rule]) -> Rule:
    """The rule with one part replaced, doubled or wrapped."""
    if chance.random() < 0.3 or not isinstance(rule, dict | list) or not rule:
        return _another(rule, chance, pool)
    if isinstance(rule, list):
        place = chance.randrange(len(rule))
        parts = [*rule[:place], changed(rule[place], chance, pool), *rule[place + 1 :]]
        return parts if chance.random() < 0.7 else parts + [chance.choice(parts)] * chance.randrange(1, 20)
    ((name, given),) = rule.items()
    if name == "var" and not isinstance(given, list):
        return chance.choice(pool)
    return {name: changed(given, chance, pool)}


def _another(rule: Rule, chance: random.Random, pool: list[Rule]) -> Rule:
    name = chance.choice(sorted(OPERATORS))
    if name in ITERATIONS:
        return {name: [chance.choice(pool), rule]}
    signature = OPERATORS[name]
    count = chance.randint(max(1, signature.least), signature.most or 6)
    return {name: [rule if chance.random() < 0.5 else chance.choice(pool) for _ in range(count)]}


def search(rounds: int, size: int, seed: int = 0) -> tuple[float, Rule]:
    """The dearest of what was tried, and its cost."""
    chance, data = random.Random(seed), data_of(size)
    pool = [var(name) for name in data] + [var(""), var("a"), var("current"), var("accumulator"), 1, "1", "zz", 1e-9]
    tried = [(cost_ms(rule, data), number, rule) for number, rule in enumerate(attacks()) if not preflight(rule)]
    kept = sorted(tried, key=lambda one: one[:2], reverse=True)[:40]
    for number in range(rounds):
        rule = changed(chance.choice(kept)[2], chance, pool)
        if not preflight(rule):
            cost = cost_ms(rule, data, kept[-1][0])
            kept = sorted([*kept, (cost, -number, rule)], key=lambda one: one[:2], reverse=True)[:40]
    return max(((cost_ms(rule, data, repeats=REPEATS_AT_LAST), rule) for _, _, rule in kept), key=lambda one: one[0])


def main() -> None:
    """Search, and print the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3_000)
    parser.add_argument("--bytes", type=int, default=EVENT_BYTES, help="of each value that conditions may read")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cost, rule = search(given.rounds, given.bytes, given.seed)
    print(json.dumps({"bench": "worst", "rounds": given.rounds, "ms": round(cost, 2), "rule": json.dumps(rule)[:600]}))


if __name__ == "__main__":
    main()
