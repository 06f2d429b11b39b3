"""The long tier: uv run python tests/simulation/long.py --seeds 100000 --jobs 2, or one seed again: --seed 123.

With `--apart` the worlds are of several partitions that belong to different workers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.simulation.apart import Apart
from tests.simulation.world import SimulationError, World

CHUNK = 100
MS_A_YEAR = 365 * 86_400_000
Result = Future[tuple[Counter[str], list[str]]]


def run_chunk(world: type[Apart | World], first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Sums over these seeds, and what broke."""
    sums: Counter[str] = Counter()
    broken = []
    for seed in range(first, first + count):
        try:
            report = world(seed).run()
        except SimulationError as error:
            broken.append(str(error))
        else:
            sums.update({name: number for name, number in asdict(report).items() if name != "seed"})
        sums["seeds"] += 1
    return sums, broken


def _work(world: type[Apart | World], first: int, seeds: int, jobs: int) -> Iterator[tuple[Counter[str], list[str]]]:
    """Results of all chunks as they come; never more than a few are waiting."""
    chunks = iter([(at, min(CHUNK, first + seeds - at)) for at in range(first, first + seeds, CHUNK)])
    with ProcessPoolExecutor(jobs) as pool:
        waiting: set[Result] = {pool.submit(run_chunk, world, *one) for one in islice(chunks, 2 * jobs)}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            waiting |= {pool.submit(run_chunk, world, *one) for one in islice(chunks, len(done))}
            yield from (future.result() for future in done)


def _figures(sums: Counter[str], broken: int, began: float) -> str:
    seconds = time.monotonic() - began
    years = sums["virtual_ms"] / MS_A_YEAR
    if "links" in sums:
        names = ("rows", "deaths", "fenced", "links", "contested", "adopted", "again")
        told = ", ".join(f"{sums[name]} {name}" for name in names)
        return f"{sums['seeds']} seeds ({sums['seeds'] / seconds:.0f}/s), {told}, {broken} broken"
    return (
        f"{sums['seeds']} seeds ({sums['seeds'] / seconds:.0f}/s), {sums['rows']} inputs, {sums['deaths']} deaths, "
        f"{sums['messages']} messages ({sums['taken']} taken), {years:.1f} virtual years, {broken} broken"
    )


def main() -> int:
    """Run many seeds, or one; the exit code says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--apart", action="store_true", help="partitions of different workers")
    given = parser.parse_args()
    if given.seed is not None:
        given.first, given.seeds, given.jobs = given.seed, 1, 1
    sums: Counter[str] = Counter()
    broken: list[str] = []
    began = said = time.monotonic()
    for more, failed in _work(Apart if given.apart else World, given.first, given.seeds, given.jobs):
        sums.update(more)
        broken += failed
        for text in failed:
            print(text, flush=True)  # noqa: T201 - a command's output
        if time.monotonic() - said > 10:
            said = time.monotonic()
            print(_figures(sums, len(broken), began), flush=True)  # noqa: T201 - a command's output
    print(_figures(sums, len(broken), began))  # noqa: T201 - a command's output
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
