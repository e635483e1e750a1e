"""Ridge regression: with a kernel, and with the features of a cloud whose output weights alone are free."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_flow import GramFunction
from limits.kernels.base import Kernel
from particles import Dataset, ParticleCloud, Perceptron, Risk, ShapeError, Squared
from particles.arguments.reals import non_negative
from particles.neurons.groups import number_of_each
from particles.shapes import Gram, OtherInputs, Outputs

PerRow = Float[Tensor, " rows"]


@dataclass(frozen=True, eq=False)
class KernelRidge:
    """f minimises sum_i p_i |f(x_i) - y_i|^2 / 2 + (strength / 2) |f|_K^2: f = K(., X) beta.

    (K + strength P^(-1)) beta = y, for equal weights (K + strength n I) beta = y. `kernel` is a function of inputs (a
    limit kernel, or `lambda x1, x2: tangent_gram(risk, cloud, x1, x2)`), or the Gram matrix [n k, n k] of the data
    alone, not divided by n, with row index i k + c. It is the limit of infinite time of a kernel flow from zero whose
    weights decay with `strength`; strength zero is the limit of small ones.

    Raises ValueError for a negative strength. Methods raise ShapeError for a Gram matrix of a wrong shape, TypeError at
    other inputs where only a Gram matrix was given.
    """

    kernel: Kernel | GramFunction | Gram
    data: Dataset
    strength: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", non_negative(self.strength, "The strength of the ridge"))

    @cached_property
    def gram(self) -> Gram:
        """K on the data [n k, n k] in float64; raises ShapeError as the class says."""
        given = self.kernel if isinstance(self.kernel, Tensor) else self.kernel(self.data.inputs, None)
        rows = self.data.targets.numel()
        if given.shape != (rows, rows):
            raise ShapeError(
                f"The Gram matrix has shape {tuple(given.shape)}, but {self.data.count} data with {self.data.outputs} "
                f"outputs need {(rows, rows)}, row index i k + c."
            )
        return given.double()

    @cached_property
    def coefficients(self) -> PerRow:
        """beta [n k] in float64; P^(1/2) times what solves (P^(1/2) K P^(1/2) + strength I) gamma = P^(1/2) y."""
        targets = self.data.targets.double().flatten()
        roots = self.data.weights.double().repeat_interleave(self.data.outputs).sqrt()
        weighted = roots[:, None] * self.gram * roots
        if self.strength > 0.0:
            shifted = weighted + self.strength * torch.eye(len(weighted)).to(weighted)
            solved = torch.linalg.solve(shifted, roots * targets)
        else:
            solved = torch.linalg.pinv(weighted, hermitian=True) @ (roots * targets)
        coefficients: PerRow = roots * solved
        return coefficients

    def predictions(self, inputs: OtherInputs | None = None) -> Outputs:
        """f at the data, or at other inputs [others, inputs]: [n, k] in the dtype of the data."""
        if inputs is not None and isinstance(self.kernel, Tensor):
            raise TypeError(
                "Predictions at other inputs need a kernel that is a function of inputs, but a Gram matrix was given."
            )
        if inputs is None or isinstance(self.kernel, Tensor):
            cross = self.gram
        else:
            cross = self.kernel(inputs, self.data.inputs)
        return (cross.double() @ self.coefficients).reshape(-1, self.data.outputs).to(self.data.targets)

    @property
    def norm(self) -> float:
        """|f|_K = sqrt(beta^T K beta)."""
        return float((self.coefficients @ self.gram @ self.coefficients).clamp_min(0.0).sqrt())


def ridge_outputs(risk: Risk, cloud: ParticleCloud) -> ParticleCloud:
    """The cloud with the output weights that minimise the risk, its hidden ones as they are: random feature ridge.

    With v_j = sqrt(lambda_j) a_j it is least squares in Phi_ij = s_j sigma(w_j . phi(x_i)) / sqrt(lambda_j) with the
    penalty (strength / 2) |v|^2, solved by an orthogonal factorisation of Phi and not by normal equations; without L2
    it is the solution of smallest |v|. Particles of mass zero keep their weights. Raises TypeError for a neuron that is
    no `Perceptron` and for another loss than `Squared`, ValueError where output weights are not trained.
    """
    neuron = risk.network.neuron
    if not isinstance(neuron, Perceptron):
        raise TypeError(
            f"Output weights are solved for where the neuron is a Perceptron, but it is a {type(neuron).__name__}."
        )
    if "output" not in risk.network.trained_groups:
        raise ValueError(f"The risk trains the {neuron.trained} weights alone; take a neuron whose output is trained.")
    if not isinstance(risk.loss, Squared):
        raise TypeError(f"Ridge regression is for Squared(), but the loss is {type(risk.loss).__name__}; take that.")
    data = risk.prepared(cloud)
    roots, carried = data.weights.sqrt()[:, None], cloud.masses.sqrt()
    hidden = neuron.activation.value(data.phi @ cloud.positions[:, : neuron.hidden].T)
    factors = torch.where(carried > 0.0, risk.scaling.factor(cloud.masses) / carried, 0.0)
    rows, targets = roots * hidden * factors, roots * data.targets
    strength = number_of_each(risk.strength, risk.network.groups)[-1]
    if strength > 0.0:
        ridge = strength**0.5 * torch.eye(cloud.count).to(rows)
        rows, targets = torch.cat([rows, ridge]), torch.cat([targets, targets.new_zeros(cloud.count, neuron.outputs)])
        solved = torch.linalg.lstsq(rows, targets).solution
    else:
        solved = torch.linalg.pinv(rows) @ targets
    outputs = torch.where(carried[:, None] > 0.0, solved / carried[:, None], cloud.positions[:, neuron.hidden :])
    return cloud.moved(torch.cat([cloud.positions[:, : neuron.hidden], outputs], dim=1))
