"""The few errors a caller may want to catch; each is also the built-in one would expect."""

from functools import partial
from typing import Self


class ShapeError(ValueError):
    """Tensors whose shapes do not fit each other or what was needed."""


class MassError(ValueError):
    """Masses that are negative, not finite, or do not sum to one."""


class FlowRefused(TypeError):
    """An integrator that cannot handle a part of the flow it was given."""


class FlowDiverged(ArithmeticError):
    """A cloud with positions that are no longer finite.

    Holds `step` and `time` of the first such cloud and the number of `particles` concerned.
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
    """A tolerance that no step of an adaptive integrator is short enough for.

    Holds the number of the `step`, the `time` it began at and the `size` last tried.
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
    """Numbers that rounding hides and that matter: inputs in units so different that what is asked for is not known."""


class RankLost(RuntimeError):
    """Another of the processes that share a cloud is gone: nothing that they do together can go on."""


class RankFailed(RuntimeError):
    """What went wrong on the first of the processes that share a cloud, in its words, raised on the others."""


class TransportUnsolved(RuntimeError):
    """An optimal transport solver that stopped before the optimum."""


class TrajectoryError(OSError):
    """A trajectory file that cannot be created, read or continued."""
