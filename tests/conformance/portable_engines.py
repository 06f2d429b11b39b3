"""Three engines of JSON-Logic: ours (both evaluators), json-logic-js under node, datalogic. Each tells truths as 1 and 0."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from datalogic_py import DataLogicError, Engine

from rules import compile_condition
from rules.condition import checked_rule
from rules.tree import RuleContext, traced, tree_of
from rules.values import truthy

NODE = Path(__file__).parent / "node"
_DATALOGIC = Engine()


class Case(NamedTuple):
    """A condition, and what it is asked on."""

    rule: Any
    data: list[Any]


def installed() -> str:
    """Install json-logic-js beside its lock file where it is absent; why that cannot be, or nothing."""
    if shutil.which("node") is None:
        return "node is not installed"
    with (NODE / "package.json").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (NODE / "node_modules" / "json-logic-js").exists():
            return ""
        if shutil.which("npm") is None:
            return "json-logic-js is not installed, and npm neither"
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True, timeout=120, check=False
        )
    return "" if done.returncode == 0 else f"npm could not install json-logic-js: {done.stderr[-300:]}"


@contextmanager
def official() -> Iterator[Official]:
    """One node process, as long as it is needed."""
    process = subprocess.Popen(["node", "truths.js"], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield Official(process)
        assert process.stdin is not None
        process.stdin.close()


class Official:
    """json-logic-js."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def truths(self, cases: Iterable[Case]) -> list[str]:
        """Of each case. A line is written only when the one before is answered, so no pipe fills up."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        found = []
        for case in cases:
            self._process.stdin.write(json.dumps(case._asdict()) + "\n")
            self._process.stdin.flush()
            found.append(self._process.stdout.readline().strip())
        return found


def compiled(case: Case) -> str:
    holds = compile_condition(case.rule).holds
    return "".join("1" if holds(data) else "0" for data in case.data)


def interpreted(case: Case) -> str:
    tree = tree_of(checked_rule(case.rule))
    return "".join("1" if truthy(traced(tree, RuleContext(data, {})).value) else "0" for data in case.data)


def datalogic(case: Case) -> str:
    rule = _DATALOGIC.compile(json.dumps(case.rule))

    def truth(data: Any) -> str:
        try:
            return "1" if _DATALOGIC.truthy(rule.evaluate_str(json.dumps(data))) else "0"
        except DataLogicError:
            return "!"

    return "".join(map(truth, case.data))
