"""What a theorem is asked about: a risk, the law of its particles, and their masses; and the constants of all bounds.

Theorems are stated for sum_i (f - y)^2 / 2 without the factor 1/n. Ours has weights p_i, 1/n by default, so our time is
n times as long: a rate in the paper's time is n times ours. Bounds here hold for any embedding phi, of which the
paper's is x / sqrt(d) with |x| <= 1: where it has n/d, the trace T = sum_i |phi(x_i)|^2 of these inputs stands.
"""

from dataclasses import dataclass
from functools import cached_property

import torch

from limits.kernels.two_layer import TangentKernel, feature_kernel, tangent_kernel
from limits.theorems.base import Assumption
from particles import NTK, GaussianLaw, ParticleCloud, Perceptron, RademacherOutputs, Risk, Squared
from particles.shapes import Features, Gram, Masses, PerDatum

#: Masses reach gamma / m to this, relative: rounding of masses that were stored in float32.
SLACK = 1e-5
#: Eigenvalues of a mean Gram matrix below this part of the largest are zero to rounding.
SINGULAR = 1e-12


@dataclass(frozen=True, eq=False)
class Problem:
    """A network of perceptrons, its risk, the law of its start, and the masses [particles] of its particles.

    gamma and alpha belong to masses gamma/m + (1 - gamma) zipf_j(alpha). Where gamma is left out it is the largest one
    that the masses allow, m min_j lambda_j. Raises TypeError for other neurons, ValueError for a gamma that the masses
    do not have.
    """

    risk: Risk
    law: GaussianLaw
    masses: Masses
    gamma: float | None = None
    alpha: float | None = None

    def __post_init__(self) -> None:
        tangent_kernel(self.neuron, self.law)
        if self.gamma is not None and not 0.0 <= self.gamma <= self.least * (1.0 + SLACK):
            raise ValueError(
                f"The smallest of {self.count} masses is {self.least:.6g} / m, but gamma is {self.gamma!r}; give a "
                "gamma between zero and that, or leave it out."
            )

    @property
    def neuron(self) -> Perceptron:
        """The neuron of the risk."""
        neuron = self.risk.neuron
        if not isinstance(neuron, Perceptron):
            raise TypeError(f"Theorems are known for Perceptron, but the neuron is a {type(neuron).__name__}.")
        return neuron

    @property
    def count(self) -> int:
        """m."""
        return self.masses.shape[0]

    @property
    def data(self) -> int:
        """n."""
        return self.risk.data.count

    @property
    def least(self) -> float:
        """m min_j lambda_j."""
        return self.count * float(self.masses.min())

    @property
    def floor(self) -> float:
        """gamma, the share of the mass that is spread evenly."""
        return self.least if self.gamma is None else self.gamma

    @cached_property
    def phi(self) -> Features:
        """phi(x_i) [data, features] in float64."""
        return self.neuron.embed(self.risk.data.inputs.double())

    @cached_property
    def weights(self) -> PerDatum:
        """p_i [data] in float64."""
        return self.risk.data.weights.double()

    @cached_property
    def trace(self) -> float:
        """T = lipschitz^2 sum_i |phi_i|^2, which no eigenvalue of a tangent Gram matrix of a = -1, 1 exceeds."""
        return self.neuron.activation.lipschitz**2 * float(self.phi.square().sum())

    @cached_property
    def kernel(self) -> TangentKernel:
        """The mean tangent kernel."""
        return tangent_kernel(self.neuron, self.law, rates=getattr(self.risk.scaling, "rates", None))

    @cached_property
    def mean_gram(self) -> Gram:
        """K [n k, n k], the mean of the tangent Gram matrix at the start."""
        return self.kernel(self.risk.data.inputs.double())

    @cached_property
    def kappa(self) -> float:
        """kappa_n, the smallest eigenvalue of the mean Gram matrix; zero where that is singular to rounding."""
        values = torch.linalg.eigvalsh(self.mean_gram)
        return float(values[0]) if values[0] > SINGULAR * values[-1] else 0.0

    @cached_property
    def misfit(self) -> float:
        """E |y - f_0|^2 = |y|^2 + (sum_j s_j^2) sum_i E a^2 sigma(z_i)^2, without the weights p_i."""
        initial = feature_kernel(self.neuron, self.law)(self.risk.data.inputs.double())
        factors = self.risk.scaling.factor(self.masses)
        return float(self.risk.data.targets.double().square().sum() + factors.square().sum() * initial.trace())

    def sample(self, seed: int) -> ParticleCloud:
        """One start."""
        return self.law.sample(masses=self.masses, seed=seed)

    @property
    def is_gradient_flow(self) -> tuple[Assumption, ...]:
        """That the risk is the squared loss and nothing else."""
        return (
            Assumption("squared loss", isinstance(self.risk.loss, Squared)),
            Assumption("no regulariser", self.risk.strength == 0.0),
            *self.has_one_rate,
        )

    @property
    def has_one_rate(self) -> tuple[Assumption, ...]:
        """That all trained coordinates move at the mobility of their particle; nothing to say where they do."""
        rates = self.risk.network.rates
        return () if rates is None else (Assumption(f"the rate of every group is 1 (they are {rates})", False),)

    @property
    def is_hidden(self) -> tuple[Assumption, ...]:
        """That hidden weights alone are trained."""
        return (Assumption("hidden weights trained, output weights frozen", self.neuron.trained == "hidden"),)

    @property
    def is_signed(self) -> tuple[Assumption, ...]:
        """That there is one output, of weights -1 and 1."""
        signs = isinstance(self.law.outputs, RademacherOutputs)
        return (Assumption("one output, of weights -1 or 1", signs and self.neuron.outputs == 1), *self.is_hidden)

    @property
    def is_positive(self) -> tuple[Assumption, ...]:
        """That a part of the mass is spread evenly and the mean kernel is not singular on these inputs."""
        return (
            Assumption(f"gamma > 0 (it is {self.floor:.3g})", self.floor > 0.0),
            Assumption(
                f"kappa, the smallest eigenvalue of the mean kernel, > 0 (it is {self.kappa:.3g})", self.kappa > 0.0
            ),
        )

    @property
    def is_paper(self) -> tuple[Assumption, ...]:
        """Everything that global convergence asks but for the activation and the width."""
        scaling = isinstance(self.risk.scaling, NTK)
        equal = bool(torch.allclose(self.weights, torch.full_like(self.weights, 1.0 / self.data), rtol=1e-6))
        return (
            *self.is_gradient_flow,
            *self.is_signed,
            Assumption("output factors sqrt(lambda_j), mobility 1", scaling),
            Assumption("equal weights of the data", equal),
            *self.is_positive,
        )
