"""The teacher of figure 6 and its students against the paper's gradient descent by autograd."""

import math

import pytest
import torch

from flows import StepNoise
from particles import ParticleCloud
from runs.studies.one_axis.teacher import (
    LABELS,
    NOISE,
    NOISY,
    PLAIN,
    RATE,
    RIDGED,
    STRENGTH,
    TEACHER,
    FreshBatches,
    Kind,
    Students,
    angle,
    apart,
    clean_data,
    clean_error,
    fractions,
    taught,
)

CLOUD = ParticleCloud(
    torch.tensor([[1.0, 0.0, 1.5], [0.0, 3.0, 2.0], [-1.0, 0.0, 0.05], [0.3, 0.1, 0.5]], dtype=torch.float64)
)


def test_the_teacher_is_the_mean_of_four_sigmoids() -> None:
    """Assert that F4 is the formula, and that batches have its labels with noise, anew for every number and seed."""
    x = torch.tensor([[0.01, -0.02], [1.0, 2.0]], dtype=torch.float64)
    expected = [sum(1.0 / (1.0 + math.exp(-float(t @ row))) for t in TEACHER) / 4.0 for row in x]
    torch.testing.assert_close(taught(x)[:, 0], torch.tensor(expected, dtype=torch.float64))
    batches = FreshBatches(20_000)
    first, again, other = batches(0, 3), batches(0, 3), batches(0, 4)
    assert torch.equal(first.inputs, again.inputs) and not torch.equal(first.inputs, other.inputs)
    assert not torch.equal(first.inputs, batches(1, 3).inputs)
    assert float(first.inputs.std()) == pytest.approx(100.0, rel=0.02)
    assert float((first.targets - taught(first.inputs)).std()) == pytest.approx(LABELS, rel=0.02)
    torch.testing.assert_close(clean_data().targets, taught(clean_data().inputs))


@pytest.mark.parametrize("kind", [PLAIN, RIDGED])
def test_a_step_is_the_paper_s(kind: Kind) -> None:
    """Assert that a step of all students is one of rate 10 on E (f - y)^2 + 1e-2 |u|^2 / m, without a factor m."""
    students = Students(kind, 6, (0, 5), 40)
    start, data = students.start(), FreshBatches(40)(0, 0)
    moved = start.moved(students.descent.moved(students.flow, start, 0.0, students.step, StepNoise(0, 0)))
    for before, after in zip(apart(start), apart(moved), strict=True):
        theta = before.positions.clone().requires_grad_()
        f = (torch.sigmoid(data.inputs.double() @ theta[:, :2].T) @ theta[:, 2:]) / 6
        loss = (f - data.targets).square().mean() + kind.strength * theta[:, 2].square().sum() / 6
        (slope,) = torch.autograd.grad(loss, theta)
        torch.testing.assert_close(after.positions, before.positions - RATE * slope, rtol=1e-4, atol=1e-5)


def test_noise_shakes_theta_alone() -> None:
    """Assert that every step adds N(0, (1e-2)^2) to theta and nothing to u, whatever the number of particles."""
    for count in (6, 400):
        students = Students(NOISY, count, (0,), 10)
        shaken = math.sqrt(students.step) * students.flow.diffusion(students.start())
        torch.testing.assert_close(shaken[:, :2], torch.full_like(shaken[:, :2], NOISE))
        assert bool((shaken[:, 2] == 0.0).all())
    assert Students(NOISY, 400, (0,), 10).flow.temperature == {"hidden": pytest.approx(1e-3), "output": 0.0}
    assert RIDGED.strength == STRENGTH and RIDGED.noise == 0.0


def test_students_are_those_of_their_seeds() -> None:
    """Assert that students side by side start as they would alone, and differ."""
    both, alone = Students(PLAIN, 6, (0, 5), 40), Students(PLAIN, 6, (5,), 40)
    first, second = apart(both.start())
    assert torch.equal(second.positions, apart(alone.start())[0].positions)
    assert not torch.equal(first.positions, second.positions)


def test_what_is_measured_of_particles() -> None:
    """Assert that fractions and angles are those of a few particles, and a network that is the teacher has no error."""
    assert fractions(CLOUD) == {"wasted": 0.25, "found": 0.5, "between": 0.25}
    students = Students(PLAIN, 4, (0,), 10)
    assert angle(students.risk, CLOUD) == pytest.approx(0.0, abs=1e-5)
    turned = ParticleCloud(torch.tensor([[1.0, 0.1, 1.0]], dtype=torch.float64))
    assert angle(students.risk, turned) == pytest.approx(math.degrees(math.atan(0.1)), rel=1e-6)
    assert math.isnan(angle(students.risk, ParticleCloud(torch.zeros(2, 3, dtype=torch.float64))))
    perfect = ParticleCloud(torch.cat([TEACHER, torch.ones(4, 1, dtype=torch.float64)], dim=1))
    risk = students.risk.on(clean_data())
    assert clean_error(risk, perfect) < 1e-20 and clean_error(risk, CLOUD) > 1e-2
