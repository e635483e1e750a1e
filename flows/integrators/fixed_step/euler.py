"""The explicit Euler method."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Together
from flows.integrators.fixed_step.runge_kutta import Row, RungeKutta, Tableau


@dataclass(frozen=True, init=False)
class Euler(RungeKutta):
    """theta <- theta + h v(theta): order 1, and exactly gradient descent with learning rate h.

    Stable on a gradient flow while h times the largest eigenvalue of K P is below 2. Straight lines in between.
    """

    order: ClassVar[float] = 1.0
    dense: ClassVar[float] = 1.0
    stays_inside: ClassVar[bool] = True
    tableau: ClassVar[Tableau] = Tableau((), Row((1,)), between=((1.0,),))
    together: ClassVar[Together] = Together.ONE_GRID
