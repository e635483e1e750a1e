"""Integrators: how one step of a flow is taken. Whatever else is asked of one, its class declares (`flows.base`).

A new one is its file and its name here: `flows` offers it, study files know it, and checkpoints and ensembles take it
as it declares.
"""

from flows.integrators.adaptive import Adaptive
from flows.integrators.error_controlled.chebyshev import Chebyshev
from flows.integrators.error_controlled.dormand_prince import DormandPrince
from flows.integrators.fixed_step.adam import Adam
from flows.integrators.fixed_step.baoab import BAOAB
from flows.integrators.fixed_step.euler import Euler
from flows.integrators.fixed_step.euler_maruyama import EulerMaruyama
from flows.integrators.fixed_step.growth_splitting import GrowthSplitting
from flows.integrators.fixed_step.heavy_ball import HeavyBall
from flows.integrators.fixed_step.heun import Heun
from flows.integrators.fixed_step.leimkuhler_matthews import LeimkuhlerMatthews
from flows.integrators.fixed_step.linear_splitting import LinearSplitting
from flows.integrators.fixed_step.rk4 import RK4
from flows.integrators.fixed_step.walled import Walled
from flows.integrators.function_space.bdf import BDF
from flows.integrators.function_space.exponential import Exponential

#: In the order in which sentences and study files name them.
__all__ = [  # noqa: RUF022
    "Adaptive",
    "BDF",
    "Exponential",
    "Chebyshev",
    "DormandPrince",
    "Euler",
    "Heun",
    "RK4",
    "HeavyBall",
    "Adam",
    "EulerMaruyama",
    "LeimkuhlerMatthews",
    "LinearSplitting",
    "BAOAB",
    "GrowthSplitting",
    "Walled",
]

#: The same as classes.
INTEGRATORS: tuple[type, ...] = tuple(globals()[name] for name in __all__)
