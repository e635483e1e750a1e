"""The random tangent kernel of infinitely wide asymmetrical networks: its law, samples and total variance.

With masses gamma/m + (1 - gamma) lt_j / sum_{k <= m} lt_k the Gram matrix at the start tends, as m grows, to

    K_inf = gamma K + (1 - gamma) sum_j lt_j K^(j)

(Caron et al. 2023, proposition 3.3), where K is the mean kernel and K^(j) the kernel of one particle with weights from
the law. Unlike the NTK limit it is random for gamma < 1.
"""

from dataclasses import dataclass

import scipy
import torch
from torch import Tensor

from limits.kernels.base import streamed
from limits.kernels.gaussian_duals import Dual, DualRows, dual_of_squared_derivative, dual_pair, quadrature
from limits.kernels.input_pairs import Pairs, embedded
from limits.kernels.two_layer import TangentKernel
from particles import Activation, GaussianOutputs, RademacherOutputs
from particles.arguments.integers import whole
from particles.shapes import Gram, Inputs, Masses


@dataclass(frozen=True, eq=False)
class RandomGram:
    """One draw of the limiting Gram matrix, `gram` [n k, n k], made by `RandomKernel.sample`.

    `tail` is the total mass of the particles that were replaced by their mean.
    """

    gram: Gram
    tail: float


@dataclass(frozen=True)
class RandomKernel:
    """K_inf = gamma K + (1 - gamma) sum_j lt_j K^(j) with Zipf masses lt_j = j^(-1/alpha) / zeta(1/alpha), j from 1.

    This is the limit of the tangent kernel at the start under `masses.asymmetrical` (Caron et al. 2023, proposition
    3.3). `mean_kernel` is K, made by `tangent_kernel`; gamma = 1 is the NTK limit and needs no alpha.
    Raises ValueError for gamma outside [0, 1], and for gamma < 1 without an alpha in (0, 1).
    """

    mean_kernel: TangentKernel
    gamma: float
    alpha: float | None = None

    def __post_init__(self) -> None:
        _check(self.gamma, self.alpha)

    def mean(self, inputs: Inputs) -> Gram:
        """E K_inf = K [n k, n k], for every gamma and alpha; raises what the mean kernel raises."""
        return self.mean_kernel(inputs)

    def sample(self, inputs: Inputs, *, seed: int, heavy: int = 1000) -> RandomGram:
        """One draw of K_inf [n k, n k] in the dtype of the inputs.

        The first `heavy` particles are drawn from the law, and all later ones are replaced by their mean. Raises
        ValueError for a `heavy` that is not a positive integer or a seed that is no non-negative one, and what the mean
        kernel raises.
        """
        heavy = whole(heavy, "The number of heavy particles")
        mean = self.mean(inputs)
        if self.alpha is None or self.gamma == 1.0:
            return RandomGram(mean, 0.0)
        masses, tail = zipf_atoms(heavy, self.alpha)
        share = masses.sum()
        cloud = self.mean_kernel.law.sample(masses=masses / share, seed=seed).to(inputs.device, inputs.dtype)
        drawn = self.mean_kernel.sampled(cloud, inputs)
        spread = 1.0 - self.gamma
        return RandomGram((self.gamma + spread * tail) * mean + spread * float(share) * drawn, spread * tail)

    def total_variance(self, inputs: Inputs) -> float:
        """E |K_inf - K|_F^2 = C0 (1 - gamma)^2 zeta(2/alpha) / zeta(1/alpha)^2, with Frobenius norms over [n k, n k].

        C0 is the total variance of the kernel of one particle. Raises TypeError where the output weights are neither
        Rademacher nor Gaussian, and what the mean kernel raises.
        """
        return variance_of_one(self.mean_kernel, inputs) * zipf_departure(self.gamma, self.alpha)


def total_variance(kernel: TangentKernel, inputs: Inputs, masses: Masses) -> float:
    """E |K_m - K|_F^2 = C0 sum_j lambda_j^2, with the Frobenius norm of the Gram matrices [n k, n k].

    It is exact for the tangent Gram matrix K_m of a cloud with these masses [particles] and weights from the kernel's
    law. C0 is the total variance of the kernel of one particle. Raises TypeError where the output weights are neither
    Rademacher nor Gaussian, and TypeError, ShapeError or ValueError for wrong inputs, as `Kernel` says.
    """
    return variance_of_one(kernel, inputs) * float(masses.double().square().sum())


def zipf_departure(gamma: float, alpha: float | None = None) -> float:
    """lim_m sum_j lambda_j^2 = (1 - gamma)^2 zeta(2/alpha) / zeta(1/alpha)^2 for the masses `masses.asymmetrical`.

    It says how far the limit is from lazy training, and is zero only for gamma = 1, the NTK limit (Caron et al. 2023).
    Raises ValueError for gamma outside [0, 1], and for gamma < 1 without an alpha in (0, 1).
    """
    _check(gamma, alpha)
    if alpha is None or gamma == 1.0:
        return 0.0
    return float((1.0 - gamma) ** 2 * scipy.special.zeta(2.0 / alpha) / scipy.special.zeta(1.0 / alpha) ** 2)


