"""The flow in NTK scaling."""

import torch

from flows import Euler, GradientFlow, NTKFlow, Trace, evolve
from particles import NTK, Lazy, Linear, MeanField, ParticleCloud
from tests.flows.contracts.members import FLOWS, linear_neuron_error
from tests.problems import network_cloud, network_risk
from tests.tolerances import LINEAR_NEURONS


def test_ntk_flow_is_the_gradient_flow_of_the_risk_in_ntk_scaling() -> None:
    """Assert that NTKFlow of a risk in any scaling runs bit for bit as GradientFlow of the risk in NTK scaling."""
    plain = evolve(GradientFlow(network_risk(NTK())), network_cloud(), Euler(0.1), until=2.0)
    for scaling in (MeanField(), NTK(), Lazy(3.0)):
        end = evolve(NTKFlow(network_risk(scaling)), network_cloud(), Euler(0.1), until=2.0)
        assert torch.equal(end.positions, plain.positions)


def test_ntk_flow_differs_from_the_mean_field_flow() -> None:
    """Assert that the scaling given is really replaced: the mean-field flow of the same risk goes elsewhere."""
    risk, cloud = network_risk(MeanField()), network_cloud()
    difference = NTKFlow(risk).velocity(cloud) - GradientFlow(risk).velocity(cloud)
    assert float(difference.abs().max()) > 0.1


def test_flow_keeps_the_risk_it_descends() -> None:
    """Assert that `risk` is the one in NTK scaling, with everything else as given, and that it falls."""
    given = network_risk(MeanField(), strength=0.1)
    flow = NTKFlow(given)
    assert flow.risk.scaling == NTK()
    assert (flow.risk.neuron, flow.risk.loss, flow.risk.data, flow.risk.regulariser) == (
        given.neuron,
        given.loss,
        given.data,
        given.regulariser,
    )
    trace = Trace(risk=flow.risk)
    evolve(flow, network_cloud(), Euler(0.05), until=2.0, observers=[trace])
    assert trace["risk"][-1] < trace["risk"][0]


def test_risk_given_is_left_alone() -> None:
    """Assert that the risk given keeps its own scaling."""
    given = network_risk(MeanField())
    NTKFlow(given)
    assert given.scaling == MeanField()


def test_equal_masses_are_the_lazy_scaling_of_root_count() -> None:
    """Assert that with m equal masses NTK scaling is Lazy(sqrt(m)), in prediction and in velocity."""
    cloud = ParticleCloud(network_cloud().positions)
    lazy = network_risk(Lazy(cloud.count**0.5))
    flow = NTKFlow(lazy)
    torch.testing.assert_close(flow.risk.predictions(cloud), lazy.predictions(cloud), rtol=1e-13, atol=0.0)
    torch.testing.assert_close(flow.velocity(cloud), GradientFlow(lazy).velocity(cloud), rtol=1e-13, atol=1e-15)


def test_linear_neurons_decay_as_the_ntk_says() -> None:
    """Assert that the residual of hidden linear neurons in NTK scaling is exp(-K P t) r(0)."""
    risk = network_risk(NTK(), activation=Linear(), trained="hidden")
    assert linear_neuron_error(NTKFlow, risk) < LINEAR_NEURONS


def test_ntk_flow_is_under_contract() -> None:
    """Assert that the contract suite of flows runs on NTKFlow."""
    assert NTKFlow in [member.make for member in FLOWS]
