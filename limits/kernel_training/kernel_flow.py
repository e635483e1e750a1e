"""Kernel gradient flow: the function of infinitely many particles while it is trained and its kernel stays constant.

    df(x)/dt = - sum_i p_i K(x, x_i) loss'(f(x_i), y_i)

so f_t(x) = f_0(x) - K(x, X) q(t) with q(t) = P int_0^t loss' ds; for the squared loss dr/dt = -K P r. Gradient descent
in steps, r <- (I - step K P) r, has as closed a form. A kernel that is known by its features costs no Gram matrix.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from limits.kernel_training.function_flow import FunctionFlow
from limits.kernel_training.spectral_flow import SpectralFlow
from limits.kernels.base import Evaluated, Kernel
from particles import Dataset, ShapeError, Squared
from particles.arguments.display import line
from particles.arguments.reals import positive
from particles.numerics.gram_rounding import unit_ratio
from particles.risk.losses import Loss
from particles.shapes import Gram, OtherInputs, Outputs

Times = float | Sequence[float] | NDArray[np.float64] | Tensor
GramFunction = Callable[[Tensor, Tensor | None], Tensor]
Predictor = Callable[[Tensor], Tensor]
TimedOutputs = Float[Tensor, "*times data outputs"]
PerTime = Float[Tensor, "*times"]

#: Rounding error of the entries of a Gram matrix, relative to the largest one.
ROUNDING = {torch.float64: 1e-12, torch.float32: 1e-6}
#: A time is a whole number of steps to this, relative to the number.
WHOLE = 1e-9


@runtime_checkable
class Factored(Protocol):
    """A kernel that is a product of features: K(x, x') = F(x) F(x')^T."""

    def factor(self, inputs: Tensor) -> Tensor:
        """F(x) [n k, columns] in float64, row index i k + c."""
        ...


@runtime_checkable
class Diagonal(Factored, Protocol):
    """A factored kernel with a part of its own for every datum: K(X, X) = F F^T + excess I, K(x, X) = F(x) F^T."""

    @property
    def excess(self) -> float:
        """How much larger the diagonal is than that of F F^T."""
        ...


@dataclass(frozen=True, eq=False)
class KernelFlow:
    """Kernel gradient flow on data: residual, predictions and movement at any time from 0 to infinity.

    df(x)/dt = - sum_i p_i K(x, x_i) loss'(f(x_i), y_i) (Jacot et al. 2018). `kernel` is a function of inputs (a limit
    kernel, or `lambda x1, x2: tangent_gram(risk, cloud, x1, x2)`), or the Gram matrix [n k, n k] of the data alone, not
    divided by n, with row index i k + c. `start` is the initial function f_0 or its values [n, k] at the data; it is
    zero where left out. Squared loss is solved by one eigendecomposition, for singular Gram matrices too. Any other
    loss is solved as an ordinary differential equation up to `tolerance`, at finite times. Methods take one time, or
    several, which get a leading axis in the answer; time is that of the gradient flow of the risk sum_i p_i loss_i.

    With a `step` it is gradient descent instead, exactly: r <- (I - step K P) r, which for equal weights is
    u_(t+1) - y = (I - (eta/n) K)(u_t - y) of Hu et al. (2020, claim C.1); times are whole numbers of steps. A kernel
    with a method `factor`, F [n k, columns] with K = F F^T, is trained under the squared loss without any [n k, n k]
    matrix.

    Raises ValueError for a tolerance outside (0, 1), for targets that the loss does not take, for a step that is not
    positive or with another loss than `Squared`. Methods raise ValueError for negative times, times between two steps,
    infinite time of a descent that diverges, and for a Gram matrix that is not symmetric and positive semi-definite,
    ShapeError for a Gram matrix or a start of a wrong shape, ArithmeticError where a differential equation is not
    solved. They raise Unresolved where fewer than six digits of the movement are known at that time: a Gram matrix
    squares the ratio of the units of its inputs. A kernel with a method `factor` does not lose these digits.
    """

    kernel: Kernel | GramFunction | Gram
    data: Dataset
    loss: Loss = Squared()
    start: Predictor | Outputs | None = None
    tolerance: float = 1e-8
    step: float | None = None

    def __post_init__(self) -> None:
        self.loss.check(self.data.targets)
        if self.step is not None:
            positive(self.step, "The step")
            if not isinstance(self.loss, Squared):
                raise ValueError(
                    f"Gradient descent has a closed form for Squared(), but the loss is {type(self.loss).__name__}; "
                    "leave the step out for the flow."
                )
        if not 0.0 < self.tolerance < 1.0:
            raise ValueError(f"The tolerance is {self.tolerance!r}, but a number between 0 and 1 is needed.")

    def residual(self, times: Times) -> TimedOutputs:
        """loss'(f_t(x_i), y_i) at the data [*times, n, k]; f_t - y for the squared loss. Raises as the class says."""
        return self._picked(self._residual(self._moments(times)), times)

    def predictions(self, times: Times, inputs: OtherInputs | None = None) -> TimedOutputs:
        """f_t(x) = f_0(x) - K(x, X) q(t) at the data, or at other inputs [others, inputs]: [*times, n, k].

        q(t) = P int_0^t loss' ds. Raises as the class says, and TypeError at other inputs where the flow was given only
        a Gram matrix or only values of f_0.
        """
        moments = self._moments(times)
        if inputs is None:
            return self._picked(self._fitted(moments), times)
        start = self.initial(inputs)
        moved = self._moved(moments, inputs)
        return self._picked(start - moved.reshape(-1, *start.shape), times)

    def movement(self, times: Times) -> PerTime:
        """sqrt(q^T K q) = sqrt(sum_j |theta_j(t) - theta_j(0)|^2 / eta_j) [*times]: how far the parameters moved.

        The parameters are those of the model linearised at the start. Under `NTK` this is the Euclidean norm over all
        of them, under `MeanField` the root of sum_j lambda_j |.|^2. Raises as the class says.
        """
        moments = self._moments(times)
        if isinstance(self.loss, Squared):
            return self._picked(self.spectrum.movement(self._start_residual, moments), times)
        cotangents = self._integral(moments)
        return self._picked(((cotangents @ self.gram) * cotangents).sum(dim=1).clamp_min(0.0).sqrt(), times)

    @cached_property
    def gram(self) -> Gram:
        """K on the data [n k, n k] in float64, made symmetric; raises ShapeError or ValueError as the class says."""
        return self._evaluated.gram

    def cross(self, inputs: OtherInputs) -> Gram:
        """K(x, X) [n' k, n k] between other inputs and the data, in float64; raises TypeError for a Gram matrix."""
        if isinstance(self.kernel, Tensor):
            raise TypeError(
                "Predictions at other inputs need a kernel that is a function of inputs, but a Gram matrix was given."
            )
        return self.kernel(inputs, self.data.inputs).double()

    def initial(self, inputs: OtherInputs) -> Outputs:
        """f_0 at other inputs [others, k], in float64; raises TypeError where only its values at the data are known."""
        if self.start is None:
            return inputs.new_zeros(inputs.shape[0], self.data.outputs).double()
        if isinstance(self.start, Tensor):
            raise TypeError(
                "Predictions at other inputs need the initial function, but only its values at the data were given."
            )
        return self.start(inputs).double()

    @cached_property
    def spectrum(self) -> SpectralFlow:
        """Rates and modes of the flow of the squared loss; raises ShapeError or ValueError as the class says."""
        weights = self._data.weights.repeat_interleave(self.data.outputs)
        if isinstance(self.kernel, Factored):
            excess = self.kernel.excess if isinstance(self.kernel, Diagonal) else 0.0
            return SpectralFlow.of_factor(self.kernel.factor(self.data.inputs), weights, excess, self.step)
        ratio = unit_ratio(self.data.inputs.flatten(1))
        return SpectralFlow.of(self.gram, weights, self._evaluated.error, ratio, self.step)

    @cached_property
    def _evaluated(self) -> Evaluated:
        if isinstance(self.kernel, Kernel):
            evaluated = self.kernel.evaluate(self.data.inputs)
        else:
            given = self.kernel if isinstance(self.kernel, Tensor) else self.kernel(self.data.inputs, None)
            evaluated = Evaluated(given, 0.0)
        return _checked_gram(evaluated, self.data.count, self.data.outputs)

    def _moved(self, moments: Tensor, inputs: OtherInputs) -> Tensor:
        """K(x, X) q(t) [times, n' k]."""
        squared = isinstance(self.loss, Squared)
        features = self.spectrum.features_moved(self._start_residual, moments) if squared else None
        if features is not None and isinstance(self.kernel, Factored):
            return features @ self.kernel.factor(inputs).T
        return self._integral(moments) @ self.cross(inputs).T

    def _integral(self, moments: Tensor) -> Tensor:
        """q(t) [times, n k]."""
        if isinstance(self.loss, Squared):
            return self.spectrum.integral(self._start_residual, moments)
        data = self._data.to(device="cpu")
        gram = self.gram.cpu()
        start = self._start.cpu()
        flow = FunctionFlow(gram, data.weights, start, data.targets, self.loss, self.tolerance)
        return flow.integral(moments.cpu()).to(moments)

    def _residual(self, moments: Tensor) -> Tensor:
        if isinstance(self.loss, Squared):
            gram = None if isinstance(self.kernel, Factored) else self.gram
            rows = self.spectrum.residual(self._start_residual, gram, moments)
            return rows.reshape(-1, *self._start.shape)
        return torch.stack([self.loss.residual(f, self._data.targets) for f in self._fitted(moments)])

    def _fitted(self, moments: Tensor) -> Tensor:
        """f_t at the data [times, n, k]."""
        if isinstance(self.loss, Squared):
            return self._residual(moments) + self._data.targets
        return self._start - (self._integral(moments) @ self.gram).reshape(-1, *self._start.shape)

    @cached_property
    def _data(self) -> Dataset:
        return self.data.to(dtype=torch.float64)

    @cached_property
    def _start(self) -> Tensor:
        start = self.start if isinstance(self.start, Tensor) else self.initial(self.data.inputs)
        if start.shape != self.data.targets.shape:
            raise ShapeError(
                f"The initial function has shape {tuple(start.shape)} at the data, but targets have "
                f"{tuple(self.data.targets.shape)}; make them agree."
            )
        return start.double()

    @property
    def _start_residual(self) -> Tensor:
        return (self._start - self._data.targets).flatten()

    def _moments(self, times: Times) -> Tensor:
        """Times [times] in float64 on the device of the data; raises ValueError or Unresolved as the class says."""
        moments = torch.as_tensor(times, dtype=torch.float64, device=self.data.inputs.device).reshape(-1)
        if moments.numel() == 0 or bool(torch.isnan(moments).any()) or bool((moments < 0.0).any()):
            raise ValueError(f"Times are {line(times)}, but one or more non-negative numbers are needed.")
        self._check_steps(moments)
        first = self.loss.residual(self._start, self._data.targets).flatten()
        self.spectrum.check(first, moments)
        return moments

    def _check_steps(self, moments: Tensor) -> None:
        if self.step is None:
            return
        steps = moments / self.step
        between = (steps - steps.round()).abs() > WHOLE * steps.clamp_min(1.0)
        if bool(between.any()):
            raise ValueError(
                f"Gradient descent with step {self.step:g} has no time {float(moments[between][0]):g}; ask for whole "
                "numbers of steps."
            )
        if bool(moments.isinf().any()) and self.step * self.spectrum.fastest >= 2.0:
            raise ValueError(
                f"Gradient descent with step {self.step:g} has no limit, since the fastest rate is "
                f"{self.spectrum.fastest:.3g}; take a step below {2.0 / self.spectrum.fastest:.3g}."
            )

    def _picked(self, values: Tensor, times: Times) -> Tensor:
        """The values in the dtype of the data, without the axis of times where one time was asked for."""
        return (values[0] if isinstance(times, int | float) else values).to(self.data.targets)


def _checked_gram(evaluated: Evaluated, count: int, outputs: int) -> Evaluated:
    """The Gram matrix in float64 and exactly symmetric, with its error; refuses another shape and an asymmetric one."""
    gram = evaluated.gram
    rows = count * outputs
    if gram.shape != (rows, rows):
        raise ShapeError(
            f"The Gram matrix has shape {tuple(gram.shape)}, but {count} data with {outputs} outputs need "
            f"{(rows, rows)}, row index i k + c."
        )
    rounding = ROUNDING[gram.dtype] * float(gram.abs().max())
    if float((gram - gram.T).abs().max()) > max(rounding, 2.0 * evaluated.error):
        raise ValueError("The Gram matrix is not symmetric; give that of a kernel between the data and themselves.")
    error = evaluated.error if gram.dtype == torch.float64 else max(evaluated.error, rounding)
    return Evaluated(0.5 * (gram + gram.T).double(), error)
