"""The gap between a cloud's run and the kernel flow, as a number per time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from flows import RK4, Every, GradientFlow, evolve
from limits import KernelFlow, LazyGap, lazy_gap
from particles import (
    L2,
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    Linear,
    Logistic,
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


def test_observable_is_the_gap_at_its_time() -> None:
    """Assert that it is `lazy_gap` with the flow of the start's kernel, at one time, and no other start's."""
    risk, first = risk_of(2.0), start()
    end = evolve(GradientFlow(risk), first, RK4(step=0.05), until=2.0)
    for inputs, given in ((ELSEWHERE, ELSEWHERE), (X, None)):
        expected = lazy_gap(Frames([2.0], [end]), own_flow(risk, first), risk, given)[0]
        assert_identical(LazyGap(risk, first, inputs, time=2.0)(end), expected)
    assert float(LazyGap(risk, first, X, time=0.0)(first)) < 1e-14
    limit = KernelFlow(own_flow(risk, first).kernel, risk.data).predictions(math.inf, ELSEWHERE)
    assert_identical(LazyGap(risk, first, ELSEWHERE)(first), limit.square().mean().sqrt())
    other = LazyGap(risk, end, ELSEWHERE, time=2.0)(end)
    assert abs(float(other - LazyGap(risk, first, ELSEWHERE, time=2.0)(end))) > 1e-3


def test_observable_starts_from_the_function_of_the_start() -> None:
    """Assert that a start that is not zero, another loss and clouds in float32 have the gap of their own flow."""
    cloud = GaussianLaw(NEURON).sample(masses=masses.uniform(30), seed=4)
    signs = Dataset(X, normals(5, 1, seed=3).sign())
    risk = Risk(NEURON, Lazy(scale=1e3), Logistic(), signs)
    end = evolve(GradientFlow(risk), cloud, RK4(step=0.05), until=1.0)
    gap = LazyGap(risk, cloud, ELSEWHERE, time=1.0)
    moved = float((risk.predictions(end, ELSEWHERE) - risk.predictions(cloud, ELSEWHERE)).abs().mean())
    assert float(gap(end)) < 1e-2 * moved < float(gap(cloud))
    single = gap(end.to(dtype=torch.float32))
    assert single.dtype == torch.float32 and abs(float(single - gap(end))) < 1e-2 * moved


def test_observable_refuses_what_no_kernel_flow_knows() -> None:
    """Assert that a regulariser and a negative time get a sentence."""
    risk = risk_of(1.0)
    penalised = Risk(NEURON, risk.scaling, risk.loss, risk.data, L2(0.1))
    with pytest.raises(ValueError, match=r"knows no regulariser, but the risk has one of strength 0\.1; give a risk w"):
        LazyGap(penalised, start(), X)
    with pytest.raises(ValueError, match=r"The time of LazyGap is -1\.0, but a non-negative one is needed"):
        LazyGap(risk, start(), X, time=-1.0)
