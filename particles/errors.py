"""The errors that a caller may want to catch; each is also an instance of a fitting built-in error."""

from functools import partial
from typing import Self


class ShapeError(ValueError):
    """Raised for tensors whose shapes do not fit each other or differ from what is needed."""


class MassError(ValueError):
    """Raised for masses that are negative, not finite, or do not sum to one."""


class FlowRefused(TypeError):
    """Raised where an integrator cannot handle a part of the flow that it was given."""


class FlowDiverged(ArithmeticError):
    """Raised where the positions of a cloud are no longer finite.

    It holds `step` and `time` of the first such cloud, the number of `particles` concerned, and the `count` of all.
    """

    def __init__(self, *, step: int, time: float, particles: int, count: int) -> None:
        self.step, self.time, self.particles, self.count = step, time, particles, count
        super().__init__(
            f"The flow diverged at step {step}, time {time:.6g}: {particles} of {count} particles are not finite; "
            "take a smaller step or a stable integrator."
        )

    def __reduce__(self) -> tuple[partial[Self], tuple[()]]:
        return partial(type(self), step=self.step, time=self.time, particles=self.particles, count=self.count), ()


class ToleranceNotReached(ArithmeticError):
    """Raised where an adaptive integrator misses its tolerance even with its shortest step.

    It holds the number of the `step`, the `time` at which it began, the `size` last tried, and the `reason` in words.
    """

    def __init__(self, *, step: int, time: float, size: float, reason: str) -> None:
        self.step, self.time, self.size, self.reason = step, time, size, reason
        super().__init__(
            f"The tolerance was not reached at step {step}, time {time:.6g}: even with a step of {size:.3g} {reason}; "
            "loosen the tolerance, or end the run before this time."
        )

    def __reduce__(self) -> tuple[partial[Self], tuple[()]]:
        return partial(type(self), step=self.step, time=self.time, size=self.size, reason=self.reason), ()


class Unresolved(ArithmeticError, ValueError):
    """Raised where rounding hides the answer, because the columns of the inputs are in very different units."""


class RankLost(RuntimeError):
    """Raised where another of the processes that share a cloud has ended, so that joint work cannot go on."""


class RankFailed(RuntimeError):
    """Raised on the other processes that share a cloud where the first one failed; it repeats that error's words."""


class TransportUnsolved(RuntimeError):
    """Raised where an optimal transport solver stopped before the optimum."""


class TrajectoryError(OSError):
    """Raised where a trajectory file cannot be created, read or continued."""
