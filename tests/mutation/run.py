"""Would the tests notice? Mutants of what decides about sending, one at a time, and which of them no test kills.

    uv run --group mutation python tests/mutation/run.py --jobs 2
    uv run --group mutation python tests/mutation/run.py ledger budget

A mutant is killed by the first test that fails, or that does not end. Prints each survivor, and a score a file. What is known
to be no change of meaning stands in `equivalent.py`, and is counted apart.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.mutation.equivalent import EQUIVALENT  # noqa: E402
from tests.mutation.mutants import Mutant, mutants_of  # noqa: E402
from tests.mutation.putting import Instead, put  # noqa: E402
from tests.mutation.tiers import TIERS  # noqa: E402

LIMIT_S = 120
"""CPU seconds of one mutant's tests; they take a tenth of that where nothing is wrong."""
WANTED = 0.9
UNKNOWN = 255
"""The exit code where no function has the change, so that it can only be put in before anybody imports it."""
_PYTEST = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "--hypothesis-seed=0",
    "--tb=native",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)


@dataclass(slots=True)
class Score:
    """Of one file."""

    killed: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Killed, of those that change something."""
        return self.killed / max(1, self.killed + len(self.survivors))

    def told(self, name: str) -> str:
        """One line."""
        mutants = self.killed + self.equivalent + len(self.survivors)
        return f"{name}: {self.share:.1%} killed of {mutants} mutants less {self.equivalent} equivalent"


def started(work: Callable[[], int]) -> int:
    """Do that in a process of its own, without a word; its id. The exit code is what it gives."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, resource.RLIM_INFINITY))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = work()
    finally:
        os._exit(code)


def each(mutants: Sequence[Mutant], jobs: int, work: Callable[[Mutant], int]) -> Iterator[tuple[Mutant, int]]:
    """(mutant, exit code), as they end; negative where it was killed."""
    waiting, running = list(mutants)[::-1], dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[started(lambda mutant=mutant: work(mutant))] = mutant  # type: ignore[misc]
        pid, status = os.wait()
        yield running.pop(pid), os.waitstatus_to_exitcode(status)


@dataclass
class Trying:
    """A pytest plug-in: once everything is collected, tries each mutant instead. What killed before is run first."""

    name: str
    mutants: list[Mutant]
    jobs: int
    told: IO[str]
    """Where each mutant's number and exit code go."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Fork once for each mutant."""
        self.told.write(" ".join(_others()) + "\n")
        if session.testsfailed:
            return True
        said, says = os.pipe()
        os.set_blocking(said, False)
        order = list(range(len(session.items)))
        gc.freeze()  # what children do not touch is not copied
        for mutant, code in each(self.mutants, self.jobs, lambda mutant: self._try(mutant, session.items, order, says)):
            self.told.write(f"{self.mutants.index(mutant)} {code}\n")
            self.told.flush()
            for killer in _read(said):
                order.remove(killer)
                order.insert(0, killer)
        return True

    def _try(self, mutant: Mutant, items: Sequence[pytest.Item], order: Sequence[int], says: int) -> int:
        if mutant.source and not put(self.name, mutant.source):
            return UNKNOWN
        for place, following in zip(order, [*order[1:], None], strict=True):
            nextitem = None if following is None else items[following]
            if any(report.failed for report in runtestprotocol(items[place], log=False, nextitem=nextitem)):
                os.write(says, place.to_bytes(4))
                return 1
        return 0


def _others() -> Iterator[str]:
    """The modules that the tests have imported and that are not ours."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and ("site-packages" in file or not Path(file).is_relative_to(ROOT)):
            yield name


def _import(names: Sequence[str]) -> None:
    """What children would each import anew."""
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)


def _read(said: int) -> Iterator[int]:
    try:
        while True:
            yield int.from_bytes(os.read(said, 4))
    except BlockingIOError:
        return


def _session(name: str, mutants: list[Mutant], jobs: int, tests: Sequence[str]) -> Iterator[tuple[Mutant, int]]:
    """Tried in a child that keeps what it has imported of us to itself; (mutant, exit code), as they end."""
    said, says = os.pipe()
    pid = started(lambda: _tried(name, mutants, jobs, tests, says))
    os.close(says)
    with os.fdopen(said) as told:
        _import(told.readline().split())
        for line in told:
            number, code = line.split()
            yield mutants[int(number)], int(code)
    os.waitpid(pid, 0)


def _tried(name: str, mutants: list[Mutant], jobs: int, tests: Sequence[str], says: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # it is many mutants' parent
    with os.fdopen(says, "w") as told:
        return int(pytest.main([*_PYTEST, *tests], plugins=[Trying(name, mutants, jobs, told)]))


def _fresh(name: str, path: Path, mutant: Mutant, tests: Sequence[str]) -> int:
    sys.meta_path.insert(0, Instead(name, path, mutant.source))
    return int(pytest.main([*_PYTEST, *tests]))


def score_of(file: str, jobs: int, most: int | None) -> Score:
    """Try the mutants of one file, all or so many, by one tier of its tests after the other."""
    known, every = EQUIVALENT.get(file, {}), list(mutants_of(ROOT / file, most))
    left = [mutant for mutant in every if mutant.name not in known]
    score = Score(equivalent=len(every) - len(left), killed=len(left))
    for tests in TIERS[file]:
        left = list(_survivors(file, left, jobs, tests))
    for mutant in left:
        score.killed -= 1
        score.survivors.append(mutant)
        print(f"{file}:{mutant.place}\n  - {mutant.before}\n  + {mutant.after}")
    return score


def _survivors(file: str, mutants: list[Mutant], jobs: int, tests: Sequence[str]) -> Iterator[Mutant]:
    """Those that none of these tests kills; AssertionError where they fail as things are."""
    name, as_it_is = ".".join(Path(file).with_suffix("").parts), Mutant("", 0, "", "", inside=True)
    done, before = dict[int, int](), [mutant for mutant in mutants if not mutant.inside]
    for mutant, code in _session(name, [as_it_is, *(mutant for mutant in mutants if mutant.inside)], jobs, tests):
        done[id(mutant)] = code
        _say(f"{len(done)} of {len(mutants)}")
        before += [mutant] if code == UNKNOWN else []
    assert done.get(id(as_it_is)) == 0, f"the tests of {file} fail as they are"
    for mutant, code in each(before, jobs, lambda mutant: _fresh(name, ROOT / file, mutant, tests)):
        done[id(mutant)] = code
        _say(f"{len(done)} of {len(mutants)}")
    yield from (mutant for mutant in mutants if not done[id(mutant)])


def _say(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress} ", end="", file=sys.stderr)


def main() -> int:
    """Print the scores; the exit code says whether each is what is wanted."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("files", nargs="*", help="parts of their names; all without")
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--sample", type=int, help="try so many of each file, drawn at random; all without")
    given = asked.parse_args()
    os.chdir(ROOT)
    chosen = [file for file in TIERS if not given.files or any(part in file for part in given.files)]
    scores = {}
    for file in chosen:
        scores[file] = score_of(file, given.jobs, given.sample)
        print(scores[file].told(file), flush=True)
    print("\n".join(["", *(score.told(file) for file, score in scores.items())]))
    return 0 if all(score.share >= WANTED for score in scores.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
