"""The judge of the law of integrators: what it lets pass, what it rejects, and how it measures."""

import math

import numpy as np
import pytest
import torch

from flows import DormandPrince
from particles import NTK, Dataset, Identity, Linear, Logistic, MeanField, ParticleCloud, Perceptron, Risk, Squared
from tests.flows.law.law_judge import METHODS, Case, Make
from tests.flows.law.planted_law import PLANTED
from tests.flows.law.random_problems import Problem

pytestmark = pytest.mark.usefixtures("without_shape_checks")


def problem(rtol: float = 1e-5, until: float = 20.0, start: float = -1.0) -> Problem:
    """Logistic regression of one datum with two neurons, of which only the output weights are trained."""
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "output"), MeanField(), Logistic(), Dataset(one, one))
    cloud = ParticleCloud(torch.tensor([[1.0, start], [1.0, start]], dtype=torch.float64))
    return Problem(0, risk, cloud, until, rtol, "plain", "one")


@pytest.fixture(scope="module")
def case() -> Case:
    """An ordinary problem with its reference."""
    found = Case.of(problem())
    assert found is not None
    return found


@pytest.mark.parametrize("method", METHODS)
def test_real_integrators_pass(case: Case, method: str) -> None:
    """Assert that the judge has nothing against an ordinary run of the real ones."""
    assert case.asked(method)
    found = case.judged(METHODS[method])
    assert found.verdict == "held", found


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_planted_errors_are_rejected(case: Case, planted: Make) -> None:
    """Assert that each way of breaking the law gets its verdict."""
    found = case.judged(planted, patience=2.0)
    assert found.verdict == PLANTED[planted], found


def test_refusal_is_no_failure(case: Case) -> None:
    """Assert that who says in a sentence that it cannot is neither wrong nor hung, and is quoted."""

    def refusing(rtol: float) -> DormandPrince:
        raise ValueError("No.")

    found = case.judged(refusing)
    assert (found.verdict, found.said) == ("refused", "ValueError: No.")


def test_errors_are_relative_to_what_training_did(case: Case) -> None:
    """Assert that an error of rtol times the distance is one, and the same of the function.

    Both neurons move from -1 to a and f = a: the distance is sqrt(2) (a + 1), the change of the function a + 1.
    """
    a = case.reference.path[-1]
    moved = case.reference.moved
    assert abs(moved.positions / (math.sqrt(2.0) * a[0]) - 1.0) < 1e-9
    assert abs(moved.function / a[0] - 1.0) < 1e-9
    away = case.reference.apart(a * (1.0 + 3e-5))
    positions, function = case.ratios(away)
    assert abs(positions - 3.0) < 1e-3 and abs(function - 3.0) < 1e-3


def test_residual_is_the_scale_where_it_is_larger() -> None:
    """Assert that a function that has hardly moved is measured by the residual it started from, here 1 / (1 + e^-1)."""
    case = Case.of(problem(until=1e-3))
    assert case is not None
    assert abs(case.reference.moved.function - 1.0 / (1.0 + math.exp(-1.0))) < 1e-12


def test_untrained_coordinates_count(case: Case) -> None:
    """Assert that moving what is not trained is an error, and is reported in units of rounding."""
    end = case.problem.cloud.moved(case.problem.cloud.positions + torch.tensor([1e-3, 0.0], dtype=torch.float64))
    error, without = case.error(end, 0), case.error(case.problem.cloud, 0)
    assert abs(error.positions - math.hypot(1e-3 * math.sqrt(2.0), without.positions)) < 1e-12
    assert abs(case.drift(end) * torch.finfo(torch.float64).eps / 1e-3 - 1.0) < 1e-6


def test_saddle_is_told_from_an_error() -> None:
    """Assert that a flow which makes errors larger is known by how much.

    f = s1 a w - the linear neuron trained in both weights from near (0, 0) - grows as e^(s t) until f = 1, so that
    errors of the start are larger by about the inverse of its size.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "both"), NTK(), Squared(), Dataset(one, one))
    cloud = ParticleCloud(torch.tensor([[1e-4, 1e-4]], dtype=torch.float64))
    saddle = Case.of(Problem(0, risk, cloud, 9.0, 1e-4, "plain", "one"))
    assert saddle is not None
    assert 100.0 < saddle.amplification < 2e4
    calm = Case.of(problem())
    assert calm is not None
    assert calm.amplification < 1.5


def test_explicit_methods_are_not_asked_what_is_not_for_them() -> None:
    """Assert that a stiff flow is given to the implicit methods only."""
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "output"), MeanField(), Squared(), Dataset(1e4 * one, one))
    case = Case.of(Problem(0, risk, ParticleCloud(torch.ones(2, 2, dtype=torch.float64)), 1e6, 1e-4, "plain", "one"))
    assert case is not None
    assert np.isclose(case.reference.stiffness, 1e8)
    assert [method for method in METHODS if case.asked(method)] == ["Adaptive", "BDF", "Exponential"]
