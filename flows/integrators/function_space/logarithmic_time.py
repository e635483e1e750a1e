"""Time on a logarithmic scale, on which the path of a gradient flow is as smooth late as it is early.

Modes of training decay at rates over many decades: a path is a sum of exp(-lambda t), and a step that follows it grows
with the time that has gone by. As a function of s = log(1 + (t - began) / unit) each mode is one and the same curve,
moved along: a polynomial in s fits steps that a polynomial in t does not. Where steps are short against the time gone
by, s is t but for a factor.
"""

import math
from dataclasses import dataclass

#: Largest growth of s in one step: by more the time would be no number.
LONGEST = 700.0


@dataclass(frozen=True)
class LogarithmicTime:
    """s(t) = log(1 + (t - began) / unit), in lengths of which one unit is one of t at a time of one's choice.

    An infinite unit leaves time as it is. Times are after began - unit.
    """

    began: float
    unit: float = math.inf

    def _since(self, time: float) -> float:
        """dt / ds."""
        return self.unit + (time - self.began)

    def ways(self, times: tuple[float, ...], now: float) -> tuple[float, ...]:
        """s(t) - s(now) for these times, in units at `now`: (t - now) to first order."""
        since = self._since(now)
        if math.isinf(since):
            return tuple(time - now for time in times)
        return tuple(since * self._logarithm(time, now, since) for time in times)

    def _logarithm(self, time: float, now: float, since: float) -> float:
        """log of dt / ds at a time, over `since`, which is that at `now`: to all digits near it and far from it."""
        part = (time - now) / since
        return math.log1p(part) if part > -0.5 else math.log(self._since(time) / since)

    def length(self, way: float, now: float) -> float:
        """How much time passes from `now` on while s grows by `way` in units at `now`."""
        since = self._since(now)
        if math.isinf(since):
            return way
        return since * math.expm1(min(way / since, LONGEST))
