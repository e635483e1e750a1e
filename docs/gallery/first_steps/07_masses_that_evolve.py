"""
Masses that evolve
==================

Particles may move, and mass may move between them. Under birth and death mass flows from particles that are worse
than the mean to those that are better, so not every particle has to travel to where it is needed. The risk falls
faster, and in the end few particles hold nearly all of the mass.
"""

import matplotlib.pyplot as plt
import torch

from flows import RK4, BirthDeathFlow, Every, GrowthSplitting, Trace, evolve
from particles import Dataset, MeanField, ParticleCloud, Risk, Squared, effective_count


class Peak:
    """exp(-(x - c)^2 / 0.02): a narrow peak whose centre c is the particle."""

    dim = 1

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """One particle at one input [1]."""
        return torch.exp(-((x[0] - theta[0]) ** 2) / 0.02)


# %%
# A density of two heights is to be learned by peaks that start all over the line.
x = torch.linspace(-2.0, 2.0, 60, dtype=torch.float64)[:, None]
hidden = 0.7 * torch.exp(-((x + 1.0) ** 2) / 0.02) + 0.3 * torch.exp(-((x - 1.2) ** 2) / 0.02)
risk = Risk(Peak(), MeanField(), Squared(), Dataset(x, hidden))
start = ParticleCloud(torch.linspace(-2.0, 2.0, 80, dtype=torch.float64)[:, None])

# %%
# The same flow with and without exchange of mass: ``rate`` is how fast mass goes.
traces, ends = {}, {}
for name, rate in (("positions alone", 0.0), ("positions and masses", 30.0)):
    traces[name] = Trace(risk=risk, count=effective_count)
    ends[name] = evolve(
        BirthDeathFlow(risk, rate=rate),
        start,
        GrowthSplitting(RK4(0.05)),
        until=15.0,
        observers=[Every(time=0.2, observer=traces[name])],
    )
    print(f"{name:21s} risk {traces[name]['risk'][-1]:.1e}, effective particles {traces[name]['count'][-1]:.1f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
for (name, trace), style in zip(traces.items(), ("--", "-"), strict=True):
    left.semilogy(trace.times, trace["risk"], style, label=name)
left.set(xlabel="time t", ylabel="risk")
left.legend()
for (name, end), style in zip(ends.items(), ("--", "-"), strict=True):
    right.plot(x, risk.predictions(end), style, label=name)
right.plot(x, hidden, color="0.3", lw=4, alpha=0.3, label="target")
end = ends["positions and masses"]
right.vlines(end.positions[:, 0], 0.0, end.masses, color="C3", lw=2, label="masses at the end")
right.set(xlabel="x", title="Two peaks of masses 0.7 and 0.3")
right.legend()
plt.show()

# %%
# Where to go on: :class:`flows.BirthDeathFlow` says which law the masses obey; a cloud with few heavy particles is
# made small by :func:`particles.thin`.
