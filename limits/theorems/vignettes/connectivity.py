"""Mode connectivity: a path through dropout is no higher than the networks of half of the particles on it."""

from collections.abc import Sequence

from limits.chaos import Slope
from limits.landscape.barrier import Barrier
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.comparisons import slope_within
from limits.theorems.vignettes.dropout import PAPER, RATE
from particles import Risk
from particles.arguments.reals import finite

CONNECTED = Statement(
    "max over the path of R - max(R(0), R(1)) <= max R_A - max(R(0), R(1)), A the half that is kept",
    f"{PAPER}, the path of theorem 2",
)
#: What rounding may add to a risk.
ROUNDED = 1e-9


def dropout_connectivity(risk: Risk, found: Barrier, dropped: Sequence[float]) -> Result:
    """The barrier of a `DropoutPath` or `LayerDropoutPath` is at most what the dropout networks on it rise above its
    ends, plus 1e-9.

    `found` is the path's `barrier`, `dropped` are the risks of the dropout networks of both of its ends: two values of
    `dropout_risk`, or those of the `stages` of a deep path. Where each exceeds the risk of its own network by eps, the
    barrier is at most the larger eps. The assumption is that there is no regulariser, along which free particles may
    rise; losses are convex. Raises ValueError where no risk was given, or one that is not finite.
    """
    if not dropped:
        raise ValueError("There are no risks of dropout networks; give those of both ends of the path.")
    assumptions = (Assumption("there is no regulariser", risk.strength == 0.0),)
    if fails(assumptions):
        return unchecked(CONNECTED, assumptions)
    worst = max(finite(each, "The risk of a dropout network") for each in dropped)
    return from_above(CONNECTED, assumptions, max(worst - max(found.ends), 0.0) + ROUNDED, found.height)


def barrier_rate(slope: Slope, what: str = "the barrier of seven segments") -> Result:
    """The barrier between two independent runs falls with N as (sqrt(log N) + z) / sqrt(N), or faster.

    `slope` is that of log barrier against log N. It is to be at most that of `dropout_rate`.
    """
    said = f"{what} between two runs falls with N at least as sqrt(log N) / sqrt(N)"
    return slope_within(Statement(said, f"{PAPER}, theorem 2", proven=False), (), slope, most=RATE)
