"""Random training problems, each from a seed alone: every activation, loss, scaling, embedding and kind of start.

Numbers are representable in the problem's dtype, so that a float32 run and a float64 reference start from one problem.
`Problem.described` says in a line what was drawn; `random_problem(seed)` draws it again.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from flows import Flow, GradientFlow, LinearisedFlow
from particles import (
    GELU,
    L2,
    NTK,
    Activation,
    Biased,
    CrossEntropy,
    Dataset,
    Embedding,
    Erf,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    Power,
    Quadratic,
    RandomFeatures,
    ReLU,
    Risk,
    Scaling,
    Sigmoid,
    SiLU,
    Softplus,
    Squared,
    Tanh,
)

Array = NDArray[np.float64]

ACTIVATIONS = (Linear(), ReLU(), LeakyReLU(0.1), Erf(), Tanh(), Sigmoid(), Softplus(), GELU(), SiLU())
STARTS = ("plain", "saturated", "tiny")
GROUPS = ("hidden", "output")


@dataclass(frozen=True, eq=False)
class Problem:
    """A gradient flow of `risk`, or its linear model, from `cloud` until a time, to a relative tolerance."""

    seed: int
    risk: Risk
    cloud: ParticleCloud
    until: float
    rtol: float
    start: str
    units: str
    linearised: bool = False

    @cached_property
    def flow(self) -> Flow:
        """The gradient flow, or that of the linear model around the start."""
        return LinearisedFlow(self.risk, self.cloud) if self.linearised else GradientFlow(self.risk)

    @property
    def described(self) -> str:
        """What was drawn, in a line."""
        risk, neuron, cloud = self.risk, self.risk.network.neuron, self.cloud
        sizes = f"m={cloud.count} n={risk.data.count} k={neuron.outputs} D={neuron.hidden}"
        zero = int((cloud.masses == 0).sum())
        masses = f"{zero} massless" if zero else f"masses from {float(cloud.masses.min()):.2g}"
        weights = f"weights from {float(risk.data.weights.min()):.2g}"
        return (
            f"{risk.neuron.activation} {risk.neuron.embedding} {neuron.trained} {type(risk.loss).__name__} "
            f"{risk.scaling} {sizes} {masses} {weights} {risk.regulariser} start={self.start} units={self.units} "
            f"{str(cloud.dtype).removeprefix('torch.')} T={self.until:.3g} rtol={self.rtol:g}"
        )


def random_problem(seed: int) -> Problem:
    """The problem of this number."""
    return _Draw(seed).problem()


def grouped_problem(seed: int) -> Problem:
    """The problem of this number with a rate for hidden and for output weights, and a strength of L2 for each.

    Rates are from 1/100 to 10, and one of them may be zero; strengths are up to 100 times smaller or larger.
    """
    problem, numbers = random_problem(seed), np.random.default_rng([seed, 2027])
    rates = 10.0 ** numbers.uniform(-2, 1, size=2)
    if numbers.random() < 0.15:
        rates[int(numbers.integers(2))] = 0.0
    scaling = replace(problem.risk.scaling, rates=dict(zip(GROUPS, rates.tolist(), strict=True)))
    regulariser, factors = problem.risk.regulariser, 10.0 ** numbers.uniform(-2, 2, size=2)
    if regulariser is not None:
        regulariser = L2(dict(zip(GROUPS, (regulariser.strength * factors).tolist(), strict=True)))
    return replace(problem, risk=replace(problem.risk, scaling=scaling, regulariser=regulariser))


class _Draw:
    """The draws behind one problem, in a fixed order."""

    def __init__(self, seed: int) -> None:
        self.seed, self.numbers = seed, np.random.default_rng([seed, 2026])

    def problem(self) -> Problem:
        single = self.chance(0.25)
        self.dtype = torch.float32 if single else torch.float64
        self.m, self.n = (1 if self.chance(0.15) else int(self.numbers.integers(2, 11)) for _ in range(2))
        self.d = int(self.numbers.integers(1, 5))
        loss = self.loss()
        self.k = int(self.numbers.choice([2, 3] if isinstance(loss, CrossEntropy) else [1, 1, 1, 2, 3]))
        inputs, units = self.inputs()
        trained = str(self.numbers.choice(["hidden", "hidden", "output", "both", "both"]))
        neuron = Perceptron(self.activation(), self.embedding(), self.k, trained)
        start = str(self.numbers.choice(STARTS, p=(0.7, 0.2, 0.1)))
        scaling, masses = self.scaling(), self.masses()
        hidden, output = self.numbers.normal(size=(self.m, neuron.hidden)), self.outputs()
        if units != "one" and self.chance(0.5):
            sizes = neuron.embed(self.exact(inputs)).abs().amax(dim=0).numpy()
            hidden /= np.where(sizes > 0, sizes, 1.0)
        if start == "tiny":
            output *= 0.0
        targets = self.targets(loss) * (10.0 ** self.numbers.uniform(-12, -3) if start == "tiny" else 1.0)
        if isinstance(loss, Logistic | CrossEntropy):
            targets = self.targets(loss)
        data = Dataset(self.exact(inputs), self.exact(targets), self.weights())
        risk = Risk(neuron, scaling, loss, data, self.regulariser())
        cloud = ParticleCloud(self.tensor(np.hstack([hidden, output])), masses)
        if start == "saturated":
            cloud = self.saturated(risk, cloud)
        rtol = float(self.numbers.choice([1e-2, 1e-3, 1e-4] if single else [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8]))
        return Problem(self.seed, risk, cloud, float(10.0 ** self.numbers.uniform(0, 6)), rtol, start, units)

    def chance(self, probability: float) -> bool:
        return bool(self.numbers.random() < probability)

    def tensor(self, values: Array) -> torch.Tensor:
        """Rounded to the dtype."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.dtype)

    def exact(self, values: Array) -> torch.Tensor:
        """In float64, of numbers that the dtype represents."""
        return self.tensor(values).double()

    def loss(self) -> Loss:
        losses: list[Loss] = [Squared(), Squared(), Logistic(), Logistic(), CrossEntropy()]
        return losses[int(self.numbers.integers(len(losses)))]

    def activation(self) -> Activation:
        return ACTIVATIONS[int(self.numbers.integers(len(ACTIVATIONS)))]

    def embedding(self) -> Embedding:
        plain, kind = Identity(self.d), self.numbers.random()
        if kind < 0.4:
            return plain
        if kind < 0.65:
            return Biased(plain)
        if kind < 0.8:
            return Quadratic(self.d)
        frozen = (Tanh(), ReLU(), Erf())[int(self.numbers.integers(3))]
        count = int(self.numbers.integers(2, 7))
        return RandomFeatures(Biased(plain) if self.chance(0.5) else plain, frozen, count, seed=self.seed)

    def inputs(self) -> tuple[Array, str]:
        inputs, kind = self.numbers.normal(size=(self.n, self.d)), self.numbers.random()
        unit, column = 10.0 ** self.numbers.uniform(-3, 6), int(self.numbers.integers(self.d))
        if kind < 0.65:
            return inputs, "one"
        if kind < 0.8:
            return inputs * unit, f"{unit:.2g}"
        inputs[:, column] *= unit
        return inputs, f"{unit:.2g} in column {column}"

    def scaling(self) -> Scaling:
        kind = int(self.numbers.choice(4, p=(0.35, 0.25, 0.2, 0.2)))
        lazy, power = Lazy(float(10.0 ** self.numbers.uniform(-0.5, 2))), Power(float(self.numbers.uniform(0.3, 1.2)))
        return (MeanField(), NTK(), lazy, power)[kind]

    def masses(self) -> torch.Tensor | None:
        kind, values = self.numbers.random(), self.numbers.dirichlet(np.ones(self.m))
        if kind < 0.5:
            return None
        if kind > 0.85 and self.m > 1:
            values[: int(self.numbers.integers(1, self.m))] = 0.0
        if 0.75 < kind <= 0.85:
            values = np.arange(1.0, self.m + 1) ** -2.0
        return self.tensor(values / values.sum())

    def weights(self) -> torch.Tensor | None:
        kind, values = self.numbers.random(), self.numbers.dirichlet(np.ones(self.n))
        if kind < 0.6:
            return None
        if kind > 0.9 and self.n > 1:
            values[: int(self.numbers.integers(1, self.n))] = 0.0
        return torch.from_numpy(values / values.sum())

    def outputs(self) -> Array:
        signs = self.numbers.choice([-1.0, 1.0], size=(self.m, self.k))
        return signs if self.chance(0.5) else self.numbers.normal(size=(self.m, self.k))

    def targets(self, loss: Loss) -> Array:
        values = self.numbers.normal(size=(self.n, self.k))
        if isinstance(loss, Logistic):
            return np.where(values > 0, 1.0, -1.0)
        if not isinstance(loss, CrossEntropy):
            return values
        return np.eye(self.k)[values.argmax(axis=1)]

    def regulariser(self) -> L2 | None:
        kind = self.numbers.random()
        if kind < 0.6:
            return None
        return L2(float(10.0 ** (self.numbers.uniform(-4, 0) if kind < 0.85 else self.numbers.uniform(0, 4))))

    def saturated(self, risk: Risk, cloud: ParticleCloud) -> ParticleCloud:
        """The output weights made so large that the largest |f(x_i)| is between 5 and 500, of either sign."""
        largest = float(risk.predictions(cloud).abs().max())
        wanted = float(self.numbers.choice([-1.0, 1.0]) * 10.0 ** self.numbers.uniform(0.7, 2.7))
        factor = wanted / largest if largest > 1e-30 else 1.0
        positions = cloud.positions.clone()
        positions[:, risk.network.neuron.hidden :] *= factor
        return cloud.moved(positions)
