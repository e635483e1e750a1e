"""The limit of infinitely many trained particles, asked for in one call."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from flows import Adaptive, Integrator
from limits import Coupling, InfiniteWidth, InMemory, Samples, infinite_width
from particles import Law, ParticleCloud, Risk, SymmetricPairs, masses
from particles.arguments import arguments_checked
from particles.arguments.reals import positive
from runs.limit.couplings import MassesOf, are_falling, fitting
from runs.limit.observed import Observables
from runs.limit.spread import in_parts
from runs.limit.tolerances import relative
from runs.limit.training import FlowOf, trained


@arguments_checked
def infinite_width_of(
    flow: FlowOf,
    law: Law,
    *,
    until: float,
    observables: Observables,
    tolerance: float = 0.01,
    absolute: bool = False,
    masses_of: MassesOf = masses.uniform,
    integrator: Integrator[Any] | None = None,
    times: Sequence[float] = (),
    first_width: int = 16,
    widest: int = 4096,
    confidence: float = 0.95,
    coupling: Coupling | None = None,
    rate: float = 1.0,
    seed: int = 0,
    budget: float = math.inf,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    samples: Samples | None = None,
    report: Callable[[float, float], None] | None = None,
) -> InfiniteWidth:
    """What a network of infinitely many particles does after training, with an interval.

        found = infinite_width_of(GradientFlow(risk), GaussianLaw(neuron), until=10.0, observables={"risk": risk})

    Clouds of `masses_of(width)` particles are drawn from `law`, trained and measured as `trained` says, and combined as
    `limits.infinite_width` says. `tolerance` is the standard error of each quantity in parts of its size, or, if it is
    to be `absolute`, in its own units. The `integrator` is `Adaptive()` where left out. The `coupling` is found where
    left out: halves of clouds, rotated functions where the start is random under NTK or standard scaling, nested clouds
    for masses that fall. Quantities are named "risk", with an entry "outputs[3]" and a time "risk at 0.5" where there
    are several. Raises what `trained` and `infinite_width` raise.
    """
    measured = trained(
        flow, Adaptive() if integrator is None else integrator, until=until, observables=observables, times=times
    )

    def draw(width: int, seed: int) -> ParticleCloud:
        return law.sample(masses=masses_of(width), seed=seed).to(device=device, dtype=dtype)

    names = [one.label for one in measured.quantities(draw(first_width, seed))]
    risk = getattr(flow, "risk", None)
    if coupling is None:
        coupling = fitting(
            risk if isinstance(risk, Risk) else None, are_falling(masses_of), isinstance(law, SymmetricPairs)
        )
    estimating = partial(
        infinite_width,
        *(in_parts(measured), draw),
        quantities=names,
        first_width=first_width,
        widest=widest,
        confidence=confidence,
        coupling=coupling,
        rate=rate,
        seed=seed,
        budget=budget,
        report=report,
        samples=InMemory() if samples is None else samples,
    )
    tolerance = positive(tolerance, "The tolerance")

    def to(tolerances: Mapping[str, float] | float) -> InfiniteWidth:
        return estimating(tolerance=tolerances)

    return to(tolerance) if absolute else relative(tolerance, names, to)
