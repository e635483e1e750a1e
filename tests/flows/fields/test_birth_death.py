"""Birth and death: the growth is the first variation's, the risk falls as stated, and masses remain masses."""

import math

import pytest
import torch
from torch import Tensor

from flows import RK4, BirthDeathFlow, Flow, GrowthSplitting, Heun, Part, Trace, evolve, parts
from particles import NTK, FlowRefused, Lazy, MeanField, ParticleCloud
from particles.shapes import PerParticle
from tests.problems import network_cloud, network_risk, written_out_risk
from tests.tolerances import DERIVATIVE, assert_identical, relative_error


def massless_cloud() -> ParticleCloud:
    """Six particles, one of them without mass."""
    cloud = network_cloud()
    masses = torch.cat([torch.zeros(1, dtype=torch.float64), cloud.masses[1:] / cloud.masses[1:].sum()])
    return ParticleCloud(cloud.positions, masses)


def test_growth_is_the_first_variation() -> None:
    """Assert that the growth is -rate (V - mean V) with V = d R / d lambda by autograd, regulariser included."""
    risk, cloud = network_risk(strength=0.2), network_cloud()
    masses = cloud.masses.clone().requires_grad_()
    variation = torch.autograd.grad(written_out_risk(risk, cloud.positions, masses), masses)[0]
    expected = -1.7 * (variation - cloud.masses @ variation)
    assert_identical(BirthDeathFlow(risk, 1.7).growth(cloud), expected)


def test_growth_keeps_the_total() -> None:
    """Assert that sum_j lambda_j growth_j is zero, massless particles included."""
    for cloud in (network_cloud(), massless_cloud()):
        growth = BirthDeathFlow(network_risk(strength=0.2)).growth(cloud)
        assert abs(float(cloud.masses @ growth)) < 1e-15


def test_risk_falls_at_the_stated_rate() -> None:
    """Assert that dR/dt = -sum lambda |grad V|^2 - rate Var(V), the left side a difference along the evolved flow."""
    risk, rate, small = network_risk(strength=0.2), 2.0, 1e-4
    flow = BirthDeathFlow(risk, rate)
    middle = evolve(flow, network_cloud(), GrowthSplitting(RK4(small)), until=small)
    end = evolve(flow, middle, GrowthSplitting(RK4(small)), until=small)
    measured = float(risk(end) - risk(network_cloud())) / (2.0 * small)
    potential = risk.potential(middle)
    variance = middle.masses @ (potential - middle.masses @ potential).square()
    stated = -float(middle.masses @ flow.velocity(middle).square().sum(dim=1) + rate * variance)
    assert abs(measured / stated - 1.0) < DERIVATIVE
    assert abs(stated + float(middle.masses @ flow.velocity(middle).square().sum(dim=1))) > 0.01 * abs(stated)


class Wrong:
    """Growth that is wrong in one way."""

    def __init__(self, way: str) -> None:
        self.flow, self.way = BirthDeathFlow(network_risk(strength=0.2), 2.0), way

    def velocity(self, cloud: ParticleCloud, time: float) -> Tensor:
        """As it is."""
        return self.flow.velocity(cloud, time)

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """Of the wrong sign, or with the plain mean of the potential in place of the weighted one."""
        growth = self.flow.growth(cloud, time)
        return -growth if self.way == "sign" else growth - growth.mean()


def test_wrong_growth_is_seen() -> None:
    """Assert that growth of the wrong sign raises the risk, and that a plain mean in its place changes the total."""
    risk, cloud = network_risk(strength=0.2), network_cloud()
    potential, growth = risk.potential(cloud), Wrong("sign").growth(cloud, 0.0)
    assert (
        float((cloud.masses * growth) @ potential)
        > 0.0
        > float((cloud.masses * BirthDeathFlow(risk, 2.0).growth(cloud)) @ potential)
    )
    assert abs(float(cloud.masses @ Wrong("mean").growth(cloud, 0.0))) > 1e-3


def test_masses_remain_masses() -> None:
    """Assert that along a long run masses stay non-negative with total one, move, and mass zero stays exactly so, while
    the massless particle stands still."""
    seen: list[ParticleCloud] = []
    start = massless_cloud()
    flow = BirthDeathFlow(network_risk(strength=0.1), 3.0)
    evolve(
        flow, start, GrowthSplitting(Heun(0.2)), until=10.0, observers=[lambda step, time, cloud: seen.append(cloud)]
    )
    for cloud in seen:
        assert abs(float(cloud.masses.sum()) - 1.0) < 1e-14
        assert bool((cloud.masses[1:] > 0.0).all()) and float(cloud.masses[0]) == 0.0
        assert torch.equal(cloud.positions[0], start.positions[0])
    assert relative_error(seen[-1].masses, start.masses) > 0.1


def test_risk_falls_further_than_by_transport_alone() -> None:
    """Assert that the risk never rises along the flow, and that birth and death speed its fall up."""
    ends = []
    for rate in (0.0, 5.0):
        trace = Trace(risk=network_risk(strength=0.01))
        flow = BirthDeathFlow(network_risk(strength=0.01), rate)
        evolve(flow, network_cloud(), GrowthSplitting(RK4(0.1)), until=3.0, observers=[trace])
        assert bool((trace["risk"][1:] <= trace["risk"][:-1]).all())
        ends.append(trace["risk"][-1])
    assert ends[1] < 0.97 * ends[0]


def test_without_rate_masses_are_kept() -> None:
    """Assert that at rate zero the flow is the gradient flow."""
    flow, cloud = BirthDeathFlow(network_risk(), 0.0), network_cloud()
    end = evolve(flow, cloud, GrowthSplitting(RK4(0.1)), until=1.0)
    assert_identical(end.masses, cloud.masses)
    assert not flow.growth(cloud).any()
    assert torch.equal(flow.velocity(cloud), network_risk().velocity(cloud))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    """Assert that positions and masses stay in the cloud's dtype."""
    end = evolve(BirthDeathFlow(network_risk()), network_cloud(dtype=dtype), GrowthSplitting(Heun(0.1)), until=1.0)
    assert (end.positions.dtype, end.masses.dtype) == (dtype, dtype)


def test_other_integrators_refuse_growth() -> None:
    """Assert that growth is a part that plain integrators refuse."""
    flow: Flow = BirthDeathFlow(network_risk())
    assert parts(flow) == {Part.TRANSPORT, Part.GROWTH}
    with pytest.raises(FlowRefused, match="RK4 handles transport, but BirthDeathFlow also has growth"):
        evolve(flow, network_cloud(), RK4(0.1), until=1.0)


@pytest.mark.parametrize("scaling", [NTK(), Lazy(3.0)], ids=str)
def test_other_scalings_are_refused(scaling: NTK | Lazy) -> None:
    """Assert that scalings in which masses are not those of the measure are refused."""
    with pytest.raises(TypeError, match=r"masses evolve by birth and death under MeanField\(\) only"):
        BirthDeathFlow(network_risk(scaling))


@pytest.mark.parametrize("rate", [-1.0, math.inf, math.nan])
def test_impossible_rate_is_refused(rate: float) -> None:
    """Assert that a negative or non-finite rate is refused."""
    with pytest.raises(ValueError, match="The rate is .*, but a finite non-negative number is needed"):
        BirthDeathFlow(network_risk(MeanField()), rate)
