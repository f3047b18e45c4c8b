"""A few hundred mutations of each parser's seeds, the same each time; bench/fuzz.py does it for as long as you like."""

from __future__ import annotations

import random

import pytest

from bench.fuzz import mutated, targets, way

MUTATIONS = 120
TARGETS = {target.name: target for target in targets()}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_parser_answers_or_refuses(name: str) -> None:
    target, chance = TARGETS[name], random.Random(1)
    ways = {way(target, seed) for seed in target.seeds}
    for _ in range(MUTATIONS):
        ways.add(way(target, mutated(chance, target.seeds)))
    assert ways
