"""How linear a convergence is: runs until little is left of their risk, and the straight line through its logarithm."""

from dataclasses import dataclass

import numpy as np
import scipy

from flows import Euler, Every, GradientFlow, StopBelow, Trace, evolve
from particles import ActiveFraction, ParticleCloud, Risk
from runs.batch.jobs import Report
from runs.figures.figures import Array

#: Parts of the first risk between which the line lies, the one at which a run ends, and times that are looked at.
WINDOW, FITTED, LOOKED = (1e-2, 1e-8), 1e-9, 1000
#: A run that stays above the window has its line below so many times what is left in the end.
REST = 4.0
#: Units of progress of a run.
PROGRESS = 100


@dataclass(frozen=True, eq=False)
class Decay:
    """Times, R_t / R_0 and the active fraction of a run [times each]."""

    times: Array
    parts: Array
    active: Array

    @property
    def line(self) -> tuple[float, float]:
        """-d log R / dt by least squares within the window, and R^2 of the line; NaN for fewer than three times in it.

        A run that ends in the window, or stops above it, has the part that it went through.
        """
        high, low = WINDOW
        inside = (self.parts <= max(high, REST * self.parts[-1])) & (self.parts >= low)
        if inside.sum() < 3:
            return np.nan, np.nan
        fit = scipy.stats.linregress(self.times[inside], np.log(self.parts[inside]))
        return -float(fit.slope), float(fit.rvalue) ** 2

    def bound(self, rate: float) -> Array:
        """exp(-rate int_0^t eta ds), the fraction between two times being the smaller one of both."""
        smaller = np.minimum(self.active[1:], self.active[:-1])
        return np.exp(-rate * np.concatenate([[0.0], np.cumsum(smaller * np.diff(self.times))]))

    def places(self, count: int) -> list[int]:
        """So many places among the times, evenly spaced, the first and the last included."""
        return [int(place) for place in np.unique(np.linspace(0, len(self.times) - 1, count).round())]


def descended(risk: Risk, start: ParticleCloud, until: float, report: Report, step: float = 1.0) -> Decay:
    """Gradient descent with steps of this length, until time `until` or until 1e-9 of the risk is left."""
    trace = Trace(risk=risk, active=ActiveFraction(risk, risk.data.inputs))
    observers = (
        Every(time=max(step, until / LOOKED), observer=trace),
        Every(steps=20, observer=StopBelow(risk, FITTED * float(risk(start)))),
        Every(steps=200, observer=lambda step, time, cloud: report(int((PROGRESS - 1) * time / until))),
    )
    evolve(GradientFlow(risk), start, Euler(step), until=until, observers=observers)
    risks = trace["risk"]
    return Decay(np.array(trace.times), risks / risks[0], trace["active"])
