"""Kernel flow against networks that follow it exactly, at the data and elsewhere, and wide ones that nearly do."""

import math
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

from flows import RK4, GradientFlow, evolve
from limits import KernelFlow, LinearModel, tangent_kernel
from particles import (
    NTK,
    CrossEntropy,
    Dataset,
    GaussianLaw,
    Identity,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Scaling,
    ShapeError,
    Squared,
    SymmetricPairs,
    Tanh,
    Unresolved,
    masses,
    tangent_gram,
)
from tests.draws import normals, unequal
from tests.long import long_after
from tests.particles.risk.contracts.members import probabilities, real, signs
from tests.tolerances import (
    EXPONENTIAL,
    LINEAR_NEURONS,
    QUADRATURE,
    SINGLE,
    TOLERANCE,
    assert_identical,
    relative_error,
)

DATA, INPUTS, OUTPUTS = 6, 3, 2
X, ELSEWHERE = normals(DATA, INPUTS, seed=1), normals(4, INPUTS, seed=2)
NUMBERS = normals(DATA, OUTPUTS, seed=3)
#: Output weights alone are trained, so that the network is linear in what moves and follows its kernel flow exactly.
NEURON = Perceptron(Tanh(), Identity(INPUTS), OUTPUTS, "output")
LOSSES = [(Squared(), real), (Logistic(), signs), (CrossEntropy(), probabilities)]


def trained(scaling: Scaling, loss: Loss, targets: Tensor) -> tuple[Risk, ParticleCloud]:
    """A risk with unequal data weights and a cloud with unequal masses."""
    risk = Risk(NEURON, scaling, loss, Dataset(X, targets, unequal(DATA)))
    return risk, GaussianLaw(NEURON).sample(masses=unequal(12), seed=0)


def flow_of(risk: Risk, cloud: ParticleCloud) -> KernelFlow:
    """The kernel flow of a cloud's own tangent kernel from its own function."""
    return KernelFlow(
        lambda x1, x2: tangent_gram(risk, cloud, x1, x2),
        risk.data,
        risk.loss,
        start=lambda x: risk.predictions(cloud, x),
        tolerance=TOLERANCE,
    )


@pytest.mark.parametrize("scaling", long_after(1, [NTK(), MeanField()]), ids=repr)
@pytest.mark.parametrize(("loss", "make"), LOSSES, ids=["squared", "logistic", "cross-entropy"])
def test_linear_networks_follow_their_kernel_flow(scaling: Scaling, loss: Loss, make: object) -> None:
    """Assert that residual, predictions anywhere and movement are those of Runge-Kutta steps of the cloud."""
    risk, cloud = trained(scaling, loss, make(NUMBERS))
    flow = flow_of(risk, cloud)
    end = evolve(GradientFlow(risk), cloud, RK4(step=0.02), until=2.0)
    mobility = scaling.mobility(cloud.masses)
    moved = ((end.positions - cloud.positions).square().sum(dim=1) / mobility).sum().sqrt()
    limit = LINEAR_NEURONS if isinstance(loss, Squared) else 100.0 * TOLERANCE
    assert float((flow.residual(2.0) - risk.residual(end)).abs().max()) < limit
    assert float((flow.predictions(2.0) - risk.predictions(end)).abs().max()) < limit
    assert float((flow.predictions(2.0, ELSEWHERE) - risk.predictions(end, ELSEWHERE)).abs().max()) < limit
    assert abs(float(flow.movement(2.0) - moved)) < limit


def test_rank_one_gram_of_duplicates_ends_where_it_must() -> None:
    """Assert that two targets at one input end in their weighted mean, with finite movement."""
    x = torch.cat([X, X[:1]])
    targets = torch.cat([NUMBERS[:, 0], -3.0 * NUMBERS[:1, 0]])
    weights = torch.tensor([0.05, 0.15, 0.15, 0.15, 0.15, 0.15, 0.2], dtype=torch.float64)
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    flow = KernelFlow(tangent_kernel(neuron, GaussianLaw(neuron)), Dataset(x, targets, weights))
    end = flow.predictions(math.inf)[:, 0]
    mean = (0.05 * targets[0] + 0.2 * targets[6]) / 0.25
    assert abs(float(end[0] - mean)) < 1e-6
    assert abs(float(end[6] - mean)) < 1e-6
    assert float((end[1:6] - targets[1:6]).abs().max()) < 1e-6
    assert math.isfinite(float(flow.movement(math.inf)))
    late = flow.predictions(1e9)[:, 0]
    assert float((late - end).abs().max()) < 1e-6


