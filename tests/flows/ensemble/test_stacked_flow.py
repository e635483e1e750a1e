"""The flow of members side by side moves each as its own flow does, and refuses flows that do not fit together."""

from dataclasses import dataclass, replace

import pytest
import torch

from flows import GradientFlow, LangevinFlow, LinearisedFlow, MinibatchFlow, NTKFlow, Online
from flows.ensemble.stacked_flow import side_by_side
from particles import NTK, Dataset, FlowRefused, MeanField, Risk
from particles.cloud import Stacked
from tests.flows.contracts.ensembles import SCALINGS, ensemble
from tests.particles.ensemble.test_risk import Wave
from tests.problems import network_cloud, network_risk
from tests.tolerances import assert_identical

RISK = network_risk(strength=0.2)


@pytest.mark.parametrize(
    "make",
    [
        GradientFlow,
        NTKFlow,
        lambda risk: LangevinFlow(risk, 0.3, 0.1),
        lambda risk: LangevinFlow(risk, 0.3, 0.1, "joint"),
    ],
)
def test_velocities_are_those_of_each_member(make: type[GradientFlow]) -> None:
    """Assert that velocity, diffusion and decay of stacked members are each member's, under scalings of their own."""
    flows = [make(network_risk(scaling, strength=0.2)) for scaling in SCALINGS]
    joint, members = side_by_side(flows), list(ensemble())
    for part in ("velocity", "diffusion", "decay", "force"):
        if hasattr(flows[0], part):
            each = [getattr(flow, part)(cloud, 0.5) for flow, cloud in zip(flows, members, strict=True)]
            assert_identical(getattr(joint, part)(Stacked(members), 0.5), torch.cat(each), claim=part)


@dataclass(frozen=True)
class Own(GradientFlow):
    """A flow of a user's, who may have changed its velocity."""


def test_flows_that_cannot_stand_side_by_side_are_refused() -> None:
    """Assert that other flows, subclasses included, and neurons without closed form are refused by name."""
    for flow in (
        Own(RISK),
        LinearisedFlow(RISK, network_cloud()),
        MinibatchFlow(RISK, Online(lambda s, n: RISK.data), 1),
    ):
        with pytest.raises(
            FlowRefused, match=f"one of GradientFlow, NTKFlow, LangevinFlow, but was given {type(flow).__name__}"
        ):
            side_by_side([GradientFlow(RISK), flow])
    data = Dataset(RISK.data.inputs, RISK.data.targets)
    with pytest.raises(FlowRefused, match="closed form of Perceptron, Deep or Bump, but the neuron is Wave"):
        side_by_side([GradientFlow(Risk(Wave(), MeanField(), RISK.loss, data))] * 2)


def test_flows_that_differ_in_more_than_the_risk_are_refused() -> None:
    """Assert that temperatures and kinds of flow are shared, while NTKFlow is the gradient flow that it is."""
    warm = LangevinFlow(RISK, 0.3)
    for other in (replace(warm, temperature=0.4), GradientFlow(RISK)):
        with pytest.raises(
            ValueError, match="The flow of member 1 differs from that of member 0 in more than its risk"
        ):
            side_by_side([warm, other])
    assert side_by_side([NTKFlow(RISK), GradientFlow(replace(RISK, scaling=NTK()))]).risk.scaling == NTK()
