"""Walls around integrators: sliding and standing particles, laws with noise, and what is refused."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from flows import (
    BDF,
    RK4,
    Adam,
    Ball,
    BirthDeathFlow,
    Box,
    Euler,
    EulerMaruyama,
    GradientFlow,
    GrowthSplitting,
    HeavyBall,
    Heun,
    LangevinFlow,
    LeimkuhlerMatthews,
    StepBound,
    StepNoise,
    UnderdampedFlow,
    Walled,
    Walls,
    evolve,
    evolve_all,
)
from particles import Ensemble, FlowDiverged, FlowRefused, MeanField, ParticleCloud
from particles.shapes import Positions, Velocity
from tests.problems import Clock, network_cloud, network_risk, numbers
from tests.tolerances import ORDER, assert_identical


@dataclass(frozen=True)
class Wind:
    """The same velocity everywhere, against which only walls help."""

    speeds: tuple[float, ...]

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The wind."""
        return cloud.positions.new_tensor(self.speeds).expand_as(cloud.positions)


@dataclass(frozen=True)
class Blown(Wind):
    """The wind with noise sqrt(2 T) in every coordinate."""

    temperature: float = 0.5

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """sqrt(2 T)."""
        return torch.full_like(cloud.positions, math.sqrt(2.0 * self.temperature))


def at(*positions: float) -> ParticleCloud:
    """One particle."""
    return ParticleCloud(torch.tensor([positions], dtype=torch.float64))


@pytest.mark.parametrize("scheme", [Euler(0.1), Heun(0.1), RK4(0.1), HeavyBall(0.1, momentum=0.0)], ids=repr)
def test_particles_stand_at_the_wall_they_are_pushed_against(scheme: Any) -> None:
    """Assert that in a box the pushed coordinate is the wall to the bit, and the other goes on as without walls."""
    end = evolve(Wind((1.0, 0.25)), at(0.0, 0.0), Walled(scheme, Box(-1.0, 1.0)), until=3.0).positions[0]
    assert float(end[0]) == 1.0
    assert abs(float(end[1]) - 0.75) < 1e-12


@pytest.mark.parametrize("make", [Euler, RK4])
def test_sliding_along_a_sphere_is_of_order_one(make: Callable[[float], Any]) -> None:
    """Assert that the angle on the unit circle follows d phi/dt = -sin phi, tan(phi/2) = exp(-t) tan(phi_0/2)."""
    phi, until = 1.4, 1.0
    exact = 2.0 * math.atan(math.exp(-until) * math.tan(0.5 * phi))
    errors = []
    for steps in (64, 128):
        scheme = Walled(make(until / steps), Ball(1.0))
        end = evolve(Wind((1.0, 0.0)), at(math.cos(phi), math.sin(phi)), scheme, until=until).positions[0]
        errors.append(abs(math.atan2(float(end[1]), float(end[0])) - exact))
    assert abs(math.log2(errors[0] / errors[1]) - scheme.order) < ORDER


def test_walls_that_are_not_met_change_no_bit() -> None:
    """Assert that a run in a wide set is the run without walls, with noise and without."""
    start = network_cloud()
    cases: list[tuple[Any, Any]] = [
        (GradientFlow(network_risk()), RK4(0.1)),
        (GradientFlow(network_risk()), Adam(0.05)),
        (LangevinFlow(network_risk(), 0.1), EulerMaruyama(0.1)),
    ]
    for flow, scheme in cases:
        free = evolve(flow, start, scheme, until=1.0, seed=3)
        for walls in (Box(-50.0, 50.0), Ball(50.0)):
            assert torch.equal(evolve(flow, start, Walled(scheme, walls), until=1.0, seed=3).positions, free.positions)


@dataclass(frozen=True)
class Given(StepNoise):
    """Noise whose normals are given."""

    numbers: Tensor | None = None

    def normals(self, positions: Positions, first: int = 0) -> Positions:
        """These."""
        return positions if self.numbers is None else self.numbers


