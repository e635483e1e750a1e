"""How many velocities the rest of a run would take: a run that would hardly ever end is refused."""

import math
from dataclasses import dataclass

from particles import ToleranceNotReached

#: Velocities after which headway is looked at again, those that any run may take, and those that the rest of one may.
WINDOW, PATIENCE, MOST = 2_000, 20_000, 1e6


@dataclass(frozen=True)
class Headway:
    """Where a run was when this was last looked at: the time, velocities spent, and time gained by each since then.

    `rate` is that of the last window of 2,000 velocities, zero in the first of them.
    """

    time: float
    velocities: int = 0
    rate: float = 0.0

    def looked(
        self, time: float, until: float, velocities: int, step: int, advice: str = "take a method for stiff flows"
    ) -> "Headway":
        """This, or where the run is now, at the end of a window.

        Raises ToleranceNotReached for a run of 20,000 velocities of which the rest would take more than a million.
        """
        spent = velocities - self.velocities
        if spent < WINDOW:
            return self
        rate = (time - self.time) / spent
        needed = self._needed(rate, time, until)
        if velocities >= PATIENCE and needed > MOST:
            reason = f"the rest of the run would cost as much as {needed:.1e} velocities ({advice})"
            raise ToleranceNotReached(step=step, time=time, size=rate, reason=reason)
        return Headway(time, velocities, rate)

    def _needed(self, rate: float, time: float, until: float) -> float:
        """The integral of dt / rate(t) until the end, for the power of time that goes through both windows' rates.

        A rate that falls is taken to stay.
        """
        if self.rate <= 0.0 or self.time <= 0.0 or until <= time:
            return 0.0
        if rate <= 0.0:
            return math.inf
        power = math.log(rate / self.rate) / math.log(time / self.time) if time > self.time else 0.0
        ahead = math.log(until / time)
        rest = 1.0 - min(max(power, 0.0), 3.0)
        return time / rate * (math.expm1(rest * ahead) / rest if abs(rest) > 1e-6 else ahead)
