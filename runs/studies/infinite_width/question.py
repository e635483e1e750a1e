"""A question to infinitely many particles: how clouds are drawn and trained, what is read off them, what is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from flows import Flow, Integrator, evolve
from limits import Coupling, Draw, Drawn, Halves, InfiniteWidth, InMemory, Measured, infinite_width
from particles import GaussianLaw, ParticleCloud, generator, masses
from particles.shapes import Scalar
from runs.limit import trained
from runs.limit.tolerances import Estimating, relative
from runs.studies.infinite_width.config import Config

#: Of a cloud at the start and when trained.
Quantity = Callable[[ParticleCloud, ParticleCloud], Scalar]
#: Particles of clouds at the lowest level, at least.
NARROWEST = 4


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a network with infinitely many particles, and the answer where it is known.

    Clouds are drawn by `draw`, trained along `flow` by `integrator`, which is given its step, and looked at at `times`.
    `coupling` is that of clouds of two widths, `narrow` the width of the lowest level and `pilot` the least number of
    samples of each. `exact` gives known quantities by name. `even` draws clouds of the same law more evenly, if it can.
    """

    draw: Draw
    flow: Flow
    integrator: Callable[[float], Integrator[Any]]
    step: float
    times: tuple[float, ...]
    quantities: Mapping[str, Quantity]
    exact: Callable[[], Mapping[str, float]] = dict
    coupling: Coupling = field(default_factory=Halves)
    narrow: int = 64
    pilot: int = 64
    even: Draw | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Quantities, at each of the times where there are several."""
        if len(self.times) == 1:
            return tuple(self.quantities)
        return tuple(f"{name} at {time:.9g}" for name in self.quantities for time in self.times)

    @property
    def steps(self) -> int:
        """Steps of the training of a cloud; one where it is not trained."""
        return max(round(self.times[-1] / self.step), 1)

    @property
    def measured(self) -> Measured:
        """Clouds of one width, trained side by side -> [clouds, quantities]."""

        def observables(one: Drawn) -> Mapping[str, Callable[[ParticleCloud], Scalar]]:
            return {name: partial(quantity, one.cloud) for name, quantity in self.quantities.items()}

        until, method = self.times[-1], self.integrator(self.step)
        return trained(self.flow, method, until=until, times=self.times, observables=observables)

    def estimate(self, accuracy: float, seed: int) -> InfiniteWidth:
        """The limit, to a standard error of this part of each quantity's size; its cost is in particles times steps."""
        return relative(accuracy, self.names, self.estimating(seed))

    def estimating(self, seed: int) -> Estimating:
        """The limit to standard errors by name; later estimates go on from the samples of earlier ones."""
        made = partial(
            infinite_width,
            *(self.measured, self.draw),
            quantities=self.names,
            first_width=self.narrow,
            pilot=self.pilot,
            coupling=self.coupling,
            cost=lambda width: float(width * self.steps),
            seed=seed,
            samples=InMemory(),
        )
        return lambda tolerance: made(tolerance=tolerance)

    def doubled(self, width: int, seed: int) -> Tensor:
        """What twice the step changes of every quantity at the end, along one Brownian path [quantities]."""
        start, found = self.draw(width, seed), []
        for longer in (2, 1):
            method = self.integrator(longer * self.step)
            end = evolve(self.flow, start, method, until=self.times[-1], seed=seed, split=longer)
            found.append(torch.stack([quantity(start, end) for quantity in self.quantities.values()]))
        return found[0] - found[1]

    def at(self, config: Config) -> "Question":
        """The same with narrower clouds, longer steps and other pilots, as a scale has them."""
        narrow = max(self.narrow // config.narrower, NARROWEST)
        return replace(self, narrow=narrow, step=config.coarser * self.step, pilot=config.pilot)

    def small(self, narrow: int, longer: float, names: Sequence[str]) -> "Question":
        """The same with another width of the lowest level, longer steps, and these quantities alone."""
        kept = {name: self.quantities[name] for name in names}
        return replace(self, quantities=kept, narrow=narrow, step=longer * self.step)


def equal_masses(law: GaussianLaw) -> Draw:
    """Clouds of equal masses from a law."""
    return lambda count, seed: law.sample(masses=masses.uniform(count), seed=seed)


def normals(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers of a seed."""
    return torch.from_numpy(generator(seed, "data").standard_normal(shape))