def stationary_mean(scheme: Walled, flow: Blown, squares: bool) -> float:
    """E x, or E |x|^2 in two dimensions, under the stationary law of the scheme on [-1, 1] or in the unit disc.

    Functions are polynomials in x, or in |x|^2, by their values at Legendre's nodes; one step from every node with
    normals on a grid gives the transition matrix of the scheme itself, whose left eigenvector is the law.
    """
    count, reach = (14, 6.0) if squares else (24, 8.5)
    nodes = np.polynomial.legendre.leggauss(count)[0]
    line = np.linspace(-reach, reach, 161 if squares else 3001)
    normals = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2) if squares else line[:, None]
    weights = np.exp(-0.5 * np.square(normals).sum(axis=1))
    start = np.zeros((count, normals.shape[1]))
    start[:, 0] = np.sqrt(0.5 * (1.0 + nodes)) if squares else nodes
    cloud = ParticleCloud(torch.from_numpy(np.repeat(start, len(normals), axis=0)))
    noise = Given(0, 0, numbers=torch.from_numpy(np.tile(normals, (count, 1))))
    step = scheme.grid or 0.0
    ends = scheme.step(flow, cloud, scheme.init(flow, cloud), 0.0, step, noise).cloud.positions.numpy()
    places = 2.0 * np.square(ends).sum(axis=1) - 1.0 if squares else ends[:, 0]
    basis = np.linalg.inv(np.polynomial.legendre.legvander(nodes, count - 1))
    values = (np.polynomial.legendre.legvander(places, count - 1) @ basis).reshape(count, len(normals), count)
    matrix = np.einsum("ikj,k->ij", values, weights / weights.sum())
    found, vectors = np.linalg.eig(matrix.T)
    law = np.real(vectors[:, np.abs(found - 1.0).argmin()])
    return float(law @ (0.5 * (1.0 + nodes) if squares else nodes) / law.sum())


