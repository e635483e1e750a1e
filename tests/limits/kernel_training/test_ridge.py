"""Kernel ridge regression and random feature ridge against a solver of scikit-learn and the risk itself."""

import math
from dataclasses import replace

import pytest
import torch

from limits import KernelFlow, KernelRidge, feature_kernel, ridge_outputs
from particles import GaussianLaw, Logistic, MeanField, ParticleCloud, Perceptron, ShapeError
from tests.draws import normals
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import assert_identical

RISK = risk_of(strength=0.01, trained="output", outputs=2)
KERNEL = feature_kernel(Perceptron(RISK.neuron.activation, RISK.neuron.embedding, 2), GaussianLaw(RISK.neuron))


def gram(x1: torch.Tensor, x2: torch.Tensor | None) -> torch.Tensor:
    """A kernel of two outputs that are not independent."""
    plain = torch.exp(-torch.cdist(x1, x1 if x2 is None else x2).square())
    return torch.kron(plain, torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64))


def test_it_is_the_minimiser() -> None:
    """Assert that predictions minimise the penalised risk, with unequal weights and coupled outputs."""
    ridge = KernelRidge(gram, RISK.data, 0.1)
    weights = RISK.data.weights.repeat_interleave(2)
    targets = RISK.data.targets.flatten()

    def risk(beta: torch.Tensor) -> torch.Tensor:
        f = ridge.gram @ beta
        return 0.5 * weights @ (f - targets).square() + 0.05 * beta @ f

    slope = torch.func.grad(risk)(ridge.coefficients)
    assert float(slope.abs().max()) < 1e-12
    assert ridge.norm == pytest.approx(math.sqrt(float(ridge.coefficients @ ridge.gram @ ridge.coefficients)))


def test_it_is_that_of_scikit_learn() -> None:
    """Assert that at other inputs it is KernelRidge of scikit-learn with alpha = strength n."""
    solver = pytest.importorskip("sklearn.kernel_ridge").KernelRidge(alpha=12 * 0.03, kernel="precomputed")
    data, others = RISK.data.some(slice(None)), normals(5, 3, seed=4)
    one = feature_kernel(Perceptron(RISK.neuron.activation, RISK.neuron.embedding), GaussianLaw(risk_of().neuron))
    solver.fit(one(data.inputs).numpy(), data.targets.numpy())
    expected = torch.from_numpy(solver.predict(one(others, data.inputs).numpy()))
    torch.testing.assert_close(KernelRidge(KERNEL, data, 0.03).predictions(others), expected)


def test_no_strength_interpolates_as_a_flow_of_infinite_time() -> None:
    """Assert that strength zero is the end of the kernel flow from zero."""
    others = normals(5, 3, seed=4)
    ridge, flow = KernelRidge(gram, RISK.data, 0.0), KernelFlow(gram, RISK.data)
    torch.testing.assert_close(ridge.predictions(others), flow.predictions(math.inf, others), rtol=1e-7, atol=1e-8)


def test_output_weights_that_are_solved_for_minimise_the_risk() -> None:
    """Assert that the gradient of the risk is zero, for masses that differ and one that is zero, and no other moved."""
    positions = start(RISK).positions
    masses = torch.cat([start(RISK).masses[:-1] / start(RISK).masses[:-1].sum(), torch.zeros(1).double()])
    cloud = ParticleCloud(positions, masses)
    end = ridge_outputs(RISK, cloud)
    assert float(RISK.velocity(end).abs().max()) < 1e-11 and float(RISK.velocity(cloud).abs().max()) > 1e-2
    assert_identical(end.positions[:, :3], positions[:, :3])
    assert_identical(end.positions[-1], positions[-1])
    plain = replace(RISK, regulariser=None)
    least = ridge_outputs(plain, cloud)
    assert float(plain(least)) < 1e-20
    single = ridge_outputs(RISK, cloud.to(dtype=torch.float32))
    assert single.dtype == torch.float32


def test_strength_of_the_outputs_is_theirs() -> None:
    """Assert that with both layers trained the strength of the group counts."""
    risk = risk_of(strength={"hidden": 5.0, "output": 0.01})
    end = ridge_outputs(risk, start(risk))
    assert float(risk.velocity(end)[:, 3:].abs().max()) < 1e-11


def test_wrong_uses_are_told() -> None:
    """Assert that shapes, kernels without other inputs, and risks without output weights get a sentence."""
    with pytest.raises(ShapeError, match=r"Gram matrix has shape \(3, 3\), but 12 data with 2 outputs need \(24, 24\)"):
        KernelRidge(torch.eye(3).double(), RISK.data, 0.1).predictions()
    with pytest.raises(TypeError, match="Predictions at other inputs need a kernel that is a function of inputs"):
        KernelRidge(gram(RISK.data.inputs, None), RISK.data, 0.1).predictions(RISK.data.inputs)
    with pytest.raises(ValueError, match="strength of the ridge is -1"):
        KernelRidge(gram, RISK.data, -1.0)
    hidden = risk_of(trained="hidden", strength=0.1)
    with pytest.raises(ValueError, match="The risk trains the hidden weights alone"):
        ridge_outputs(hidden, start(hidden))
    logistic = risk_of(loss=Logistic(), trained="output", strength=0.1)
    with pytest.raises(TypeError, match=r"Ridge regression is for Squared\(\), but the loss is Logistic"):
        ridge_outputs(logistic, start(logistic))


def test_other_neurons_are_told() -> None:
    """Assert that a neuron without named output weights is refused."""

    class Single:
        """A user's own."""

        dim = 3

        def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            """theta . x."""
            return theta @ x

    risk = replace(risk_of(strength=0.1), neuron=Single(), scaling=MeanField())
    with pytest.raises(TypeError, match="Output weights are solved for where the neuron is a Perceptron"):
        ridge_outputs(risk, ParticleCloud(normals(4, 3, seed=1)))
