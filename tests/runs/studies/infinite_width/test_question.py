"""Questions to infinitely many particles."""

from dataclasses import replace

import pytest
import torch

from flows import RK4, GradientFlow, LangevinFlow, LinearSplitting
from limits import Drawn
from particles import Dataset, GaussianLaw, Identity, MeanField, Perceptron, Risk, Squared, Tanh
from runs.studies.infinite_width.question import Question, equal_masses, normals
from tests.problems import numbers
from tests.runs.studies.infinite_width.small import scaled

NEURON = Perceptron(Tanh(), Identity(2))
RISK = Risk(NEURON, MeanField(), Squared(), Dataset(numbers(0, 4, 2), numbers(1, 4, 1)))
QUESTION = Question(
    draw=equal_masses(GaussianLaw(NEURON)),
    flow=GradientFlow(RISK),
    integrator=RK4,
    step=0.25,
    times=(1.0, 2.0),
    quantities={
        "moved": lambda start, end: (end.positions - start.positions).square().sum(dim=1).mean(),
        "risk": lambda start, end: RISK(end),
    },
    narrow=8,
    pilot=8,
)


def test_quantities_are_of_start_and_end_in_the_order_of_names() -> None:
    """Assert that a cloud is trained to every time, and that numbers stand where their names do."""
    clouds = [Drawn(QUESTION.draw(8, seed), seed) for seed in (1, 2)]
    found = QUESTION.measured(clouds)
    assert QUESTION.names == ("moved at 1", "moved at 2", "risk at 1", "risk at 2") and found.shape == (2, 4)
    assert (found[:, 0] > 0.0).all() and (found[:, 1] > found[:, 0]).all()
    assert (found[:, 2] < torch.stack([RISK(one.cloud) for one in clouds])).all()
    assert (found[:, 3] < found[:, 2]).all()


def test_estimate_is_of_the_accuracy_asked_for_and_counts_steps() -> None:
    """Assert that standard errors are parts of sizes, and that the cost is that of all clouds times their steps."""
    question = replace(QUESTION, times=(1.0,))
    found = question.estimate(0.3, 0)
    assert found.converged and found.names == ("moved", "risk")
    assert all(value.standard_error <= 0.3 * abs(value.value) * 1.25 for value in found.values)
    clouds = [level.samples * level.width * (1.0 if place == 0 else 2.0) for place, level in enumerate(found.levels)]
    assert found.cost == pytest.approx(4.0 * sum(clouds))


def test_doubled_step_tells_the_order() -> None:
    """Assert that of a scheme of order four twice the step changes sixteen times more, noise or not along one path."""
    question = replace(QUESTION, times=(2.0,))
    changes = [replace(question, step=step).doubled(64, 3)[1] for step in (0.5, 0.25)]
    assert 10.0 < float(changes[0] / changes[1]) < 24.0
    noisy = replace(question, flow=LangevinFlow(RISK, 0.1, 0.2), integrator=LinearSplitting, step=0.1)
    assert 0.0 < float(noisy.doubled(64, 3)[1].abs()) < 1e-2


def test_smaller_questions_keep_what_they_ask() -> None:
    """Assert that a scale narrows clouds and lengthens steps, and that a small question asks what it is told alone."""
    smoke = replace(QUESTION, narrow=64).at(scaled())
    assert (smoke.narrow, smoke.step, smoke.pilot) == (8, 1.0, 8) and smoke.names == QUESTION.names
    small = QUESTION.small(4, 2.0, ["risk"])
    assert (small.narrow, small.step, small.names) == (4, 0.5, ("risk at 1", "risk at 2"))
    assert torch.equal(normals(3, seed=1), normals(3, seed=1)) and QUESTION.steps == 8
