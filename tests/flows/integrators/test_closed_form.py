"""The closed form as an integrator: the exact solution at every moment, units of inputs included, and its refusals."""

import pytest
import torch

from flows import Every, GradientFlow, LinearisedFlow, Trace, evolve
from flows.integrators.closed_form import ClosedForm
from particles import NTK, FlowRefused
from tests.flows.law.known_ends import columns_apart
from tests.problems import network_cloud, network_risk
from tests.tolerances import SINGLE, assert_identical, relative_error


def test_it_is_the_exact_solution_at_every_moment() -> None:
    """Assert that a run takes one step, ends at the exact solution, and shows exact ones on the way."""
    flow = LinearisedFlow(network_risk(NTK()), network_cloud())
    seen = Trace(positions=lambda cloud: cloud.positions)
    end = evolve(flow, network_cloud(), ClosedForm(), until=40.0, observers=[Every(time=10.0, observer=seen)])
    assert_identical(end.positions, flow.exact(40.0).positions)
    for time, positions in zip((0.0, 10.0, 20.0, 30.0, 40.0), seen["positions"], strict=True):
        assert_identical(torch.from_numpy(positions), flow.exact(time).positions)


def test_single_precision_is_kept() -> None:
    """Assert that a float32 cloud stays float32 around a float64 anchor."""
    flow = LinearisedFlow(network_risk(), network_cloud())
    end = evolve(flow, network_cloud().to(dtype=torch.float32), ClosedForm(), until=3.0)
    assert end.positions.dtype == torch.float32
    torch.testing.assert_close(end.positions.double(), flow.exact(3.0).positions, rtol=1e-5, atol=1e-6)


def test_slow_directions_have_their_digits_in_single_precision() -> None:
    """Assert that a float32 run around a float32 anchor ends where a float64 one does, columns in units 10^4 apart."""
    risk, cloud, way = columns_apart(1e4)
    narrow = cloud.to(dtype=torch.float32)
    end = evolve(LinearisedFlow(risk, narrow), narrow, ClosedForm(), until=1e3)
    moved = end.positions.double() - narrow.positions.double()
    assert relative_error(moved[:, :2], way) < SINGLE


def test_flows_without_a_closed_form_are_refused() -> None:
    """Assert that other flows, and risks with a regulariser, are refused with what to take."""
    for flow in (GradientFlow(network_risk()), LinearisedFlow(network_risk(strength=0.2), network_cloud())):
        with pytest.raises(FlowRefused, match=r"Squared\(\) and without L2, but was given .*Flow; take Adaptive"):
            evolve(flow, network_cloud(), ClosedForm(), until=1.0)
