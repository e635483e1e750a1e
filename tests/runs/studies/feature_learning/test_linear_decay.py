"""How linear a convergence is."""

import numpy as np
import pytest
import torch

from particles import GaussianLaw, Identity, Linear, MeanField, masses
from runs.studies.feature_learning.data import random_labels
from runs.studies.feature_learning.linear_decay import FITTED, Decay, descended
from runs.studies.feature_learning.networks import perceptron, risk_of

TIMES = np.linspace(0.0, 40.0, 401)


def test_a_straight_line_is_found_and_a_bent_one_is_not_straight() -> None:
    """Assert that rate and R^2 of an exponential are exact, and R^2 of a power law is below .98."""
    rate, straight = Decay(TIMES, np.exp(-0.5 * TIMES), np.ones_like(TIMES)).line
    assert (rate, straight) == pytest.approx((0.5, 1.0))
    bent = Decay(TIMES, (1.0 + 50.0 * TIMES) ** -2.4, np.ones_like(TIMES)).line
    assert bent[1] < 0.98
    early = Decay(TIMES[:60], np.exp(-0.5 * TIMES[:60]), np.ones(60)).line
    assert early[0] == pytest.approx(0.5), "a run that stays above the window has a line as well"
    assert np.isnan(Decay(TIMES[:2], np.array([1.0, 0.9]), np.ones(2)).line).all()


def test_bound_integrates_the_active_fraction() -> None:
    """Assert that the exponent is the rate times the integral, of the smaller fraction between two times."""
    active = np.where(TIMES < 20.0, 1.0, 0.5)
    bound = Decay(TIMES, np.ones_like(TIMES), active).bound(0.1)
    assert bound[-1] == pytest.approx(np.exp(-0.1 * 29.95)) and bound[0] == 1.0
    assert Decay(TIMES, active, active).places(3) == [0, 200, 400]


def test_a_run_ends_where_nothing_is_left() -> None:
    """Assert that descent on linear neurons ends at 1e-9 of its risk with the rate of its steps."""
    data = random_labels(3, 6, 0)
    risk = risk_of(Linear(), Identity(6), MeanField(), data)
    start = GaussianLaw(perceptron(risk)).sample(masses=masses.uniform(16), seed=0)
    run = descended(risk, start, 1000.0, lambda done: None)
    assert run.parts[-1] < FITTED and run.times[-1] < 500.0
    phi = perceptron(risk).embed(data.inputs)
    least = float(torch.linalg.eigvalsh(phi @ phi.T / 3)[0])
    slowest = -2.0 * float(np.log1p(-least))
    assert slowest <= run.line[0] < 1.05 * slowest, "faster modes are all but gone in the window"