def zipf_atoms(count: int, alpha: float) -> tuple[Masses, float]:
    """The first `count` masses lt_j = j^(-1/alpha) / zeta(1/alpha), and the total mass of all later ones."""
    exponent = 1.0 / alpha
    powers = torch.arange(1, count + 1, dtype=torch.float64) ** -exponent
    whole = scipy.special.zeta(exponent)
    return powers / float(whole), float(scipy.special.zeta(exponent, count + 1) / whole)


def variance_of_one(kernel: TangentKernel, inputs: Inputs) -> float:
    """C0 = E |K^(1) - K|_F^2, the total variance of the kernel of one particle.

    C0 = sum_{i,l} [ M4 o^2 E (s' s')^2 + 2 k v o E (s s')(s s') + k E (s s)^2 - k (v o E s' s' + E s s)^2 ],

    where s s is sigma(u_i) sigma(u_l), s' s' is sigma'(u_i) sigma'(u_l), o = phi_i . phi_l, v = E a^2, and M4 = E |a|^4
    of the k output weights. Terms of a layer that is not trained are left out; rates of the kernel multiply s' s' o and
    s s. With trained hidden weights only, one
    output and a = +-1, the bracket is o^2 times the variance of s' s'; for ReLU that variance is p (1 - p) with
    p = (pi - theta) / (2 pi).
    Raises TypeError where the output weights are neither Rademacher nor Gaussian, and what kernels raise.
    """
    neuron = kernel.neuron
    law = kernel.law
    k = kernel.neuron.outputs
    phi = embedded(neuron.embedding, inputs)
    variances = law.variance * phi.variances
    hidden, output = kernel.shares
    pair = dual_pair(neuron.activation, kernel.accuracy)
    square, product, fourth = _second_moments(neuron.activation, kernel.accuracy)
    means, moments = [], []
    if hidden:
        means.append(_Term(hidden * law.outputs.variance, 1, pair.derivative.at(variances)))
        moments.append(_Term(hidden**2 * _fourth_moment(kernel), 2, square.at(variances)))
    if output:
        means.append(_Term(output, 0, pair.value.at(variances)))
        moments.append(_Term(output**2 * k, 0, fourth.at(variances)))
    if hidden and output:
        moments.append(_Term(hidden * output * 2.0 * k * law.outputs.variance, 1, product.at(variances)))

    def block(part: slice, other: slice) -> tuple[tuple[Tensor], float]:
        overlaps = phi.pairs(phi, part, other)
        pairs = overlaps.scaled(law.variance)
        mean, moment = (
            torch.stack([term.at(overlaps.covariance, pairs, part, other) for term in terms]).sum(dim=0)
            for terms in (means, moments)
        )
        return (moment - k * mean.square(),), 0.0

    count = len(phi.rows)
    (entries,) = streamed(count, count, block, like=phi.rows, symmetric=True)
    return float(entries.gram.sum())


@dataclass(frozen=True, eq=False)
class _Term:
    """One term factor (phi . phi')^power E h(u) h(v) of a kernel, where `rows` is the dual of h."""

    factor: float
    power: int
    rows: DualRows

    def at(self, overlap: Tensor, pairs: Pairs, part: slice, other: slice) -> Tensor:
        """The term [rows, columns] on the tile of rows `part` and columns `other`."""
        values, _ = self.rows.part(part).gram(self.rows.part(other), pairs)
        return self.factor * overlap**self.power * values


def _second_moments(activation: Activation, accuracy: float) -> tuple[Dual, Dual, Dual]:
    """The duals of sigma'^2, sigma sigma' and sigma^2."""
    return (
        dual_of_squared_derivative(activation, accuracy),
        quadrature(activation, lambda z: activation.value(z) * activation.derivative(z), accuracy),
        quadrature(activation, lambda z: activation.value(z).square(), accuracy),
    )


def _fourth_moment(kernel: TangentKernel) -> float:
    """E |a|^4 = sum_{c,e} E a_c^2 a_e^2 for independent output weights."""
    outputs, law = kernel.neuron.outputs, kernel.law.outputs
    if isinstance(law, RademacherOutputs):
        return float(outputs**2)
    if isinstance(law, GaussianOutputs):
        return law.variance**2 * outputs * (outputs + 2)
    raise TypeError(
        f"The fourth moment of {type(law).__name__} is not known; take RademacherOutputs or GaussianOutputs, or "
        "sampled Gram matrices."
    )


def _check(gamma: float, alpha: float | None) -> None:
    """Raise ValueError for gamma outside [0, 1], and for gamma < 1 without an alpha in (0, 1)."""
    if not 0.0 <= gamma <= 1.0:
        raise ValueError(f"Asymmetrical scaling needs gamma in [0, 1], but gamma is {gamma!r}.")
    if gamma < 1.0 and (alpha is None or not 0.0 < alpha < 1.0):
        raise ValueError(
            f"Asymmetrical scaling with gamma = {gamma!r} needs the Zipf index alpha in (0, 1), but alpha is {alpha!r}."
        )