@dataclass(frozen=True)
class Outwards(Blown):
    """Pushed from the centre by 2 x, so that the stationary law is exp(|x|^2 / T)."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """2 x."""
        return 2.0 * cloud.positions


class Clipped(Box):
    """A box that projects noise as well, which is of order one half."""

    def mirrored(self, points: Positions) -> Positions:
        """The nearest point."""
        return self.projected(points)


def orders(walls: Walls, flow: Blown, exact: float, squares: bool) -> float:
    """The order in which the stationary mean becomes right, from step 0.02 to 0.01."""
    errors = [stationary_mean(Walled(EulerMaruyama(step), walls), flow, squares) - exact for step in (0.02, 0.01)]
    return math.log2(errors[0] / errors[1])


#: E x under exp(-2 x) on [-1, 1] is 1/2 - coth 2.
TILTED = 0.5 - 1.0 / math.tanh(2.0)


def test_laws_between_walls_are_right_to_order_one() -> None:
    """Assert that the stationary mean of d x = -dt + dW on [-1, 1] errs in proportion to the step."""
    assert abs(orders(Box(-1.0, 1.0), Blown((-1.0,)), TILTED, False) - 1.0) < ORDER


def test_projected_noise_is_of_order_one_half() -> None:
    """Assert that bringing noise back to the nearest point, as it stands in text books, is told from mirroring it."""
    assert abs(orders(Clipped(-1.0, 1.0), Blown((-1.0,)), TILTED, False) - 0.5) < ORDER


def test_laws_in_a_ball_are_right_to_order_one() -> None:
    """Assert that the same holds of E |x|^2 in the unit disc under exp(2 |x|^2), which is 1 / (1 - e^-2) - 1/2."""
    exact = 1.0 / (1.0 - math.exp(-2.0)) - 0.5
    assert abs(orders(Ball(1.0), Outwards((0.0, 0.0)), exact, True) - 1.0) < ORDER


def test_noise_alone_in_a_box_is_exact() -> None:
    """Assert that E cos(pi (x + 1) / 2) after steps of any size is exp(-(pi / 2)^2 T t) of the start, within chance."""
    cloud = ParticleCloud(torch.full((20000, 1), 0.6, dtype=torch.float64))
    flow, start = Blown((0.0,)), math.cos(0.8 * math.pi)
    for step in (0.4, 0.1):
        end = evolve(flow, cloud, Walled(EulerMaruyama(step), Box(-1.0, 1.0)), until=0.4, seed=5).positions
        values = torch.cos(0.5 * math.pi * (end[:, 0] + 1.0))
        error = float(values.mean()) - start * math.exp(-((0.5 * math.pi) ** 2) * 0.5 * 0.4)
        assert abs(error) < 5.0 * float(values.std()) / math.sqrt(len(values))


def test_only_named_groups_are_confined() -> None:
    """Assert that walls around hidden weights leave output weights alone; by default all that is trained has walls."""
    start = network_cloud()
    risk = network_risk(trained="both")
    flow, walls = LangevinFlow(risk, 1.0), Box(-2.5, 2.5)
    hidden = evolve(flow, start, Walled(EulerMaruyama(0.2), walls, "hidden"), until=4.0).positions
    assert float(hidden[:, :3].abs().max()) <= 2.5 < float(hidden[:, 3:].abs().max())
    assert float(evolve(flow, start, Walled(EulerMaruyama(0.2), walls), until=4.0).positions.abs().max()) <= 2.5
    frozen = GradientFlow(network_risk(trained="hidden"))
    far = start.moved(start.positions + torch.tensor([0.0, 0.0, 0.0, 60.0], dtype=torch.float64))
    end = evolve(frozen, far, Walled(Euler(0.1), Ball(5.0)), until=0.5).positions
    assert torch.equal(end[:, 3], far.positions[:, 3])


def test_members_of_an_ensemble_are_confined_as_each_alone() -> None:
    """Assert that members side by side end where each ends by itself, at the walls as well."""
    flow = LangevinFlow(network_risk(), 0.5)
    members = [ParticleCloud(0.1 * numbers(seed, 6, 4)) for seed in range(3)]
    scheme = Walled(EulerMaruyama(0.1), Ball(0.5))
    together = evolve_all(flow, Ensemble.of(members), scheme, until=2.0, seeds=[4, 5, 6])
    for member, end, seed in zip(members, together, (4, 5, 6), strict=True):
        alone = evolve(flow, member, scheme, until=2.0, seed=seed)
        assert_identical(end.positions, alone.positions, operations=1e5)
        assert float(alone.positions.norm(dim=1).max()) > 0.45


def test_growth_goes_around_walls() -> None:
    """Assert that a flow whose masses evolve takes walls around its transport, and optimisers stay refused there."""
    flow = BirthDeathFlow(network_risk())
    start = network_cloud()
    reach = float(start.positions.norm(dim=1).max()) + 1e-3
    end = evolve(flow, start, GrowthSplitting(Walled(Heun(0.1), Ball(reach))), until=3.0)
    assert float(end.positions.norm(dim=1).max()) <= reach * (1.0 + 1e-12)
    with pytest.raises(TypeError, match="The transport is Adam, which would forget its past"):
        GrowthSplitting(Walled(Adam(0.1), Ball(1.0)))


def test_steps_are_those_of_the_scheme() -> None:
    """Assert that the step may be given in the call of evolve, and by a rule."""
    flow, start = GradientFlow(network_risk()), network_cloud()
    by_call = evolve(flow, start, Walled(Euler(), Box(-50.0, 50.0)), until=1.0, step=0.1)
    assert torch.equal(by_call.positions, evolve(flow, start, Euler(0.1), until=1.0).positions)
    rule = Walled(Euler(StepBound(0.1)), Box(-50.0, 50.0))
    assert rule.resolved(flow, start).grid == Euler(StepBound(0.1)).resolved(flow, start).grid


def test_particles_that_start_outside_are_refused() -> None:
    """Assert that their number is said, and the set."""
    cloud = ParticleCloud(torch.tensor([[0.0], [1.5], [-3.0]], dtype=torch.float64))
    with pytest.raises(ValueError, match=r"2 of 3 particles start outside Box\(low=-1.0, high=1.0\); move them inside"):
        evolve(Wind((0.0,)), cloud, Walled(Euler(0.1), Box(-1.0, 1.0)), until=1.0)


def test_a_particle_that_diverges_is_not_held_by_walls() -> None:
    """Assert that an infinite velocity ends the run, instead of standing at the wall."""
    with pytest.raises(FlowDiverged, match="1 of 1 particles are not finite"):
        evolve(Clock(lambda time: math.inf), at(0.0), Walled(Euler(0.1), Box(-1.0, 1.0)), until=1.0)


def test_groups_are_those_that_are_trained() -> None:
    """Assert that walls around groups that the neuron has not, or does not train, are refused."""
    flow = GradientFlow(network_risk(trained="hidden"))
    with pytest.raises(ValueError, match="The walls name 'output', but the neuron's groups are 'hidden'"):
        evolve(flow, network_cloud(), Walled(Euler(0.1), Box(-9.0, 9.0), "output"), until=1.0)
    with pytest.raises(ValueError, match="but Wind has no risk whose neuron names groups; leave groups out"):
        evolve(Wind((0.0,)), at(0.0), Walled(Euler(0.1), Box(-9.0, 9.0), ("hidden",)), until=1.0)


def test_a_ball_around_coordinates_of_unequal_mobility_is_refused() -> None:
    """Assert that a wall that leans is not put where noise or mobility differ, and that boxes and single groups are."""
    risk = network_risk(scaling=MeanField(rates={"output": 2.0}))
    hot = LangevinFlow(network_risk(), {"hidden": 0.1, "output": 0.0})
    for flow, scheme in ((GradientFlow(risk), Euler(0.1)), (hot, EulerMaruyama(0.1))):
        with pytest.raises(FlowRefused, match="different mobilities or noise, for which the walls"):
            evolve(flow, network_cloud(), Walled(scheme, Ball(9.0)), until=0.2)
        evolve(flow, network_cloud(), Walled(scheme, Box(-9.0, 9.0)), until=0.2)
        evolve(flow, network_cloud(), Walled(scheme, Ball(9.0), "hidden"), until=0.2)


def test_schemes_whose_steps_are_not_their_own_are_refused() -> None:
    """Assert that error-controlled schemes and those that share noise or have velocities are told from the others."""
    for scheme in (BDF(), LeimkuhlerMatthews(0.1)):
        with pytest.raises(TypeError, match="but a FixedStep or an Optimiser is needed; give Euler"):
            Walled(scheme, Ball(1.0))  # type: ignore[arg-type]
    flow = UnderdampedFlow(network_risk(), 0.1, 1.0)
    with pytest.raises(FlowRefused, match="Walled handles noise and transport, but UnderdampedFlow also has inertia"):
        evolve(flow, network_cloud(), Walled(EulerMaruyama(0.1), Ball(9.0)), until=1.0)


def test_noise_is_that_of_the_scheme() -> None:
    """Assert that a step with walls is the step without, brought back."""
    flow, start = Blown((3.0, 0.0)), at(0.9, 0.0)
    free = EulerMaruyama(0.5).step(flow, start, None, 0.0, 0.5, StepNoise(7, 0)).cloud.positions
    walled = Walled(EulerMaruyama(0.5), Ball(1.0)).step(flow, start, None, 0.0, 0.5, StepNoise(7, 0)).cloud.positions
    assert torch.equal(walled, Ball(1.0).mirrored(free))
