"""Small networks on which the identities of the paper are checked, equal and unequal masses, lazy and not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from flows import RK4, Adaptive, Every, GradientFlow, Integrator, LinearisedFlow, evolve
from flows.base import Flow
from limits import FreeEnergy
from limits.theorems import (
    Result,
    Statement,
    convexity,
    dissipation,
    drawn_variance,
    optimality,
    potential_gradient,
    regularised_ntk,
    ridge_duality,
    variance_bound,
)
from limits.theorems.one_axis import regularised_kernel, ridge, sampling
from limits.theorems.one_axis.dissipation import DISSIPATION, GRADIENT
from limits.theorems.one_axis.optimality import CONVEX, LEAST, SUPPORT
from particles import L2, Dataset, MeanField, ParticleCloud, Risk, Squared, masses
from particles.numerics.randomness import generator
from runs.studies.one_axis.networks import LAZY, AxisNetwork

#: Inputs and data of the networks, strengths of L2 on u and on theta, and those with which one is trained to the end.
INPUTS, DATA, STRENGTHS, TRAINED = 3, 12, {"output": 0.1, "hidden": 0.02}, 0.05
#: Steps of Runge-Kutta runs and their length for alpha = 1, and draws of particles.
STEPS, STEP, DRAWS, DRAWN = 12, 0.02, 200, 30
#: The statements by a short name, which their rows have.
STATEMENTS: Mapping[str, Statement] = {
    "ridge": ridge.STATEMENT,
    "gradient": GRADIENT,
    "dissipation": DISSIPATION,
    "regularised kernel": regularised_kernel.STATEMENT,
    "sampling": sampling.VARIANCE,
    "least variance": sampling.BOUND,
    "convexity": CONVEX,
    "support": SUPPORT,
    "optimality": LEAST,
}


@dataclass(frozen=True)
class Model:
    """A network at alpha with equal masses, or with half of the mass spread by a law of Zipf."""

    label: str
    alpha: float = 1.0
    unequal: bool = False

    def network(self, count: int, seed: int, *, trained: str = "both") -> AxisNetwork:
        """tanh, squared loss, in float64."""
        return AxisNetwork(drawn(seed), count, self.alpha, LAZY, Squared(), trained=trained, dtype=torch.float64)

    def start(self, network: AxisNetwork, seed: int) -> ParticleCloud:
        """The particles at the start."""
        cloud = network.start(seed)
        return cloud.reweighted(masses.asymmetrical(cloud.count, gamma=0.5, alpha=0.7)) if self.unequal else cloud


MODELS = (Model("alpha = 1"), Model("alpha = 1, unequal masses", unequal=True), Model("alpha = 10", 10.0))


def drawn(seed: int, data: int = DATA, inputs: int = INPUTS) -> Dataset:
    """x and y from N(0, 1)."""
    numbers = generator(seed, "data")
    x, y = numbers.standard_normal((data, inputs)), numbers.standard_normal((data, 1))
    return Dataset(torch.from_numpy(x), torch.from_numpy(y))


def ridged(risk: Risk, strength: float | Mapping[str, float] = STRENGTHS) -> Risk:
    """The risk with L2."""
    return replace(risk, regulariser=L2(strength))


def followed(flow: Flow, cloud: ParticleCloud, step: float, steps: int) -> list[tuple[float, ParticleCloud]]:
    """Times and clouds of every step of a Runge-Kutta run."""
    frames: list[tuple[float, ParticleCloud]] = []
    kept = Every(steps=1, observer=lambda index, time, now: frames.append((time, now)))
    evolve(flow, cloud, RK4(step=step), until=step * steps, observers=[kept])
    return frames


def results_of(model: Model, count: int, seed: int) -> Iterator[tuple[str, Result]]:
    """Every identity on one model, by its short name."""
    features = model.network(count, seed, trained="output")
    alone = ridged(features.risk, STRENGTHS["output"])
    yield "ridge", ridge_duality(alone, model.start(features, seed))
    network = model.network(count, seed)
    risk, start = ridged(network.risk), model.start(network, seed)
    yield "gradient", potential_gradient(risk, start)
    yield "dissipation", dissipation(risk, followed(GradientFlow(risk), start, STEP, STEPS))
    linear = followed(LinearisedFlow(risk, start), start, 5.0 * STEP, STEPS)
    yield "regularised kernel", regularised_ntk(risk, linear)
    yield "sampling", drawn_variance(risk, start, DRAWN, seeds=range(DRAWS))
    yield "least variance", variance_bound(risk, start)
    if model.alpha == 1.0:
        yield from _optima(risk, start, seed)


def _optima(risk: Risk, start: ParticleCloud, seed: int) -> Iterator[tuple[str, Result]]:
    """Convexity against another start, and both conditions after training with L2."""
    risk = replace(ridged(risk, TRAINED), scaling=MeanField())
    energy, places = FreeEnergy(risk), _places(seed)
    yield "convexity", convexity(energy, start, ParticleCloud(places[: start.count]))
    method: Integrator[Any] = Adaptive(rtol=1e-5)
    end = evolve(GradientFlow(risk), start, method, until=400.0)
    yield from zip(("support", "optimality"), optimality(energy, end, places), strict=True)


def _places(seed: int) -> torch.Tensor:
    """Places where the potential is looked at, twice as wide as the start."""
    return 2.0 * torch.from_numpy(generator(seed, "places").standard_normal((2000, INPUTS + 1)))
