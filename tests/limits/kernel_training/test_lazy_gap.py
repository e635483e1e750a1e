"""The gap between a cloud's run and the kernel flow, as a number per time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from flows import RK4, Every, GradientFlow, evolve
from limits import KernelFlow, lazy_gap
from particles import (
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    ShapeError,
    Squared,
    SymmetricPairs,
    Tanh,
    Trajectory,
    masses,
    tangent_gram,
)
from tests.draws import normals
from tests.tolerances import ORDER, assert_identical

X, ELSEWHERE = normals(5, 3, seed=1), normals(4, 3, seed=2)
NEURON = Perceptron(Tanh(), Identity(3), 1, "both")


@dataclass(frozen=True, eq=False)
class Frames:
    """Clouds with their times, as an open trajectory has them."""

    times: list[float]
    clouds: list[ParticleCloud]

    def __iter__(self) -> Iterator[ParticleCloud]:
        return iter(self.clouds)


def risk_of(scale: float) -> Risk:
    """Five data under lazy scaling."""
    return Risk(NEURON, Lazy(scale=scale), Squared(), Dataset(X, normals(5, 1, seed=3)))


def start() -> ParticleCloud:
    """Thirty particles whose function is zero."""
    return SymmetricPairs(GaussianLaw(NEURON)).sample(masses=masses.uniform(30), seed=0)


def own_flow(risk: Risk, cloud: ParticleCloud) -> KernelFlow:
    """The flow of a cloud's own kernel from its own function."""
    return KernelFlow(
        lambda x1, x2: tangent_gram(risk, cloud, x1, x2), risk.data, start=lambda x: risk.predictions(cloud, x)
    )


def gap_of(scale: float) -> Tensor:
    """The gap to the flow of the cloud's own initial kernel, elsewhere, at every unit of time."""
    risk, frames = risk_of(scale), Frames([], [])

    def record(step: int, time: float, frame: ParticleCloud) -> None:
        frames.times.append(time)
        frames.clouds.append(frame)

    evolve(GradientFlow(risk), start(), RK4(step=0.05), until=3.0, observers=[Every(time=1.0, observer=record)])
    return lazy_gap(frames, own_flow(risk, start()), risk, ELSEWHERE)


def test_gap_is_the_root_mean_square_over_data_and_outputs() -> None:
    """Assert that the gap is as defined: clouds at 1 and a flow that stays at 0 or tends to 3 are checked by hand."""
    neuron = Perceptron(Linear(), Identity(1), 2, "output")
    risk = Risk(neuron, MeanField(), Squared(), Dataset(torch.ones(2, 1).double(), torch.full((2, 2), 3.0).double()))
    cloud = ParticleCloud(torch.tensor([[1.0, 1.0, 2.0]], dtype=torch.float64))
    still = KernelFlow(torch.zeros(4, 4).double(), risk.data)
    moving = KernelFlow(torch.eye(4).double(), risk.data)
    outputs = torch.tensor([2.5, 2.5]).double()
    assert_identical(lazy_gap(Frames([0.0, 1.0], [cloud, cloud]), still, risk), outputs.sqrt())
    assert_identical(lazy_gap(Frames([math.inf], [cloud]), moving, risk), outputs[:1].sqrt())


def test_gap_starts_at_zero_and_grows() -> None:
    """Assert that a cloud leaves the flow of its initial kernel as it moves."""
    gap = gap_of(1.0)
    assert float(gap[0]) < 1e-14
    assert float(gap[1]) > 1e-4
    assert gap.shape == (4,)


def test_gap_falls_in_the_lazy_limit() -> None:
    """Assert that a tenfold scale makes the gap a hundred times smaller: terms of first order cancel in each pair."""
    ratio = float(gap_of(10.0)[-1] / gap_of(100.0)[-1])
    assert abs(math.log10(ratio) - 2.0) < ORDER / 10.0


def test_trajectory_file_serves_as_it_is(tmp_path: Path) -> None:
    """Assert that an open trajectory gives the gap of the clouds that were written into it."""
    risk = risk_of(1.0)
    with Trajectory.create(tmp_path / "run.h5", flow=GradientFlow(risk), seed=0) as trajectory:
        end = evolve(
            GradientFlow(risk), start(), RK4(step=0.05), until=1.0, observers=[Every(time=1.0, observer=trajectory)]
        )
    flow = own_flow(risk, start())
    with Trajectory.open(tmp_path / "run.h5") as trajectory:
        assert torch.equal(lazy_gap(trajectory, flow, risk), lazy_gap(Frames([0.0, 1.0], [start(), end]), flow, risk))


def test_other_numbers_of_times_are_refused() -> None:
    """Assert that clouds and times of different numbers are refused with what is needed."""
    risk = risk_of(1.0)
    with pytest.raises(
        ShapeError, match=r"clouds predict \(1, 5, 1\) \[times, data, outputs\], but .* \(2, 5, 1\); give"
    ):
        lazy_gap(Frames([0.0, 1.0], [start()]), own_flow(risk, start()), risk)
