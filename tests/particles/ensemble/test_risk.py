"""The risk of an ensemble is the sum of its members' risks, and gives each member what its own risk gives."""

from dataclasses import replace

import pytest
import torch

from particles import (
    L2,
    NTK,
    CrossEntropy,
    Dataset,
    Lazy,
    MeanField,
    ParticleCloud,
    Perceptron,
    Power,
    Risk,
    SmoothLeakyReLU,
    Tanh,
)
from particles.cloud import Stacked
from particles.compute.tiles import FUSED_ENTRIES
from particles.ensemble.risk import EnsembleRisk
from tests.flows.contracts.ensembles import ensemble
from tests.problems import network_risk, numbers
from tests.tolerances import assert_identical

SCALINGS = (MeanField(), NTK(), Lazy(3.0), Power(0.75))


def risks(outputs: int) -> list[Risk]:
    """Four risks with scalings, targets and data weights of their own."""
    made = []
    for e, scaling in enumerate(SCALINGS):
        risk = network_risk(scaling, outputs=outputs, strength=0.3)
        targets, weights = numbers(60 + e, 7, outputs), torch.softmax(numbers(70 + e, 7), dim=0)
        made.append(risk.on(Dataset(risk.data.inputs, targets, weights)))
    return made


@pytest.mark.parametrize("outputs", [1, 2])
def test_everything_is_that_of_each_member(outputs: int) -> None:
    """Assert that predictions, residuals, velocities and Gram matrices are each member's, and the risk is the sum."""
    members, own = list(ensemble(outputs)), risks(outputs)
    joint, stacked = EnsembleRisk.of(own), Stacked(members)
    at, alone = joint.at(stacked), [risk.at(cloud) for risk, cloud in zip(own, members, strict=True)]
    assert_identical(at.predictions, torch.cat([one.predictions for one in alone]))
    assert_identical(joint.residual(stacked), torch.cat([one.residual for one in alone]))
    assert_identical(joint.velocity(stacked), torch.cat([one.velocity for one in alone]))
    assert_identical(at.decay, torch.cat([one.decay for one in alone]))
    assert_identical(at.gram(), torch.stack([one.gram() for one in alone]))
    assert_identical(at.push(at.velocity), torch.cat([one.push(one.velocity) for one in alone]))
    assert_identical(joint(stacked), torch.stack([risk(cloud) for risk, cloud in zip(own, members, strict=True)]).sum())


@pytest.mark.parametrize("outputs", [1, 2])
def test_what_a_risk_offers_is_given_of_each_member(outputs: int) -> None:
    """Assert that potentials, at the members' positions and at others, predictions and the network on other inputs, the
    risk on other data, and its linearised form never mix members."""
    members, own = list(ensemble(outputs)), risks(outputs)
    joint, stacked, x = EnsembleRisk.of(own), Stacked(members), numbers(80, 5, 3)
    pairs = list(zip(own, members, strict=True))
    assert_identical(joint.potential(stacked), torch.cat([risk.potential(cloud) for risk, cloud in pairs]))
    places = numbers(81, 4, 3, stacked.dim)
    potentials = [risk.potential(cloud, places[e]) for e, (risk, cloud) in enumerate(pairs)]
    assert_identical(joint.potential(stacked, places.flatten(0, 1)), torch.cat(potentials))
    there = torch.cat([risk.predictions(cloud, x) for risk, cloud in pairs])
    assert_identical(joint.predictions(stacked, x), there)
    assert_identical(joint.network(stacked, x), there)
    other = Dataset(x, numbers(82, 5, outputs))
    assert_identical(
        joint.on(other).velocity(stacked), torch.cat([risk.on(other).velocity(cloud) for risk, cloud in pairs])
    )
    assert_identical(joint.linearised.velocity(stacked), torch.cat([risk.velocity(cloud) for risk, cloud in pairs]))


def test_members_that_share_a_risk_go_on_sharing_it() -> None:
    """Assert that a batch is made once for all members with one risk, and once for each of others."""
    one, other = risks(1)[:2]
    there = EnsembleRisk.of([one, other, one]).on(one.data)
    assert there.risks[0] is there.risks[2] is not there.risks[1]
    assert there.risks[1].scaling == other.scaling


