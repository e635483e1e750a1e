"""The network on the axis alpha, its initial law, and the conventions of learning rates of the paper and of its code.

    f(x) = (alpha / m) sum_j u_j h(theta_j . x),   h = tanh, no bias, u_j in R^k, theta_j and u_j from N(0, sigma^2)

alpha = 1 is mean field, alpha = sqrt(m) NTK. In a cloud theta_j are the hidden weights, u_j the output weights, masses
are 1/m, and the scaling is `Lazy(alpha, rates=...)`. A step of length `rate` along its gradient flow is

    theta_j <- theta_j - eta_theta grad_{theta_j} R,   u_j <- u_j - eta_u grad_{u_j} R,   eta = rate (m / alpha^2) rates

with plain gradients of the risk R, so that the rates of groups are (alpha^2 / m) eta_theta / rate and the same of u:

    convention   eta_theta        eta_u               rates of groups
    practical    rate             (m/alpha)^2 rate    alpha^2 / m, m        the code: v_j = alpha u_j / m is trained
    (11)         rate             (m/alpha) rate      alpha^2 / m, alpha    as printed
    (12)         (m/alpha) rate   eta_theta / alpha   alpha, 1              as printed; the code divides by alpha^2
    (13)         (m/alpha) rate   eta_theta           alpha, alpha
    (20)         m rate           m rate              alpha^2, alpha^2      the gradient flow of the measure
    lazy         (m/alpha^2) rate the same            1, 1                  the flow of a kernel without alpha

Equations (11) to (13) print ratios alone. That `rate` is eta_theta in (11), and eta_theta alpha / m in (12) as the code
has it in (13), is our choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from flows import Epochs, MinibatchFlow
from particles import (
    CrossEntropy,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Lazy,
    ParticleCloud,
    Perceptron,
    Plain,
    Risk,
    SymmetricPairs,
    Tanh,
    masses,
)
from particles.risk.losses import Loss

#: Images of a batch in the paper.
BATCH = 128


#: Powers of m and of alpha.
Powers = tuple[int, int]


@dataclass(frozen=True)
class Convention:
    """Learning rates m^p alpha^q of theta and of u in plain gradient descent, for a rate of one."""

    name: str
    theta: Powers
    u: Powers

    def etas(self, rate: float, alpha: float, count: int) -> tuple[float, float]:
        """eta_theta and eta_u."""
        return rate * _product(self.theta, alpha, count), rate * _product(self.u, alpha, count)

    def scaling(self, alpha: float, count: int) -> Lazy:
        """The scaling under which a step of length `rate` of the gradient flow has these learning rates."""
        theta, u = self.etas(alpha**2 / count, alpha, count)
        return Lazy(alpha, rates={"hidden": theta, "output": u})


def _product(powers: Powers, alpha: float, count: int) -> float:
    return float(count) ** powers[0] * alpha ** powers[1]


PRACTICAL = Convention("practical", (0, 0), (2, -2))
PRINTED = Convention("(11)", (0, 0), (1, -1))
SLOW_OUTPUT = Convention("(12)", (1, -1), (1, -2))
EQUAL = Convention("(13)", (1, -1), (1, -1))
MEASURE = Convention("(20)", (1, 0), (1, 0))
LAZY = Convention("lazy", (1, -2), (1, -2))
#: By name.
CONVENTIONS: Mapping[str, Convention] = {
    one.name: one for one in (PRACTICAL, PRINTED, SLOW_OUTPUT, EQUAL, MEASURE, LAZY)
}


@dataclass(frozen=True, eq=False)
class AxisNetwork:
    """A network of so many particles at alpha, with a convention of learning rates, on data that say d and k.

    `variance` is sigma^2 of theta, `output_variance` that of u. `trained` is "both", or "output" for random features.
    `paired`: u_j of the second half are those of the first with the other sign, so that f starts at zero.
    """

    data: Dataset
    count: int
    alpha: float
    convention: Convention = PRACTICAL
    loss: Loss = CrossEntropy()
    variance: float = 1.0
    output_variance: float = 1.0
    trained: str = "both"
    paired: bool = False
    dtype: torch.dtype = torch.float32
    device: str = "cpu"

    @property
    def neuron(self) -> Perceptron:
        """u h(theta . x)."""
        data = self.data
        return Perceptron(Tanh(), Plain(data.inputs.shape[1]), data.outputs, self.trained)

    @property
    def risk(self) -> Risk:
        """(1/n) sum_i loss(f(x_i), y_i)."""
        scaling = self.convention.scaling(self.alpha, self.count)
        return Risk(self.neuron, scaling, self.loss, self.data.to(self.device, self.dtype))

    def start(self, seed: int) -> ParticleCloud:
        """The particles at the start."""
        law = GaussianLaw(self.neuron, GaussianOutputs(self.output_variance), self.variance)
        source = SymmetricPairs(law) if self.paired else law
        return source.sample(masses=masses.uniform(self.count), seed=seed).to(self.device, self.dtype)

    def descent(self, rate: float, seed: int, batch: int = BATCH) -> MinibatchFlow:
        """Stochastic gradient descent in epochs; `Euler(rate)` and `HeavyBall(rate)` take its steps."""
        return MinibatchFlow(self.risk, Epochs(min(batch, self.data.count), seed), rate)
