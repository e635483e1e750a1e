"""Mean and variance of trained networks over initialisations, against flows from one initial function at a time."""

import math

import pytest
import torch
from torch import Tensor

from flows import LinearisedFlow
from limits import KernelFlow, ensemble, feature_kernel, tangent_kernel
from particles import NTK, Dataset, Erf, GaussianLaw, Identity, Logistic, Perceptron, Risk, Squared, masses
from tests.draws import normals, unequal
from tests.long import long_after
from tests.tolerances import QUADRATURE, Z, z_score

OUTPUTS = 2
NEURON = Perceptron(Erf(), Identity(3), OUTPUTS, "both")
TANGENT, FEATURES = tangent_kernel(NEURON, GaussianLaw(NEURON)), feature_kernel(NEURON, GaussianLaw(NEURON))
X, ELSEWHERE = normals(4, 3, seed=1), normals(3, 3, seed=2)
DATA = Dataset(X, normals(4, OUTPUTS, seed=3), unequal(4))
FLOW = KernelFlow(TANGENT, DATA)
BOTH = torch.cat([X, ELSEWHERE])


def trained(start: Tensor, time: float) -> Tensor:
    """f_t at the data and elsewhere from an initial function with these values there."""
    values = start.reshape(7, OUTPUTS)
    flow = KernelFlow(TANGENT, DATA, start=lambda x: values[:4] if x.shape[0] == 4 else values[4:])
    return torch.cat([flow.predictions(time), flow.predictions(time, ELSEWHERE)]).flatten()


@pytest.mark.parametrize("time", [0.7, math.inf])
@pytest.mark.parametrize("initial", [True, False], ids=["whole", "change"])
def test_moments_are_those_of_flows_from_random_functions(time: float, initial: bool) -> None:
    """Assert that f_t = a + L f_0 has mean a and covariance L S L^T, a and L read off flows from unit functions."""
    offset = trained(torch.zeros(14).double(), time)
    columns = [trained(unit, time) - offset for unit in torch.eye(14).double()]
    linear = torch.stack(columns, dim=1) - (0.0 if initial else 1.0) * torch.eye(14)
    covariance = linear @ FEATURES(BOTH) @ linear.T
    laws = [ensemble(FLOW, FEATURES, time, inputs, initial=initial) for inputs in (None, ELSEWHERE)]
    mean, variance = (torch.cat([getattr(law, name) for law in laws]).flatten() for name in ("mean", "variance"))
    assert float((mean - offset).abs().max()) < 1e2 * QUADRATURE
    assert float((variance - covariance.diagonal()).abs().max()) < 1e2 * QUADRATURE


@pytest.mark.parametrize("initial", long_after(1, [True, False]), ids=["whole", "change"])
def test_moments_are_those_of_wide_networks(initial: bool) -> None:
    """Assert that 250 linearised networks of 400 particles have the mean and the variance everywhere, |z| < 5."""
    risk = Risk(NEURON, NTK(), Squared(), DATA)
    ends = []
    for seed in range(250):
        flow = LinearisedFlow(risk, GaussianLaw(NEURON).sample(masses=masses.uniform(400), seed=seed))
        start = 0.0 if initial else flow.predictions(flow.anchor, ELSEWHERE)
        ends.append((flow.predictions(flow.exact(2.0), ELSEWHERE) - start).flatten())
    law = ensemble(FLOW, FEATURES, 2.0, ELSEWHERE, initial=initial)
    mean, variance = law.mean.flatten(), law.variance.flatten()
    for place, draws in enumerate(torch.stack(ends, dim=1)):
        assert abs(z_score(draws, float(mean[place]))) < Z
        assert abs(z_score((draws - mean[place]).square(), float(variance[place]))) < Z


def test_untrained_ensemble_is_the_feature_kernel() -> None:
    """Assert that at time 0 the variance is that of the initial network, its change zero, and the mean zero."""
    law = ensemble(FLOW, FEATURES, 0.0, ELSEWHERE)
    assert float((law.variance.flatten() - FEATURES(ELSEWHERE).diagonal()).abs().max()) < QUADRATURE
    assert float(law.mean.abs().max()) == 0.0
    assert float(ensemble(FLOW, FEATURES, 0.0, ELSEWHERE, initial=False).variance.max()) == 0.0


def test_mean_is_the_flow_from_zero() -> None:
    """Assert that the mean over initialisations is what a network that starts at zero learns."""
    for time in (0.7, math.inf):
        law = ensemble(FLOW, FEATURES, time, ELSEWHERE)
        assert float((law.mean - FLOW.predictions(time, ELSEWHERE)).abs().max()) < QUADRATURE


def test_trained_forever_there_is_no_doubt_at_the_data() -> None:
    """Assert that at the data every initialisation ends at the targets."""
    law = ensemble(FLOW, FEATURES, math.inf)
    assert float((law.mean - DATA.targets).abs().max()) < QUADRATURE * 1e2
    assert float(law.variance.max()) < QUADRATURE * 1e2


def test_flows_without_an_ensemble_are_refused() -> None:
    """Assert that other losses, and flows that already have an initial function, are refused with a sentence."""
    labels = Dataset(X, DATA.targets.sign())
    with pytest.raises(TypeError, match=r"known for Squared\(\), but the flow has Logistic; take that"):
        ensemble(KernelFlow(TANGENT, labels, Logistic()), FEATURES, 1.0)
    with pytest.raises(ValueError, match="over initial functions, but the flow has one of its own; leave start out"):
        ensemble(KernelFlow(TANGENT, DATA, start=DATA.targets), FEATURES, 1.0)
