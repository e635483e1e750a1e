"""The residuals of a stationary law of rectifiers as the minimum of a convex function of as many numbers as data.

R_i = y_i - f(x_i) minimises

    sum_i p_i (R_i^2 / 2 - R_i y_i) + T log I(R),    I = int dphi / q,    q = c_w - g^2 / c_a > 0,

which is the dual of the free energy: its gradient is p_i (R_i - y_i + f_i), with f the predictions of the law
exp(-potential of R / T) / Z. Newton's method finds the minimum at falling temperatures, each from the one before.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from limits.mean_field.rectified.arcs import Arc, Pieces
from limits.mean_field.rectified.data import LineData
from limits.mean_field.rectified.moments import NODES, Moments

#: Largest number of Newton steps at one temperature, and of halvings of one step, before the search is given up.
MOST_STEPS, MOST_HALVINGS = 200, 60
#: Between one temperature and the next, and how far Newton's method goes at temperatures on the way.
COOLING, ON_THE_WAY = 10.0, 1e-3

#: Numbers in exact arithmetic, one for each datum.
Exact = tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class Dual:
    """The convex problem at temperature T."""

    data: LineData
    temperature: float

    def at(self, residuals: Exact) -> "AtResiduals":
        """What these residuals give."""
        return AtResiduals(self, residuals, self.data.arcs(residuals))

    def solved(self, tolerance: float) -> tuple["AtResiduals", int]:
        """The minimum, and the number of Newton steps at all temperatures together.

        Raises ArithmeticError where Newton's method does not reach the tolerance.
        """
        data, steps = self.data, 0
        residuals: Exact = (Fraction(0),) * len(data.inputs)
        warm = float(data.weights @ data.targets.abs()) * (data.hidden * data.output) ** 0.5
        while warm > self.temperature:
            here, more = replace(self, temperature=warm).newton(residuals, ON_THE_WAY)
            residuals, steps, warm = here.residuals, steps + more, warm / COOLING
        here, more = self.newton(residuals, tolerance)
        return here, steps + more

    def newton(self, residuals: Exact, tolerance: float) -> tuple["AtResiduals", int]:
        """The minimum at this temperature by damped Newton steps, and their number.

        A step is halved until q stays positive and the slope along it is smaller than before, which it is for a convex
        function. What is left is the root of sum_i p_i |R_i - y_i + f_i|^2, relative to 1 plus that of f.
        """
        here = self.at(residuals)
        for steps in range(MOST_STEPS):
            if here.left <= tolerance * (1.0 + self.data.size(here.predictions)):
                return here, steps
            step = here.newton_step
            slope = abs(float(self.data.weights @ (step * here.gap)))
            for halving in range(MOST_HALVINGS):
                there = self.at(_moved(here.residuals, step, halving))
                if there.exists and abs(float(self.data.weights @ (step * there.gap))) < slope:
                    break
            else:
                break
            here = there
        raise ArithmeticError(
            f"The stationary law was not found: after {steps} Newton steps at temperature {self.temperature:.3g} f "
            f"differs by {here.left:.3g} from its own; raise the temperature or the tolerance."
        )


def _moved(residuals: Exact, step: Tensor, halving: int) -> Exact:
    part = Fraction(1, 2**halving)
    return tuple(one + part * Fraction(other) for one, other in zip(residuals, step.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class AtResiduals:
    """Residuals R with their arcs, predictions, and Newton step."""

    dual: Dual
    residuals: Exact
    arcs: tuple[Arc, ...]
    nodes: int = NODES

    @property
    def exists(self) -> bool:
        """Whether a law has these residuals, that is, q is positive everywhere."""
        return min(arc.least for arc in self.arcs) > 0

    @cached_property
    def pieces(self) -> Pieces:
        """Pieces of the arcs."""
        return Pieces.of(self.arcs)

    @cached_property
    def moments(self) -> Moments:
        """Over every piece."""
        return Moments.of(self.pieces, self.dual.data.output, self.nodes)

    @property
    def mass(self) -> Tensor:
        """I, a number."""
        return self.moments.mass.sum()

    @cached_property
    def predictions(self) -> Tensor:
        """f(x_i) = (2 T / (c_a I)) int g (e . xi_i)_+ / q^2 dphi [data]."""
        data, pieces = self.dual.data, self.pieces
        pulls = (self.moments.square @ pieces.v[:, :, None])[:, :, 0]
        spread: Tensor = (data.active[pieces.arc] * (pulls @ data.rows.T)).sum(dim=0)
        return 2.0 * self.dual.temperature / (data.output * self.mass) * spread

    @cached_property
    def gap(self) -> Tensor:
        """R_i - y_i + f_i [data], the gradient divided by p_i."""
        targets = self.dual.data.targets.tolist()
        first = [float(one - Fraction(y)) for one, y in zip(self.residuals, targets, strict=True)]
        return torch.tensor(first, dtype=torch.float64) + self.predictions

    @property
    def left(self) -> float:
        """Root of sum_i p_i gap_i^2."""
        return self.dual.data.size(self.gap)

    @property
    def newton_step(self) -> Tensor:
        """-(1 + C P / T)^(-1) gap [data], with C the covariance of a r (e . xi_i)_+: f changes by C P / T.

        Given the angle, a r has mean 2 T g / (c_a q) and variance 2 T^2 / (c_a q) + 4 T^2 g^2 / (c_a^2 q^2). The
        covariance is a sum of squares over the nodes, and the step solves a problem of least squares, so that nothing
        cancels where C / T is as large as 1 / T.
        """
        data, moments, t = self.dual.data, self.moments, self.dual.temperature
        acts = (moments.e @ data.rows.T) * data.active[self.pieces.arc][:, None]
        spread = t * (2.0 / moments.form + (2.0 * moments.pull / moments.form).square()).sqrt()
        centred = 2.0 * t * (moments.pull / moments.form)[..., None] * acts - self.predictions
        shares = (moments.weights / (self.mass * t)).sqrt()[..., None]
        roots = data.weights.sqrt()
        one = torch.eye(len(roots), dtype=torch.float64)
        rows = [(shares * part).flatten(0, 1) * roots for part in (spread[..., None] * acts, centred)]
        q, r = torch.linalg.qr(torch.cat([one, *rows]))
        scaled: Tensor = torch.linalg.solve_triangular(
            r, -(q[: len(roots)].T @ (roots * self.gap))[:, None], upper=True
        )
        return scaled[:, 0] / roots
