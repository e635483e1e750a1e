"""Limits against finite clouds: kernels, the random kernel's variance, the kernel flow, and the early-time model.

Every line compares a number that `limits` predicts with what sampled or trained clouds give, in standard errors of the
latter or as a slope against width. Run as `python -m runs.benchmarks.limit_kernels`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from flows import RK4, GradientFlow, LinearisedFlow, evolve
from limits import KernelFlow, deep_kernels, early_time_model, tangent_kernel, total_variance
from particles import (
    GELU,
    NTK,
    Activation,
    Dataset,
    Erf,
    GaussianLaw,
    Identity,
    LeakyReLU,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    SymmetricPairs,
    Tanh,
    masses,
)
from particles.numerics.randomness import generator
from runs.study.table import log_slope

#: Two-layer ReLU, both layers trained, x = (1, 0), x' = (0.6, 0.8): NNGP(x, x), NNGP(x, x'), NTK(x, x), NTK(x, x').
PUBLISHED = (0.25, 0.1693869, 0.5, 0.27511182)
ACTIVATIONS: tuple[Activation, ...] = (ReLU(), LeakyReLU(0.1), Erf(), GELU(), Tanh())
LAYERS: tuple[str, ...] = ("hidden", "output", "both")
#: For the early-time model: odd, and not.
EARLY: tuple[Activation, ...] = (Erf(), ReLU())
INPUTS, DATA = 5, 8


@dataclass(frozen=True)
class Scale:
    """Clouds drawn for means and for the total variance, widths and seeds of trained clouds, their time, sizes."""

    means: int = 400
    clouds: int = 2000
    widths: tuple[int, ...] = (64, 256, 1024, 4096)
    seeds: int = 20
    until: float = 10.0
    dims: tuple[int, ...] = (25, 50, 100, 200)
    rows: int = 5000


@dataclass(frozen=True)
class Score:
    """What was predicted, and what clouds gave, with its standard error."""

    name: str
    predicted: float
    measured: float
    error: float

    @property
    def z(self) -> float:
        """(measured - predicted) / error."""
        return (self.measured - self.predicted) / self.error

    @property
    def line(self) -> str:
        """For the table."""
        return f"{self.name:34}{self.predicted:12.6f}{self.measured:12.6f} +- {self.error:.6f}   z = {self.z:+.2f}"


@dataclass(frozen=True)
class Slope:
    """Values [sizes, repeats] against sizes, both in logarithms: the slope with its 95 % confidence interval."""

    name: str
    sizes: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]

    @property
    def fitted(self) -> tuple[float, float]:
        """Slope, and half the width of its interval by Student's law; NaN where nothing is left over."""
        found = log_slope(self.sizes, np.array(self.values))
        return found.value, found.high - found.value

    @property
    def line(self) -> str:
        """For the table: the geometric mean at every size, and the slope."""
        means = " ".join(f"{math.exp(np.log(row).mean()):9.2e}" for row in self.values)
        slope, half = self.fitted
        return f"{self.name:34}{means}   slope {slope:+.3f} +- {half:.3f}"


def published_pair() -> list[tuple[float, float]]:
    """Found and published values of the pair."""
    x = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    kernels = deep_kernels(x, activation=ReLU(), depth=1)
    found = [float(matrix[0, column]) for matrix in (kernels.nngp, kernels.ntk) for column in (0, 1)]
    return list(zip(found, PUBLISHED, strict=True))


def worst_entry(activation: Activation, trained: str, scale: Scale) -> Score:
    """The entry of the Gram matrix whose mean over sampled clouds of 100 particles is farthest from the kernel."""
    neuron = Perceptron(activation, Identity(INPUTS), 1, trained)
    x = _normals(DATA, INPUTS, seed=1)
    law = GaussianLaw(neuron)
    kernel = tangent_kernel(neuron, law)
    draws = (law.sample(masses=masses.uniform(100), seed=seed) for seed in range(scale.means))
    grams = torch.stack([kernel.sampled(cloud, x) for cloud in draws]).flatten(1)
    expected = kernel(x).flatten()
    mean = grams.mean(dim=0)
    errors = grams.std(dim=0) / math.sqrt(scale.means)
    worst = int(((mean - expected).abs() / errors).argmax())
    name = f"{type(activation).__name__}, {trained}, worst of {DATA * (DATA + 1) // 2}"
    return Score(name, *(float(values[worst]) for values in (expected, mean, errors)))


def sampled_variance(activation: Activation, gamma: float, alpha: float, scale: Scale) -> Score:
    """E |K_m - K|_F^2 of asymmetrical clouds of 100 particles: closed form and sampled."""
    neuron = Perceptron(activation, Identity(INPUTS))
    x = _normals(DATA, INPUTS, seed=1)
    law = GaussianLaw(neuron)
    kernel = tangent_kernel(neuron, law)
    weights = masses.asymmetrical(100, gamma, alpha)
    mean = kernel(x)
    draws = (law.sample(masses=weights, seed=seed) for seed in range(scale.clouds))
    squares = torch.stack([(kernel.sampled(cloud, x) - mean).square().sum() for cloud in draws])
    error = float(squares.std()) / math.sqrt(scale.clouds)
    name = f"{type(activation).__name__}, gamma {gamma:g}, alpha {alpha:g}"
    return Score(name, total_variance(kernel, x, weights), float(squares.mean()), error)


