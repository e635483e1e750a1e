"""Heun's method, the explicit trapezoidal rule."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Together
from flows.integrators.fixed_step.runge_kutta import Row, RungeKutta, Tableau


@dataclass(frozen=True, init=False)
class Heun(RungeKutta):
    """theta <- theta + h/2 [v(theta, t) + v(theta + h v(theta, t), t + h)]: order 2 (Heun 1900).

    The second velocity is that at the Euler point, where the measure has moved too, and this point is the embedded
    step. In between is the parabola with b_1 = s - s^2 / 2 and b_2 = s^2 / 2.
    """

    order: ClassVar[float] = 2.0
    dense: ClassVar[float] = 2.0
    tableau: ClassVar[Tableau] = Tableau(
        stages=(Row((1,)),),
        step=Row((1, 1), over=2),
        between=((1.0, -0.5), (0.0, 0.5)),
        error=(-0.5, 0.5),
    )
    together: ClassVar[Together] = Together.ONE_GRID
