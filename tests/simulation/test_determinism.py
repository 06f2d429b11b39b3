"""A seed decides everything: the same world again, and under another hash seed, is the same to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.world import World

ROOT = Path(__file__).parents[2]
SEEDS = range(300, 312)
PROGRAM = f"""
from tests.simulation.world import World
for seed in {list(SEEDS)}:
    world = World(seed)
    world.run()
    print(world.digest())
"""


def _digests(hash_seed: str) -> list[str]:
    variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.split()


def test_worlds_are_equal_to_the_byte_under_two_hash_seeds() -> None:
    first = _digests("1")

    assert len(set(first)) == len(SEEDS)
    assert _digests("2") == first


def test_a_world_run_again_is_the_same() -> None:
    one, other = World(7), World(7)

    assert one.run() == other.run()
    assert one.digest() == other.digest()
