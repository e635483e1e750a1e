"""What an implicit step divides single particles by: D = 1 + h (Delta + E)."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows.integrators.function_space.gauss_newton import GaussNewton, spread
from particles.shapes import AnyFloat, Velocity


@dataclass(frozen=True, eq=False)
class Damping:
    """D = 1 + h Delta, with Delta the regulariser's decay; h is one number or one for each member [members].

    With a `curvature` E_j of single neurons [particles, c, c] it is D_j = 1 + h (Delta_j + E_j), in coordinates divided
    by the roots rho of their rates.
    """

    stiff: GaussNewton
    size: float | Tensor
    curvature: AnyFloat | None = None

    @cached_property
    def diagonal(self) -> AnyFloat | None:
        """D [particles, trained], or [particles, 1] where it is the same for all coordinates of a particle."""
        if self.stiff.at.risk.strength == 0.0:
            return None
        return self.shifted(self.stiff.at.decays)

    def shifted(self, decay: AnyFloat) -> AnyFloat:
        """1 + h times a decay of every particle."""
        return 1.0 + spread(self.size, decay.shape[0]) * decay

    @cached_property
    def blocks(self) -> AnyFloat | None:
        """Lower triangular factors of D_j in theta_j / rho [particles, c, c], where neurons have a curvature."""
        if self.curvature is None:
            return None
        blocks = self.size * self.curvature
        blocks.diagonal(dim1=-2, dim2=-1).add_(1.0 if self.diagonal is None else self.diagonal)
        factors: AnyFloat = torch.linalg.cholesky(blocks)
        return factors

    def divided(self, vector: Velocity) -> Velocity:
        """D^-1 v."""
        if self.blocks is None and self.diagonal is None:
            return vector
        result, columns = vector.clone(), self.stiff.at.risk.network.neuron.trained_columns
        if self.blocks is not None:
            multiplied, divided = (1.0, 1.0) if self.roots is None else self.roots
            solved = torch.cholesky_solve((result[:, columns] / divided)[:, :, None], self.blocks)[:, :, 0]
            result[:, columns] = solved * multiplied
        elif self.diagonal is not None:
            result[:, columns] /= self.diagonal
        return result

    @cached_property
    def roots(self) -> tuple[AnyFloat, AnyFloat] | None:
        """rho, the roots of the rates of trained coordinates, and the same to divide by: infinite where rho is zero."""
        rates = self.stiff.at.trained_rates
        return None if rates is None else (rates.sqrt(), rates.sqrt().masked_fill(rates == 0.0, torch.inf))
