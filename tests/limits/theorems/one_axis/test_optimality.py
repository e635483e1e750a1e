"""Conditions of optimality of a trained cloud, and convexity in the measure."""

import pytest
import torch

from flows import Adaptive, GradientFlow, evolve
from limits import FreeEnergy
from limits.mean_field.free_energy import FreeEnergy as Energy
from limits.theorems import Verdict
from limits.theorems.one_axis import convexity, optimality
from particles import ParticleCloud
from tests.draws import normals, unequal
from tests.limits.theorems.one_axis.networks import risk_of, start

PLACES = 2.0 * normals(400, 4, seed=7)


def test_a_trained_cloud_is_optimal_and_its_start_is_not() -> None:
    """Assert that both conditions hold after long training with L2, and neither does at the start."""
    risk = risk_of(strength=0.05)
    energy, first = FreeEnergy(risk), start(risk, 60)
    end = evolve(GradientFlow(risk), first, Adaptive(1e-5), until=400.0)
    for result in optimality(energy, end, PLACES):
        assert result.verdict is Verdict.HOLDS and not result.proven
    assert {result.verdict for result in optimality(energy, first, PLACES)} == {Verdict.VIOLATED}


def test_a_single_particle_meets_the_first_condition_alone() -> None:
    """Assert that too few particles are stationary, so g is the same on them, but lower elsewhere."""
    risk = risk_of(strength=0.02)
    end = evolve(GradientFlow(risk), start(risk, 1), Adaptive(1e-6), until=400.0)
    support, least = optimality(FreeEnergy(risk), end, PLACES)
    assert support.verdict is Verdict.HOLDS and least.verdict is Verdict.VIOLATED


def test_no_rival_gains_more_than_its_potential_promises() -> None:
    """Assert that convexity holds against other clouds, of other masses, and that equal clouds gain nothing."""
    risk = risk_of()
    energy, cloud = FreeEnergy(risk), start(risk)
    for seed in range(20):
        rival = ParticleCloud(normals(9, 4, seed=seed), unequal(9))
        result = convexity(energy, cloud, rival)
        assert result.verdict is Verdict.HOLDS and result.proven
    assert convexity(energy, cloud, cloud).verdict is Verdict.HOLDS


def test_a_potential_of_the_wrong_factor_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a potential without its L2 is no first variation, by a rival that shrinks the weights."""
    risk = risk_of(strength=0.5)
    energy, cloud = FreeEnergy(risk), start(risk)
    rival = ParticleCloud(0.9 * cloud.positions, cloud.masses)
    assert convexity(energy, cloud, rival).verdict is Verdict.HOLDS
    plain = FreeEnergy(risk_of(strength=None))
    real = Energy.potential

    def without(self: Energy, cloud: ParticleCloud, places: torch.Tensor | None = None) -> torch.Tensor:
        return real(plain, cloud, places)

    monkeypatch.setattr(Energy, "potential", without)
    assert convexity(energy, cloud, rival).verdict is Verdict.VIOLATED


def test_heat_is_told() -> None:
    """Assert that a positive temperature is an assumption that fails."""
    warm = FreeEnergy(risk_of(), 0.1)
    cloud = start(risk_of())
    assert {result.failing for result in (*optimality(warm, cloud), convexity(warm, cloud, cloud))} == {
        ("temperature zero",)
    }