def test_infinite_time_is_regression() -> None:
    """Assert that at the end a regular kernel interpolates, elsewhere K(x, X) K^-1 y, whatever the weights."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    for weights in (None, unequal(DATA)):
        flow = KernelFlow(kernel, Dataset(X, NUMBERS[:, 0], weights))
        exact = kernel(ELSEWHERE, X) @ torch.linalg.solve(kernel(X), NUMBERS[:, 0])
        assert float((flow.predictions(math.inf, ELSEWHERE)[:, 0] - exact).abs().max()) < 1e-8
        assert float(flow.residual(math.inf).abs().max()) < EXPONENTIAL


def test_time_zero_is_the_start() -> None:
    """Assert that at time 0 nothing has moved, for the closed form and for the equation."""
    for loss, make in LOSSES:
        risk, cloud = trained(NTK(), loss, make(NUMBERS))
        flow = flow_of(risk, cloud)
        assert_identical(flow.predictions(0.0, ELSEWHERE), risk.predictions(cloud, ELSEWHERE))
        assert_identical(flow.predictions(0.0), risk.predictions(cloud))
        assert float(flow.movement(0.0)) == 0.0


def test_several_times_are_single_ones() -> None:
    """Assert that lists, arrays and tensors of times give a leading axis with what each time gives by itself."""
    for loss, make in LOSSES[:2]:
        risk, cloud = trained(NTK(), loss, make(NUMBERS))
        flow = flow_of(risk, cloud)
        for times in ([2.0, 0.5], np.array([2.0, 0.5]), torch.tensor([2.0, 0.5])):
            many = flow.predictions(times, ELSEWHERE)
            assert many.shape == (2, 4, OUTPUTS)
            assert flow.residual(times).shape == (2, DATA, OUTPUTS)
            assert flow.movement(times).shape == (2,)
            assert float((many[1] - flow.predictions(0.5, ELSEWHERE)).abs().max()) < 100.0 * TOLERANCE


def test_gram_matrix_alone_serves_the_data() -> None:
    """Assert that a Gram matrix in place of a kernel, and values in place of a function, give the same at the data."""
    risk, cloud = trained(NTK(), Squared(), NUMBERS)
    whole = flow_of(risk, cloud)
    bare = KernelFlow(tangent_gram(risk, cloud), risk.data, start=risk.predictions(cloud))
    assert_identical(bare.predictions(1.5), whole.predictions(1.5))
    assert_identical(bare.movement(1.5), whole.movement(1.5))
    with pytest.raises(TypeError, match="need a kernel that is a function of inputs, but a Gram matrix was given"):
        KernelFlow(bare.kernel, risk.data).predictions(1.5, ELSEWHERE)
    with pytest.raises(TypeError, match="need the initial function, but only its values at the data were given"):
        KernelFlow(whole.kernel, risk.data, start=risk.predictions(cloud)).predictions(1.5, ELSEWHERE)


def test_late_residuals_keep_their_digits() -> None:
    """Assert that the residual goes on falling exponentially below rounding of the predictions."""
    flow = KernelFlow(torch.tensor([[2.0]], dtype=torch.float64), Dataset(X[:1], NUMBERS[:1, :1]))
    assert abs(float(flow.residual(20.0)) / (-float(NUMBERS[0, 0]) * math.exp(-40.0)) - 1.0) < EXPONENTIAL


def test_float32_is_kept() -> None:
    """Assert that float32 data give float32 answers of that precision, singular Gram matrices included."""
    kernel = tangent_kernel(NEURON, GaussianLaw(NEURON))
    x = torch.cat([X, X[:2]]).float()
    flow = KernelFlow(kernel, Dataset(x, normals(8, OUTPUTS, seed=4).float()))
    wide = KernelFlow(kernel, Dataset(x.double(), normals(8, OUTPUTS, seed=4).float().double()))
    assert flow.predictions(3.0).dtype == torch.float32
    assert float((flow.predictions(3.0).double() - wide.predictions(3.0)).abs().max()) < 10.0 * SINGLE
    assert float((flow.predictions(math.inf).double() - wide.predictions(math.inf)).abs().max()) < 1e3 * SINGLE


def test_singular_gram_matrices_in_float32_are_served() -> None:
    """Assert that rates that are rounding of a float32 Gram matrix, negative ones too, are zero at any time."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "output")
    cloud = GaussianLaw(neuron).sample(masses=masses.uniform(3), seed=0)
    answers = []
    for dtype in (torch.float32, torch.float64):
        risk = Risk(neuron, NTK(), Squared(), Dataset(X.to(dtype), NUMBERS[:, 0].to(dtype)))
        gram = tangent_gram(risk, cloud.to(dtype=dtype))
        flow = KernelFlow(gram, risk.data)
        assert int((flow.spectrum.rates > 0.0).sum()) == 3
        answers.append(flow.predictions([1.0, math.inf]).double())
    assert float((answers[0] - answers[1]).abs().max()) < 1e3 * SINGLE


