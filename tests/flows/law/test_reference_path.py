"""References of random problems: against closed forms and the library's velocity, and how they doubt themselves."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from mpmath import mp
from scipy.optimize import brentq

from particles import Dataset, Identity, Linear, Logistic, MeanField, ParticleCloud, Perceptron, Risk, Squared
from tests.flows.law.plain_flow import Array, PlainFlow
from tests.flows.law.random_problems import Problem, random_problem
from tests.flows.law.reference_path import ReferencePath, moments, reference

pytestmark = pytest.mark.usefixtures("without_shape_checks")

#: Problems whose velocities and Jacobians are compared.
SEEDS = range(200)


def logistic(start: float, until: float) -> Problem:
    """Logistic regression of one datum, f = a: a + e^a = t + a(0) + e^a(0)."""
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "output"), MeanField(), Logistic(), Dataset(one, one))
    return Problem(0, risk, ParticleCloud(torch.tensor([[1.0, start]], dtype=torch.float64)), until, 1e-8, "", "")


def assert_right(path: ReferencePath, right: Array) -> None:
    """Assert that a path is right to 1e-9 of the way, but for what its two solvers differ by."""
    off = np.linalg.norm(path.path - right, axis=1).max() / np.linalg.norm(right[-1])
    doubt = path.doubt.positions / path.moved.positions
    assert off < 1e-9 + 2.0 * doubt, f"off by {off}, in doubt by {doubt}"
    assert doubt < 1e-7


@pytest.mark.parametrize("start", [-500.0, -50.0, -5.0, 0.0, 5.0, 20.0])
@pytest.mark.parametrize("until", [1.0, 1e3, 1e6])
def test_reference_is_the_closed_form_of_logistic_regression(start: float, until: float) -> None:
    """Assert that from saturated and other starts the displacement d is right:
    d + e^start (e^d - 1) = t."""
    path = reference(logistic(start, until))
    assert path is not None

    def excess(displacement: float, time: float) -> float:
        return displacement + math.exp(start) * math.expm1(displacement) - time

    ends = [min(time, 520.0) + 1.0 for time in path.times]
    right = [
        brentq(excess, 0.0, end, (time,), xtol=1e-300, rtol=1e-14) for time, end in zip(path.times, ends, strict=True)
    ]
    assert_right(path, np.array(right)[:, None])


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("until", [1.0, 1e3, 1e6])
def test_reference_is_the_closed_form_of_linear_neurons(unit: float, until: float) -> None:
    """Assert that the path is right where an input column is in other units, two data and two neurons with a = 1, -1.

    In mean field, f = x . u / sqrt 8 with u = w_1 - w_2, mode by mode of X X^T / 4, in 60 digits: at a ratio of 10^6
    the modes' rates are 10^12 apart.
    """
    rows, targets = [[1.0, unit], [-1.0, 2.0 * unit]], [1.0, -1.0]
    data = Dataset(torch.tensor(rows, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64))
    risk = Risk(Perceptron(Linear(), Identity(2), 1, "hidden"), MeanField(), Squared(), data)
    first = [[0.3, -0.2, 1.0], [0.1, 0.4, -1.0]]
    path = reference(Problem(0, risk, ParticleCloud(torch.tensor(first, dtype=torch.float64)), until, 1e-8, "", ""))
    assert path is not None
    with mp.workdps(60):
        x, y = mp.matrix(rows), mp.matrix(targets)
        u = mp.matrix([mp.mpf(first[0][0]) - first[1][0], mp.mpf(first[0][1]) - first[1][1]])
        values, vectors = mp.eigsy(x * x.T / 4)
        ways = []
        for time in path.times:
            modes = vectors.T * (y - x * u / mp.sqrt(8))
            pulled = vectors * mp.matrix(
                [-mp.expm1(-v * time) / v * mode for v, mode in zip(values, modes, strict=True)]
            )
            way = x.T * pulled / mp.sqrt(8)
            ways.append([float(w) for w in (way[0], way[1], -way[0], -way[1])])
    assert_right(path, np.array(ways))


@pytest.mark.parametrize("seed", SEEDS)
def test_plain_flow_is_the_gradient_flow(seed: int) -> None:
    """Assert that the velocity written out in numpy is the library's at the start, to rounding of the dtype.

    Relative to the sizes of the terms that it is a sum of.
    """
    problem = random_problem(seed)
    flow = PlainFlow(problem)
    with np.errstate(all="ignore"):
        ours = flow.velocity(np.zeros(flow.size))
        sizes = np.abs(flow.features(np.zeros(flow.size))).max(axis=(0, 1)) if flow.size else ours
        residual = np.abs(flow.residual(flow.predictions(np.zeros(flow.size)))).max()
    theirs = problem.flow.velocity(problem.cloud, 0.0).double().numpy().reshape(-1)
    assert not theirs[flow.held].any()
    scale = np.linalg.norm(flow.rate.reshape(-1)[flow.free] * sizes) * residual + np.linalg.norm(ours)
    off = np.linalg.norm(theirs[flow.free] - ours)
    assert off <= 1e3 * torch.finfo(problem.cloud.dtype).eps * scale, f"{off:.2e} of {scale:.2e}: {problem.described}"


@pytest.mark.parametrize("seed", SEEDS)
def test_plain_jacobian_is_the_derivative_of_the_velocity(seed: int) -> None:
    """Assert that central differences of the velocity agree with the Jacobian, in a random direction."""
    flow = PlainFlow(random_problem(seed))
    direction = np.random.default_rng(seed).normal(size=flow.size)
    direction *= 1e-5 / max(1e-300, float(np.linalg.norm(direction)), float(np.abs(flow.phi).max()))
    with np.errstate(all="ignore"):
        along = flow.jacobian(np.zeros(flow.size)) @ direction
        difference = 0.5 * (flow.velocity(direction) - flow.velocity(-direction))
    noise = 1e-14 * float(np.linalg.norm(flow.velocity(np.zeros(flow.size))))
    assert np.linalg.norm(difference - along) <= 1e-4 * np.linalg.norm(along) + noise


def test_solvers_that_disagree_are_seen() -> None:
    """Assert that the doubt is the distance of the two solvers, in the positions and in the function."""
    path = reference(logistic(-1.0, 10.0))
    assert path is not None
    assert path.doubt.positions < 1e-9
    doubtful = replace(path, other=path.path + 1e-3)
    assert abs(doubtful.doubt.positions - 1e-3) < 1e-12
    assert abs(doubtful.doubt.function - 1e-3) < 1e-9


def test_path_goes_on_from_anywhere() -> None:
    """Assert that a run begun on the path at one of its times ends where the path does."""
    path: ReferencePath | None = reference(logistic(-1.0, 10.0))
    assert path is not None
    end = path.continued(path.times[2], path.path[2])
    assert end is not None
    assert np.abs(end - path.path[-1]).max() < 1e-9


def test_times_end_with_the_run() -> None:
    """Assert that the last of the times is the end, to the bit."""
    assert all(moments(until)[-1] == until for until in (1.0, 3.7e5, 1e6))
