"""Distances of clouds from the densities."""

import numpy as np
import pytest

from limits.theorems import Verdict
from particles import ParticleCloud
from runs.studies.mean_field_laws.experiments.clouds import CURVES, EDGES, Clouds
from runs.studies.mean_field_laws.problem import Problem
from runs.studies.mean_field_laws.study import STUDY
from runs.study.table import Row, Table
from tests.problems import numbers
from tests.runs.study.smoke import Smoke

SMOKE = STUDY.configured(scale="smoke", device="cpu")


def test_distances_are_complete_and_fall(laws: Smoke) -> None:
    """Assert that every comparison has a distance for every cloud; on the way and of independent ones it falls."""
    table = Table.read(laws.folder / "result.csv")
    for curve in CURVES:
        for quantity in ("W1", "W2"):
            found = table.at("clouds", quantity, curve)
            assert found.x.tolist() == [60.0, 240.0] and found.values.shape == (2, 3)
            assert found.mean[1] < found.mean[0]


def test_bars_and_densities_hold_all_the_mass(laws: Smoke) -> None:
    """Assert that bars of the largest cloud sum to one or little less, and that densities integrate to one."""
    table = Table.read(laws.folder / "result.csv")
    for curve in ("on the way", "at rest"):
        bars = table.at("clouds", "density", curve)
        density = table.at("clouds", "density", curve, predicted=True)
        assert 0.99 <= float(bars.values.sum()) * (EDGES[1] - EDGES[0]) <= 1.0 + 1e-12
        assert abs(float(density.values.sum()) * (density.x[1] - density.x[0]) - 1.0) < 1e-9
    panels = Clouds().panels(SMOKE, table)
    assert [line.kind for line in panels[0].lines] == ["bars", "line", "dashed"] and len(panels) == 3
    assert [line.label for line in panels[2].lines] == list(CURVES)


def test_seeds_are_not_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that every cloud of every count has a seed of its own."""
    seeds: list[int] = []

    def clouds(problem: Problem, count: int, seed: int) -> tuple[ParticleCloud, ParticleCloud]:
        """Standard normal weights, and a note of the seed."""
        seeds.append(seed)
        cloud = ParticleCloud(numbers(seed, count, 2))
        return cloud, cloud

    monkeypatch.setattr(Problem, "clouds", clouds)
    for case in Clouds().cases(SMOKE):
        assert len([*Clouds().measured(SMOKE, case, SMOKE.out, lambda step: None)]) >= 18
    assert len(seeds) == len(set(seeds)) == 6


def test_claims_ask_for_rest_and_for_the_power() -> None:
    """Assert that m^(-1/2) holds and m^0 is violated, and that nothing is said of clouds that are not at rest."""
    counts, scatter = np.array([250.0, 1000.0, 4000.0]), (0.99, 1.0, 1.01)
    for power, verdict in ((-0.5, Verdict.HOLDS), (0.0, Verdict.VIOLATED)):
        values = [(seed, float(x), float(part * x**power)) for seed, part in enumerate(scatter) for x in counts]
        table = Table(tuple(Row("clouds", "W1", curve, *numbers) for curve in CURVES for numbers in values))
        rested = STUDY.configured(scale="laptop", device="cpu")
        assert [claim.verdict for claim in Clouds().claims(rested, table)] == [verdict] * 3
        assert [*Clouds().claims(SMOKE, table)][1].verdict is Verdict.ASSUMPTION_FAILS