def gaps(width: int, seeds: range) -> list[float]:
    """Root mean square gap at time 3 between wide networks under gradient flow and the flow of the limit kernel."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    law = SymmetricPairs(GaussianLaw(neuron))
    risk = Risk(neuron, NTK(), Squared(), Dataset(X, NUMBERS[:, 0]))
    limit = KernelFlow(tangent_kernel(neuron, law), risk.data).predictions(3.0)
    ends = (
        evolve(GradientFlow(risk), law.sample(masses=masses.uniform(width), seed=seed), RK4(step=0.25), until=3.0)
        for seed in seeds
    )
    return [float((risk.predictions(end) - limit).square().mean().sqrt()) for end in ends]


def test_wide_networks_approach_the_limit_like_one_over_root_width() -> None:
    """Assert that the gap to the flow of the limit kernel falls with a slope of -1/2 within its confidence interval."""
    widths = [256, 1024, 4096]
    samples = [np.log(gaps(width, range(12))) for width in widths]
    x = np.log(widths) - np.mean(np.log(widths))
    slope = float(x @ [np.mean(sample) for sample in samples] / (x @ x))
    variance = sum(a**2 * np.var(sample, ddof=1) / len(sample) for a, sample in zip(x, samples, strict=True))
    error = math.sqrt(variance) / float(x @ x)
    assert abs(slope + 0.5) < 3.0 * error
    assert error < 0.1


def test_quadrature_error_reaches_the_flow() -> None:
    """Assert that a limit kernel hands its error on, below which a rate is no rate."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    flow = KernelFlow(tangent_kernel(neuron, GaussianLaw(neuron)), Dataset(X, NUMBERS[:, 0]))
    assert 0.0 < flow.spectrum.cutoff <= 4.0 * QUADRATURE


def test_impossible_flows_are_refused() -> None:
    """Assert that times, tolerances and targets that cannot be are refused with a sentence."""
    data = Dataset(X, NUMBERS)
    flow = KernelFlow(torch.eye(DATA * OUTPUTS, dtype=torch.float64), data)
    with pytest.raises(ValueError, match="Times are -1.0, but one or more non-negative numbers are needed"):
        flow.residual(-1.0)
    with pytest.raises(ValueError, match="but one or more non-negative"):
        flow.movement([0.0, math.nan])
    with pytest.raises(ValueError, match="tolerance is 0.0, but a number between 0 and 1 is needed"):
        KernelFlow(flow.kernel, data, tolerance=0.0)
    with pytest.raises(ValueError, match="logistic loss needs targets -1 or"):
        KernelFlow(flow.kernel, data, Logistic())
    with pytest.raises(ValueError, match="not symmetric; give that of a kernel between the data and themselves"):
        KernelFlow(torch.eye(DATA * OUTPUTS).double().roll(1, dims=0), data).residual(1.0)


def test_wrong_shapes_are_refused() -> None:
    """Assert that Gram matrices and initial functions of another size are refused with what is needed."""
    with pytest.raises(ShapeError, match=r"shape \(6, 6\), but 6 data with 2 outputs need \(12, 12\), row index i k"):
        KernelFlow(torch.eye(DATA, dtype=torch.float64), Dataset(X, NUMBERS)).residual(1.0)
    with pytest.raises(ShapeError, match=r"initial function has shape \(6, 1\) at the data, but targets have \(6, 2\)"):
        KernelFlow(torch.eye(12).double(), Dataset(X, NUMBERS), start=NUMBERS[:, :1]).residual(1.0)


def linear(x1: Tensor, x2: Tensor | None) -> Tensor:
    """x . x'."""
    return x1 @ (x1 if x2 is None else x2).T