def width_gaps(scale: Scale) -> list[Slope]:
    """Root mean square gaps at 50 other inputs: trained clouds to the kernel flow of the limit, and to each other.

    Tanh, both layers trained, NTK scaling, symmetric pairs, n = 20 and d = 5.
    """
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    law = SymmetricPairs(GaussianLaw(neuron))
    x, elsewhere = _normals(20, INPUTS, seed=1), _normals(50, INPUTS, seed=2)
    risk = Risk(neuron, NTK(), Squared(), Dataset(x, torch.sin(2.0 * x[:, 0]) * x[:, 1]))
    limit = KernelFlow(tangent_kernel(neuron, law), risk.data).predictions([scale.until, math.inf], elsewhere)

    def ends(width: int, seed: int) -> tuple[Tensor, ...]:
        cloud = law.sample(masses=masses.uniform(width), seed=seed)
        linear = LinearisedFlow(risk, cloud)
        lines = [linear.predictions(linear.exact(time), elsewhere) for time in (scale.until, math.inf)]
        trained = evolve(GradientFlow(risk), cloud, RK4(step=0.25), until=scale.until)
        network = risk.predictions(trained, elsewhere)
        return lines[0] - limit[0], lines[1] - limit[1], network - limit[0], network - lines[0]

    runs = [[ends(width, seed) for seed in range(scale.seeds)] for width in scale.widths]
    sizes = torch.tensor([[[float(gap.square().mean().sqrt()) for gap in run] for run in row] for row in runs])
    now = f"t = {scale.until:g}"
    names = (f"linearised, {now}", "linearised, t = infinity", f"gradient flow, {now}", "gradient flow to linearised")
    tables = sizes.permute(2, 0, 1).tolist()
    return [Slope(name, scale.widths, tuple(map(tuple, table))) for name, table in zip(names, tables, strict=True)]


def early_distances(activation: Activation, trained: str, scale: Scale) -> Slope:
    """|K - psi psi^T| of the limit kernel and its linear surrogate on standard normal inputs, against d."""
    values = []
    for dim in scale.dims:
        neuron = Perceptron(activation, Identity(dim), 1, trained)
        x = _normals(scale.rows, dim, seed=dim)
        law = GaussianLaw(neuron)
        values.append((early_time_model(neuron, law).distance(tangent_kernel(neuron, law)(x), x),))
    return Slope(f"{type(activation).__name__}, {trained}", scale.dims, tuple(values))


def early_training(scale: Scale) -> Slope:
    """Mean square gap of kernel flow and early-time model at t = 4 d, relative to the kernel flow, against d.

    Erf, both layers trained, n = 2/5 of the rows; targets are a random network of five neurons. One value at the data,
    one at as many other inputs.
    """
    values = []
    count = 2 * scale.rows // 5
    for dim in scale.dims:
        neuron = Perceptron(Erf(), Identity(dim), 1, "both")
        x = _normals(2 * count, dim, seed=dim)
        law = GaussianLaw(neuron)
        hidden = _normals(5, dim, seed=3)
        output = _normals(5, seed=4)
        data = Dataset(x[:count], torch.erf(x[:count] @ hidden.T / math.sqrt(dim)) @ output / math.sqrt(5.0))
        flows = KernelFlow(tangent_kernel(neuron, law), data), KernelFlow(early_time_model(neuron, law), data)
        pairs = [[flow.predictions(4.0 * dim, inputs) for flow in flows] for inputs in (None, x[count:])]
        values.append(tuple(float((f - g).square().mean() / f.square().mean()) for f, g in pairs))
    return Slope("Erf, both, training at t = 4 d", scale.dims, tuple(values))


def main(scale: Scale = Scale()) -> tuple[Sequence[Score], Sequence[Slope]]:
    """Measure everything and print the tables."""
    print("The published pair: " + ", ".join(f"{found:.8f} ({value})" for found, value in published_pair()))
    print(f"\nMean over {scale.means} clouds of 100 particles against the kernel")
    scores = [worst_entry(activation, trained, scale) for activation, trained in product(ACTIVATIONS, LAYERS)]
    print("\n".join(score.line for score in scores), flush=True)
    print(f"\nTotal variance over {scale.clouds} asymmetrical clouds against the closed form")
    settings = product(ACTIVATIONS, ((0.0, 0.4), (0.2, 0.5), (0.5, 0.7)))
    variances = [sampled_variance(activation, *setting, scale) for activation, setting in settings]
    print("\n".join(score.line for score in variances), flush=True)
    print(f"\nGap to the kernel flow at widths {scale.widths}, {scale.seeds} seeds")
    gaps = width_gaps(scale)
    print("\n".join(slope.line for slope in gaps), flush=True)
    print(f"\nEarly-time model at d = {scale.dims}, n = {scale.rows}: spectral distance, and gap of training")
    distances = [early_distances(activation, trained, scale) for activation, trained in product(EARLY, LAYERS)]
    distances.append(early_training(scale))
    print("\n".join(slope.line for slope in distances), flush=True)
    return [*scores, *variances], [*gaps, *distances]


def _normals(*shape: int, seed: int) -> Tensor:
    return torch.from_numpy(generator(seed, "data").standard_normal(shape))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
