"""The stationary law of rectifiers with bias on data of the line, at temperatures that no grid resolves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.rectified.data import LineData
from limits.mean_field.rectified.dual import Dual
from limits.mean_field.rectified.law import ReLULaw
from limits.mean_field.rectified.moments import NODES
from particles import Risk
from particles.arguments.reals import positive


@dataclass(frozen=True)
class ReLUGibbs:
    """The measure rho = exp(-g[rho] / T) / Z, as of `Gibbs`, for neurons a (w x + b)_+ on inputs x of the line.

    It minimises F(rho) = R(rho) + (confinement / 2) E |theta|^2 + T int rho log rho over theta = (w, b, a), all of it
    trained, with R = sum_i p_i (f(x_i) - y_i)^2 / 2 under `MeanField`. Noisy SGD comes to rest there (Shevchenko,
    Kungurtsev and Mondelli 2022, whose beta is 1 / T and whose lambda is the confinement). In polar coordinates the
    integrals over a and r are Gaussian, and one over the angle is left, rational on arcs; so temperatures of 1e-8 are
    no harder than those of order one. Groups may have confinements of their own. `tolerance` bounds the root mean
    square over the data of f - f[Gibbs of f], relative to 1 plus that of f.
    Raises ValueError for a temperature or confinement that is not positive and another neuron than a
    `Perceptron(ReLU(), Biased(Plain(1)), trained="both")` of one output, TypeError for a scaling other than `MeanField`
    and a loss other than `Squared`.
    """

    risk: Risk
    temperature: float | Mapping[str, float]
    confinement: float | Mapping[str, float]
    tolerance: float = 1e-12

    def __post_init__(self) -> None:
        if not self.energy.heat > 0.0:
            raise ValueError(f"The temperature is {self.temperature!r}, but a Gibbs measure needs a positive one.")
        object.__setattr__(self, "tolerance", positive(self.tolerance, "The tolerance"))
        LineData.of(self.risk, self.confinement)

    @property
    def energy(self) -> FreeEnergy:
        """The free energy that rho minimises."""
        return FreeEnergy(self.risk, self.temperature, self.confinement)

    def solve(self) -> ReLULaw:
        """The law; raises ArithmeticError where Newton's method does not reach the tolerance."""
        data = LineData.of(self.risk, self.confinement)
        found, steps = Dual(data, self.energy.heat).solved(self.tolerance)
        residuals = torch.tensor([float(one) for one in found.residuals], dtype=torch.float64)
        finer = replace(found, nodes=2 * NODES)
        error = data.size(finer.predictions - found.predictions)
        return ReLULaw(residuals[:, None], found.left, steps, error, found)