def test_kernels_give_each_member_its_own() -> None:
    """Assert that members with their own scalings and targets go through kernels where asked, or together large; that
    agrees with each member's plain torch; and that asking where it cannot be is an error."""
    members, own = list(ensemble(2)), [replace(risk, fused=True) for risk in risks(2)]
    with pytest.raises(ValueError, match="fused kernels were asked for, but the neuron is no Perceptron with an act"):
        EnsembleRisk.of(
            [replace(risk, neuron=replace(risk.neuron, activation=SmoothLeakyReLU())) for risk in own]
        ).velocity(Stacked(members))
    at = EnsembleRisk.of(own).at(Stacked(members))
    assert at.tiles.fused is not None
    plain = [replace(risk, fused=False) for risk in own]
    assert_identical(at.velocity, torch.cat([r.velocity(c) for r, c in zip(plain, members, strict=True)]))
    assert EnsembleRisk.of(plain).at(Stacked(members)).tiles.fused is None
    unasked = [replace(risk, fused=None) for risk in own]
    assert EnsembleRisk.of(unasked).at(Stacked(members)).tiles.fused is None
    each = FUSED_ENTRIES // (4 * 7 * 2)
    for count, through in ((each, False), (each + 1, True)):
        cloud = ParticleCloud(numbers(1, count, 5))
        assert (EnsembleRisk.of(unasked).at(Stacked([cloud] * 4)).tiles.fused is not None) is through


def test_one_scaling_for_all_stays_one() -> None:
    """Assert that members of one scaling share it."""
    assert EnsembleRisk.of([network_risk(NTK())] * 3).scaling == NTK()


class Wave:
    """A neuron of a user's."""

    dim = 4

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """sin of a sum."""
        return torch.sin(theta[:3] @ x + theta[3])


def test_members_share_the_rates_of_groups() -> None:
    """Assert that velocities and Gram matrices have them in any scaling, and that members that differ are refused."""
    members, rates = list(ensemble(2)), {"output": 0.2}
    own = [replace(risk, scaling=replace(risk.scaling, rates=rates)) for risk in risks(2)]
    joint, stacked = EnsembleRisk.of(own), Stacked(members)
    at, alone = joint.at(stacked), [risk.at(cloud) for risk, cloud in zip(own, members, strict=True)]
    assert_identical(at.velocity, torch.cat([one.velocity for one in alone]))
    assert_identical(at.decay, torch.cat([one.decay for one in alone]))
    assert_identical(at.gram(), torch.stack([one.gram() for one in alone]))
    with pytest.raises(ValueError, match="member 1 has scaling NTK.*scalings may differ, but not in the rates"):
        EnsembleRisk.of([own[0], risks(2)[1]])


def test_risks_that_share_too_little_are_refused() -> None:
    """Assert that neurons without closed form are refused, and members with other neurons, losses or inputs."""
    risk = network_risk()
    with pytest.raises(
        TypeError,
        match="closed form of Perceptron, Deep or Bump, but the neuron is Wave; evolve the members one by one",
    ):
        EnsembleRisk.of([Risk(Wave(), MeanField(), risk.loss, risk.data)] * 2)
    with pytest.raises(
        ValueError, match="The risk of member 1 has regulariser L2.*members may differ in scaling, targets"
    ):
        EnsembleRisk.of([risk, replace(risk, regulariser=L2(0.5))])
    with pytest.raises(ValueError, match="The risk of member 1 has neuron Perceptron"):
        EnsembleRisk.of([risk, network_risk(trained="hidden")])
    with pytest.raises(ValueError, match="The inputs of member 1 differ from those of member 0"):
        EnsembleRisk.of([risk, risk.on(Dataset(risk.data.inputs + 1.0, risk.data.targets))])
    two = network_risk(outputs=2)
    classes = Dataset(two.data.inputs, torch.softmax(two.data.targets, dim=1))
    with pytest.raises(ValueError, match="The risk of member 1 has loss CrossEntropy"):
        EnsembleRisk.of([two, replace(two, loss=CrossEntropy(), data=classes)])
    assert isinstance(two.neuron, Perceptron) and two.neuron.activation == Tanh()
