"""Networks whose features move: known runs in mean-field scaling, and one tame enough for lemma 1 to promise."""

from functools import cache

from flows import RK4, GradientFlow, LogSpaced, evolve
from limits.theorems import Problem
from limits.theorems.feature_learning import ActiveRegion
from particles import (
    Activation,
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    RandomFeatures,
    ReLU,
    Risk,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
)
from tests.draws import normals
from tests.limits.theorems.networks import DATA, Frames, problem, run

STEEP: tuple[Activation, ...] = (LeakyReLU(0.3), Linear())
MIDDLE = ActiveRegion.thirds(-1.0, 1.0)


@cache
def moving(activation: Activation) -> Problem:
    """The network of `tests.limits.theorems.networks` in mean-field scaling."""
    return problem(activation, scaling=MeanField())


@cache
def moving_run(activation: Activation) -> Frames:
    """Its run, made once."""
    return run(moving(activation), until=400.0)


@cache
def deeper(features: int = 40, seed: int = 0) -> Problem:
    """More data than inputs, behind a frozen layer of random features."""
    neuron = Perceptron(ReLU(), RandomFeatures(Identity(3), ReLU(), features, seed))
    data = Dataset(normals(DATA, 3, seed=4), normals(DATA, seed=5))
    return Problem(Risk(neuron, MeanField(), Squared(), data), GaussianLaw(neuron), masses.uniform(100))


@cache
def tame() -> tuple[Problem, Frames]:
    """tanh, n = 5, d = 20, m = 2000 in pairs that start at zero, c = 120."""
    neuron = Perceptron(Tanh(), Identity(20))
    data = Dataset(normals(5, 20, seed=11), 0.3 * normals(5, seed=12))
    equal = masses.uniform(2000)
    law = GaussianLaw(neuron)
    of = Problem(Risk(neuron, Lazy(120.0), Squared(), data), law, equal)
    frames: list[tuple[float, ParticleCloud]] = []
    kept = LogSpaced(0.5, 50.0, 12, lambda step, time, cloud: frames.append((time, cloud)))
    start = SymmetricPairs(law).sample(masses=equal, seed=0)
    evolve(GradientFlow(of.risk), start, RK4(), until=50.0, step=0.5, observers=[kept])
    return of, tuple(frames)
