"""Early training is linear: models whose training agrees with the first steps of wide networks (Hu et al. 2020).

Up to times of order d log d, a two-layer network from a symmetric start follows a linear model in x and |x|, because
its tangent kernel is close to that of the model in the spectral norm. The theorem asks for centred inputs whose
coordinates are independent up to a linear map, and for n and m that grow faster than d.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_distance import DENSE, largest_size
from limits.kernels.base import checked_inputs
from limits.kernels.gaussian_duals import Differentiable, quadrature
from limits.kernels.quadrature import ACCURACY
from limits.kernels.two_layer import tangent_kernel
from particles import GaussianLaw, Identity, Perceptron, ShapeError, SymmetricPairs
from particles.shapes import Gram, Inputs, OtherInputs

ModelFeatures = Float[Tensor, "data columns"]


@dataclass(frozen=True)
class EarlyConstants:
    """Constants of the early-time model: zeta, theta0, theta1, theta2 (Hu et al. 2020), made by `early_constants`.

    zeta = E psi'(g), theta0 = E psi(g), theta1 = E g psi'(g), theta2 = E (g^3/2 - g) psi'(g), where psi(g) = sigma(s g)
    and g is standard normal. The thetas are the value, the first and half the second derivative of r -> E psi(r g) at
    r = 1. `error` bounds the absolute error that quadrature leaves in each of them.
    """

    zeta: float
    theta0: float
    theta1: float
    theta2: float
    error: float


@dataclass(frozen=True)
class EarlyTimeModel:
    """The linear model psi(x) of a neuron and a law, and its kernel psi(x) . psi(x'), close to the tangent kernel.

    Let z = phi(x) / radius with phi(x) = x / sqrt(d) and radius^2 = E |phi|^2, and let overlap = E (z . z')^2 for
    independent inputs. Then (Hu et al. 2020)

        psi(x) = ( sqrt(h + o) zeta z,
                   sqrt((h + o/2) overlap) theta1,
                   sqrt(o) [theta0 + theta1 (|z| - 1) + theta2 (|z| - 1)^2] ),

    where h = `hidden` is E a^2 / E w^2 if hidden weights are trained and 0 otherwise, and o = `output` is 1 if output
    weights are trained and 0 otherwise, each times the rate of its group. `constants` belong to s^2 = E (w . phi)^2.
    Inputs of covariance I have radius 1 and overlap 1/d. `early_time_model` makes the model, and
    `KernelFlow(model, data)` trains it from zero.
    Raises ValueError for a radius that is not positive and for a negative overlap, hidden or output.
    """

    neuron: Perceptron
    constants: EarlyConstants
    radius: float
    overlap: float
    hidden: float
    output: float

    def __post_init__(self) -> None:
        if not (self.radius > 0.0 and min(self.overlap, self.hidden, self.output) >= 0.0):
            raise ValueError(
                f"The model has radius {self.radius!r}, overlap {self.overlap!r}, hidden {self.hidden!r} and output "
                f"{self.output!r}, but a positive radius and non-negative ones are needed; use early_time_model."
            )

    def features(self, inputs: Inputs) -> ModelFeatures:
        """psi(x) [data, d + 2] in float64.

        Raises TypeError, ShapeError or ValueError for inputs that are no float tensor, of a wrong shape or not finite.
        """
        zeta, theta0 = self.constants.zeta, self.constants.theta0
        theta1, theta2 = self.constants.theta1, self.constants.theta2
        z = self.neuron.embed(checked_inputs(inputs)) / self.radius
        excess = z.norm(dim=1, keepdim=True) - 1.0
        constant = torch.full_like(excess, math.sqrt((self.hidden + 0.5 * self.output) * self.overlap) * theta1)
        norm = math.sqrt(self.output) * (theta0 + theta1 * excess + theta2 * excess.square())
        return torch.cat([math.sqrt(self.hidden + self.output) * zeta * z, constant, norm], dim=1)

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """psi(x1) . psi(x2) times the identity of the k outputs [n1 k, n2 k], row index i k + c, in the dtype of x1.

        x2 is x1 where left out. Raises what `features` raises.
        """
        first = self.factor(x1)
        second = first if x2 is None else self.factor(x2)
        return (first @ second.T).to(x1.dtype)

    def distance(self, gram: Gram, inputs: Inputs) -> float:
        """Spectral norm of K - psi psi^T, where `gram` is the tangent Gram matrix K [n k, n k] at these inputs.

        In theory it is at most n / d^(1 + a) for some a > 0, while |K| is of order n / d (Hu et al. 2020, proposition
        3.4). It bounds the error of the model: as long as the kernel stays within this distance, predictions of a flow
        from zero at n data of equal weight differ from the model's by at most t |K - psi psi^T| |y| / n, because the
        model's residual never exceeds |y|. Where no matrix is at hand, `kernel_distance(kernel, model, inputs)` gives
        this norm and the Frobenius norm. Raises ShapeError for a matrix of another shape, and what `features` raises.
        """
        features = self.factor(inputs)
        rows = features.shape[0]
        if gram.shape != (rows, rows):
            raise ShapeError(f"The Gram matrix has shape {tuple(gram.shape)}, but these inputs need {(rows, rows)}.")
        gram = gram.double()
        if rows <= DENSE:
            return float(torch.linalg.eigvalsh(gram - features @ features.T).abs().max())

        def product(vector: Tensor) -> Tensor:
            v = vector.to(gram)
            return (gram @ v - features @ (features.T @ v)).cpu()

        return largest_size(product, rows)

    def factor(self, inputs: Tensor) -> Tensor:
        """Features F(x) [n k, (d + 2) k] of all outputs, row index i k + c, in float64; the kernel is F(x) F(x')^T.

        Raises what `features` raises.
        """
        features = self.features(inputs)
        return torch.kron(features, torch.eye(self.neuron.outputs).to(features))


def early_time_model(
    neuron: Perceptron,
    law: GaussianLaw | SymmetricPairs,
    inputs: Inputs | None = None,
    *,
    accuracy: float = ACCURACY,
    rates: Mapping[str, float] | None = None,
) -> EarlyTimeModel:
    """Make the linear model of early training for these neurons under this law (Hu et al. 2020).

    The model is scaled for inputs with the second moments of `inputs` [data, inputs], or with covariance I where they
    are left out. `neuron.trained` says which layers are counted, and `rates` are those that the scaling gives them.
    `accuracy` is that of `early_constants`.
    Raises TypeError for a neuron that is not a `Perceptron` with `Identity` inputs and for another law, ShapeError
    where neuron and law have different numbers of weights, ValueError for inputs that are all zero or not finite, and
    what `early_constants` raises.
    """
    kernel = tangent_kernel(neuron, law, rates=rates)
    law, (hidden, output) = kernel.law, kernel.shares
    if not isinstance(neuron.embedding, Identity):
        raise TypeError(
            f"The model of early training is known for Identity inputs, but the embedding is a "
            f"{type(neuron.embedding).__name__}; take that."
        )
    dim = neuron.embedding.dim
    moments = torch.eye(dim, dtype=torch.float64) / dim
    if inputs is not None:
        phi = neuron.embed(checked_inputs(inputs))
        moments = phi.T @ phi / phi.shape[0]
    square = float(moments.trace())
    if square == 0.0:
        raise ValueError("All inputs are zero, but their second moments scale the model; give others.")
    return EarlyTimeModel(
        neuron=neuron,
        constants=early_constants(neuron.activation, law.variance * square, accuracy),
        radius=math.sqrt(square),
        overlap=float(moments.square().sum()) / square**2,
        hidden=hidden * law.outputs.variance / law.variance,
        output=output,
    )


def early_constants(activation: Differentiable, variance: float = 1.0, accuracy: float = ACCURACY) -> EarlyConstants:
    """Constants of the early-time model at s^2 = variance, from Hermite coefficients c_k of sigma and b_k of sigma'.

    zeta = s b_0, theta0 = c_0, theta1 = s b_1, theta2 = s (sqrt(6) b_3 + b_1) / 2, since g^3 = sqrt(6) he_3 + 3 g. The
    constants are those of Hu et al. (2020). `accuracy` is relative to the root mean squares of sigma(s g) and
    sigma'(s g). Raises ValueError for a variance that is not positive and finite, an accuracy outside (0, 1), and an
    activation that is not finite or piecewise smooth.
    """
    if not 0.0 < variance < math.inf:
        raise ValueError(f"The variance is {variance!r}, but a positive finite number is needed.")
    at = torch.tensor([variance], dtype=torch.float64)
    value, slope = (quadrature(activation, h, accuracy).at(at) for h in (activation.value, activation.derivative))
    c, b = (torch.cat([rows.spectrum.coefficients[:4, 0], at.new_zeros(4)]).tolist() for rows in (value, slope))
    s = math.sqrt(variance)
    theta2 = 0.5 * s * (math.sqrt(6.0) * b[3] + b[1])
    errors = [rows.error * float(rows.spectrum.units) for rows in (value, slope)]
    return EarlyConstants(s * b[0], c[0], s * b[1], theta2, max(errors[0], 2.0 * s * errors[1]))
