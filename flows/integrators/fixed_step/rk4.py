"""The classical Runge-Kutta method."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Together
from flows.integrators.fixed_step.runge_kutta import Row, RungeKutta, Tableau


@dataclass(frozen=True, init=False)
class RK4(RungeKutta):
    """Four velocities with weights 1/6, 1/3, 1/3, 1/6 at times t, t + h/2, t + h/2, t + h: order 4 (Kutta 1901).

    In between is the only cubic of order 3 that these velocities give (Zennaro 1986). The four embed no other method,
    so a step has no estimate of its error.
    """

    order: ClassVar[float] = 4.0
    dense: ClassVar[float] = 3.0
    together: ClassVar[Together] = Together.ONE_GRID
    interval: ClassVar[float] = 2.785293563405282
    tableau: ClassVar[Tableau] = Tableau(
        stages=(Row((1,), over=2), Row((0, 1), over=2), Row((0, 0, 1))),
        step=Row((1, 2, 2, 1), over=6),
        between=((1.0, -3 / 2, 2 / 3), (0.0, 1.0, -2 / 3), (0.0, 1.0, -2 / 3), (0.0, -1 / 2, 2 / 3)),
    )
