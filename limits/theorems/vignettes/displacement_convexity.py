"""Displacement convexity: the excess risk of bumps that fit a concave density falls at a rate without a dimension.

L(rho) = (1 / |Omega|) int (rho - f)^2 is (2 mu / |Omega|)-convex along geodesics of W2 where f is mu-strongly concave,
and the porous-medium equation descends it as steeply as W2 allows. So L_t <= L_s exp(-4 mu (t - s) / |Omega|).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.grid import Interval
from limits.mean_field.porous_medium import PorousDensities, PorousMedium, volumes
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from particles import ShapeError
from particles.arguments.reals import non_negative, positive
from particles.shapes import AnyFloat

PAPER = "Javanmard, Mondelli and Montanari 2020"
ALONG = Statement("L_t <= L_s exp(-4 mu (t - s) / |Omega|) for frames s < t of the limit", f"{PAPER}, theorem 2")
PARTICLES = Statement(
    "L_N(t) <= L_N(0) exp(-4 mu t / |Omega|) + Delta along the particles", f"{PAPER}, theorem 1", proven=False
)
#: f may miss integral one, and its second differences -mu, by rounding and the width of cells.
SLACK = 1e-3

PerTime = Float[Tensor, " times"]


def convexity_rate(medium: PorousMedium, concavity: float) -> float:
    """4 mu / |Omega|, for a target f that is mu-strongly concave, mu = `concavity`."""
    return 4.0 * positive(concavity, "The concavity mu") / medium.volume


def displacement_convexity(solution: PorousDensities, concavity: float) -> Result:
    """L_t <= L_s exp(-4 mu (t - s) / |Omega|) from every frame to the next, which implies it for every two.

    Assumed are f >= 0 with integral one, f + (mu / 2) |x|^2 concave, as second differences on the grid show, and no
    temperature. The bound contains the solver's own error of L at both frames. Raises ValueError
    for a concavity that is not positive.
    """
    rate = convexity_rate(solution.medium, concavity)
    assumptions = _assumptions(solution.medium, concavity)
    if fails(assumptions):
        return unchecked(ALONG, assumptions)
    excess, errors = solution.excess, solution.excess_errors
    decays = torch.exp(-rate * solution.times.diff())
    return from_above(ALONG, assumptions, (excess + errors)[:-1] * decays + errors[1:], excess[1:])


def decay_to_floor(times: PerTime, excess: AnyFloat, rate: float, floor: float) -> Result:
    """L_N(t) <= L_N(0) exp(-rate t) + floor at every time after the first, for particles that were observed.

    `times` are those of the paper, whose loss has no 1/2, and `excess` [times] the risks E (f - f_N)^2 there. The paper
    proves it with a Delta that vanishes as N grows and width and step shrink, of which no number is known: so the floor
    is given and the statement empirical. Raises ShapeError unless there is one excess for each of two times or more.
    """
    if times.shape != excess.shape or len(times) < 2:
        raise ShapeError(
            f"There are {len(times)} times with {len(excess)} risks; give one for each of two times or more."
        )
    rate, floor = positive(rate, "The rate"), non_negative(floor, "The floor")
    bounds = excess[0] * torch.exp(-rate * (times - times[0])) + floor
    return from_above(PARTICLES, (), bounds[1:], excess[1:])


def _assumptions(medium: PorousMedium, concavity: float) -> tuple[Assumption, ...]:
    """Those of the theorem, looked at on the refined grid."""
    grid = medium.grid.refined
    target = medium.target(grid.centres).double()
    slopes = target.diff() / grid.width
    bends = [slopes.diff() / grid.width]
    if not isinstance(grid, Interval):
        bends.append(slopes / grid.edges[1:-1])
    total = float(target @ volumes(grid))
    steepest = max(float(bend.max()) for bend in bends)
    return (
        Assumption("f >= 0 with integral one", float(target.min()) >= 0.0 and abs(total - 1.0) < SLACK),
        Assumption("f is mu-strongly concave", steepest <= -concavity * (1.0 - SLACK)),
        Assumption("no temperature", medium.temperature == 0.0),
    )