@dataclass(frozen=True)
class Features:
    """The same kernel with its factor."""

    def __call__(self, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """x . x'."""
        return linear(x1, x2)

    def factor(self, inputs: Tensor) -> Tensor:
        """x itself."""
        return inputs


@pytest.mark.parametrize("time", [1.0, 1e6, math.inf])
@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e4, 1e6, 1e8])
def test_units_of_columns_are_right_or_refused(ratio: float, time: float) -> None:
    """Assert that predictions elsewhere are right to 1e-6 or refused, and to 1e-12 with a factor."""
    x = normals(4, 2, seed=8) * torch.tensor([1.0, ratio], dtype=torch.float64)
    there, y = normals(3, 2, seed=9) * torch.tensor([1.0, ratio], dtype=torch.float64), normals(4, 1, seed=10)
    with mpmath.workdps(60):
        features, targets = mpmath.matrix(x.tolist()), mpmath.matrix(y.tolist())
        rates, modes = mpmath.eigsy(features.T * features / 4)
        parts = modes.T * (features.T * targets / 4)
        gains = [(1 - mpmath.exp(-rate * time)) / rate if math.isfinite(time) else 1 / rate for rate in rates]
        learned = modes * mpmath.matrix([gain * part for gain, part in zip(gains, parts, strict=True)])
        exact = torch.tensor([float(each) for each in mpmath.matrix(there.tolist()) * learned], dtype=torch.float64)
    factored = KernelFlow(Features(), Dataset(x, y)).predictions(time, there)[:, 0]
    assert relative_error(factored, exact) < 1e-12
    plain = KernelFlow(linear, Dataset(x, y))
    if ratio >= 1e6:
        with pytest.raises(Unresolved, match=r"differ by a factor .* standardise the inputs"):
            plain.predictions(time, there)
        return
    assert relative_error(plain.predictions(time, there)[:, 0], exact) < 1e-6


def test_late_times_are_not_blown_up_elsewhere() -> None:
    """Assert that with more data than features predictions elsewhere stand still from 1e9 on, to infinity."""
    flow = KernelFlow(linear, Dataset(X, NUMBERS[:, :1]))
    late = flow.predictions([1e9, 1e14, math.inf], ELSEWHERE)
    assert_identical(late[0], late[2])
    assert_identical(late[1], late[2])


def descent(**given: object) -> KernelFlow:
    """Gradient descent of a linear model, half of its fastest rate a step."""
    usual = {"kernel": LinearModel(1.0, 0.5, outputs=OUTPUTS), "data": Dataset(X, NUMBERS), "step": 0.5}
    return KernelFlow(**{**usual, **given})


def test_descent_of_a_linear_model_is_its_parameters_descent() -> None:
    """Assert that exact linear dynamics (Hu et al. 2020, claim C.1) are gradient descent on the features' weights."""
    flow, step = descent(), 0.5
    psi, elsewhere = (LinearModel(1.0, 0.5).features(x) for x in (X, ELSEWHERE))
    theta = torch.zeros(psi.shape[1], OUTPUTS, dtype=torch.float64)
    for _ in range(9):
        theta = theta - step * psi.T @ (psi @ theta - NUMBERS) / DATA
    assert_identical(flow.predictions(9 * step), psi @ theta)
    assert_identical(flow.predictions(9 * step, ELSEWHERE), elsewhere @ theta)
    assert_identical(flow.movement(9 * step).double(), theta.norm())


def test_a_factored_kernel_is_trained_without_a_gram_matrix() -> None:
    """Assert that twenty thousand data are trained and predicted while their Gram matrix is never asked for."""

    class Watched(LinearModel):
        def __call__(self, x1: Tensor, x2: Tensor | None = None) -> Tensor:
            raise MemoryError("the Gram matrix was formed")

    x = normals(20_000, 5, seed=1)
    weights = torch.cat([torch.zeros(1), torch.ones(19_999)]).double() / 19_999
    for excess in (0.0, 0.1):
        flow = KernelFlow(Watched(1.0, 0.1, excess), Dataset(x, torch.sin(x[:, 0]), weights))
        assert flow.residual([1.0, math.inf]).shape == (2, 20_000, 1)
        assert flow.predictions(3.0).shape == (20_000, 1) and float(flow.movement(3.0)) > 0.0
        assert_identical(flow.predictions(3.0)[:1], flow.predictions(3.0, x[:1]))


def test_descent_refuses_what_it_has_no_answer_for() -> None:
    """Assert that other losses, times between steps and the limit of a descent that diverges are refused."""
    with pytest.raises(ValueError, match=r"closed form for Squared\(\), but the loss is Logistic; leave the step out"):
        descent(loss=Logistic(), data=Dataset(X, NUMBERS.sign()))
    with pytest.raises(ValueError, match=r"The step is 0\.0, but a positive finite number is needed"):
        descent(step=0.0)
    with pytest.raises(ValueError, match=r"with step 0\.5 has no time 0\.75; ask for whole numbers of steps"):
        descent().predictions(0.75)
    with pytest.raises(ValueError, match=r"with step 100 has no limit, since the fastest rate is [\d.]+; take a step"):
        descent(step=100.0).predictions(math.inf)
    assert_identical(descent().predictions(math.inf), descent(step=None).predictions(math.inf))
