"""Kernel gradient flow under any loss, as an ordinary differential equation in function space."""

from dataclasses import dataclass

import numpy as np
import scipy
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from particles.risk.losses import Loss
from particles.shapes import Gram, Outputs, PerDatum

Moments = Float[Tensor, " times"]
OverTime = Float[Tensor, "times rows"]


@dataclass(frozen=True, eq=False)
class FunctionFlow:
    """The flow df/dt = -K P loss'(f, y), solved for z(t) = int_0^t loss'(f_s, y) ds; then f_t = f_0 - K P z_t.

    The equation dz/dt = loss'(f_0 - K P z, y) is solved by the implicit method Radau IIA of order five with the exact
    Jacobian -C K P, where C is the curvature of the loss. The Gram matrix may be stiff or singular. `tolerance` bounds
    the error of every step, both relative and absolute.
    """

    gram: Gram
    weights: PerDatum
    start: Outputs
    targets: Outputs
    loss: Loss
    tolerance: float

    def integral(self, times: Moments) -> OverTime:
        """P z(t) [times, n k] at finite times in any order.

        Raises ValueError for infinite times, ArithmeticError where the integrator stops before the last time.
        """
        moments, places = torch.unique(times, return_inverse=True)
        if not bool(torch.isfinite(moments).all()):
            raise ValueError(
                f"{type(self.loss).__name__} has no closed form at infinite time; ask for a finite time, or take "
                "Squared()."
            )
        if float(moments[-1]) == 0.0:
            return times.new_zeros(len(times), self._rates.numel())
        solution = scipy.integrate.solve_ivp(
            self.slope,
            (0.0, float(moments[-1])),
            np.zeros(self._rates.numel()),
            method="Radau",
            t_eval=moments.numpy(),
            jac=self.jacobian,
            rtol=self.tolerance,
            atol=self.tolerance,
        )
        if not solution.success:
            raise ArithmeticError(
                f"The kernel flow was not integrated until time {float(moments[-1]):.6g} ({solution.message}); ask for "
                "an earlier time or a larger tolerance."
            )
        return (torch.from_numpy(solution.y.T).to(times)[places]) * self._rates

    @property
    def _rates(self) -> Tensor:
        return self.weights.repeat_interleave(self.start.shape[1])

    def _predictions(self, z: NDArray[np.float64]) -> Tensor:
        moved = self.gram @ (self._rates * torch.from_numpy(z))
        return self.start - moved.reshape(self.start.shape)

    def slope(self, time: float, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """The slope dz/dt = loss'(f_0 - K P z, y) [n k]."""
        slope: NDArray[np.float64] = self.loss.residual(self._predictions(z), self.targets).flatten().numpy()
        return slope

    def jacobian(self, time: float, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """The derivative -C K P [n k, n k] of the slope with respect to z."""
        curvature = self.loss.curvature(self._predictions(z), self.targets)
        n, k = self.start.shape
        columns = (self.gram * self._rates).reshape(n, k, n * k)
        jacobian: NDArray[np.float64] = -torch.einsum("ice,ier->icr", curvature, columns).reshape(n * k, n * k).numpy()
        return jacobian
