"""The members of every family, each beside the formula it stands for: a new member is one line here.

The plain formulas are written in torch operations alone; what they are compared with is the library.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from particles import (
    GELU,
    NTK,
    Activation,
    AveragePool,
    Biased,
    Bump,
    CompactProfile,
    Convolution,
    CrossEntropy,
    Deep,
    DeepLaw,
    Dense,
    Embedding,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Law,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    Loss,
    MeanField,
    Neuron,
    Perceptron,
    Plain,
    Power,
    Quadratic,
    RandomFeatures,
    ReLU,
    Scaling,
    Sigmoid,
    SiLU,
    SmoothLeakyReLU,
    Sobol,
    Softplus,
    Squared,
    Standard,
    SymmetricPairs,
    Tanh,
    UserNeuron,
)

Map = Callable[[Tensor], Tensor]

TRAINED = ["hidden", "output", "both"]


@dataclass(frozen=True)
class WrittenPerceptron:
    """a sigma(w . x / sqrt(d)) as a user would write it, for one particle and one input."""

    inputs: int
    outputs: int
    sigma: Map

    @property
    def dim(self) -> int:
        """d + k."""
        return self.inputs + self.outputs

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """[outputs]."""
        w, a = theta[: self.inputs], theta[self.inputs :]
        return a * self.sigma(torch.dot(w, x) / math.sqrt(self.inputs))


@dataclass(frozen=True)
class WrittenBump:
    """A Gaussian bump a exp(-|x - c|^2 / 2), theta = (c, a): no perceptron, one output that is a plain number."""

    dim: int = 4

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """A number."""
        return theta[-1] * torch.exp(-0.5 * (x - theta[:-1]).square().sum())


def smoothed_ramp(z: Tensor) -> Tensor:
    """E max(z + g, 0) less its value at zero."""
    density = torch.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return z * torch.special.ndtr(z) + density - 1.0 / math.sqrt(2.0 * math.pi)


#: (activation, sigma).
ACTIVATIONS: list[tuple[Activation, Map]] = [
    (Linear(), lambda z: z),
    (ReLU(), lambda z: z.clamp(min=0.0)),
    (LeakyReLU(), lambda z: torch.where(z > 0, z, 0.01 * z)),
    (LeakyReLU(slope=-1.7), lambda z: torch.where(z > 0, z, -1.7 * z)),
    (Erf(), lambda z: 2.0 * torch.special.ndtr(math.sqrt(2.0) * z) - 1.0),
    (Tanh(), lambda z: 2.0 / (1.0 + torch.exp(-2.0 * z)) - 1.0),
    (Sigmoid(), lambda z: 1.0 / (1.0 + torch.exp(-z))),
    (Softplus(), lambda z: torch.log1p(torch.exp(z))),
    (GELU(), lambda z: z * torch.special.ndtr(z)),
    (SiLU(), lambda z: z / (1.0 + torch.exp(-z))),
    (SmoothLeakyReLU(0.2, 0.5), lambda z: 0.2 * z + 0.8 * smoothed_ramp(z / 0.5) * 0.5),
    (SmoothLeakyReLU(slope=-1.7), lambda z: -1.7 * z + 2.7 * smoothed_ramp(z)),
]


def real(numbers: Tensor) -> Tensor:
    """Targets for regression."""
    return numbers


def signs(numbers: Tensor) -> Tensor:
    """Targets -1 and +1."""
    return torch.where(numbers > 0, 1.0, -1.0).to(numbers)


def probabilities(numbers: Tensor) -> Tensor:
    """Targets that are probabilities; every other row is one-hot."""
    soft, hard = numbers.softmax(dim=1), torch.eye(numbers.shape[1]).to(numbers)[numbers.argmax(dim=1)]
    return torch.where(torch.arange(len(numbers))[:, None] % 2 == 0, soft, hard)


#: (loss, loss of one datum's f [k] and y [k], targets from normal numbers [n, k], numbers of outputs).
LOSSES: list[tuple[Loss, Callable[[Tensor, Tensor], Tensor], Map, list[int]]] = [
    (Squared(), lambda f, y: ((f - y) ** 2).sum() / 2.0, real, [1, 3]),
    (Logistic(), lambda f, y: torch.log1p(torch.exp(-y * f)).sum(), signs, [1, 3]),
    (CrossEntropy(), lambda f, y: (y * (torch.exp(f).sum().log() - f)).sum(), probabilities, [2, 3]),
]

#: (scaling, output factor, mobility) of positive masses.
SCALINGS: list[tuple[Scaling, Map, Map]] = [
    (MeanField(), lambda lam: lam, lambda lam: 1.0 / lam),
    (NTK(), lambda lam: lam**0.5, lambda lam: lam**0.0),
    (Lazy(scale=3.0), lambda lam: 3.0 * lam, lambda lam: 1.0 / (9.0 * lam)),
    (Power(0.75), lambda lam: lam**0.75, lambda lam: lam**-0.5),
    (Power(2.0), lambda lam: lam**2, lambda lam: lam**-3),
]
#: The same of the scaling that does not share their normalisation.
STANDARD: tuple[Scaling, Map, Map] = (Standard(), lambda lam: lam**0.0, lambda lam: lam**0.0)


def tanh_features(embedding: RandomFeatures, inner: Tensor) -> Tensor:
    """tanh(Z inner) / sqrt(count), feature by feature."""
    features = [torch.tanh((row * inner).sum(dim=-1)) for row in embedding.weights]
    return torch.stack(features, dim=-1) / math.sqrt(embedding.count)


FEATURES = RandomFeatures(Identity(3), Tanh(), 5, seed=1)
STACK = RandomFeatures(FEATURES, Tanh(), 4, seed=1)

#: (embedding of three inputs, phi).
EMBEDDINGS: list[tuple[Embedding, Map]] = [
    (Identity(3), lambda x: x / math.sqrt(3.0)),
    (Plain(3), lambda x: x),
    (Biased(Identity(3)), lambda x: torch.cat([x / math.sqrt(3.0), x[..., :1] * 0.0 + 1.0], dim=-1)),
    (Quadratic(3), lambda x: torch.stack([x[..., i] * x[..., j] / 3.0 for i in range(3) for j in range(3)], dim=-1)),
    (FEATURES, lambda x: tanh_features(FEATURES, x / math.sqrt(3.0))),
    (STACK, lambda x: tanh_features(STACK, tanh_features(FEATURES, x / math.sqrt(3.0)))),
]

SMALL_DEEP = Deep(3, [Dense(4), Dense(3, bias=True), Dense(2)], Tanh(), "mean-field", bias_variance=0.5)
#: Neurons of three inputs, closed and written by a user.
NEURONS: list[Neuron | UserNeuron] = [
    *(Perceptron(Tanh(), Identity(3), outputs, trained) for trained in TRAINED for outputs in (1, 2)),
    Perceptron(ReLU(), Biased(Identity(3)), 1, "both"),
    Perceptron(GELU(), Quadratic(3), 3, "both"),
    Perceptron(Softplus(), STACK, 1, "both"),
    WrittenPerceptron(3, 2, torch.tanh),
    WrittenBump(),
    Bump(3, 1.3),
    Bump(3, 5.0, CompactProfile(2)),
    SMALL_DEEP,
    Deep((1, 3), [Convolution(3, 2, bias=True), AveragePool(), Dense(1)], GELU(), "standard", ("layer1", "layer2")),
]

SMALL = Perceptron(Tanh(), Identity(3), 2)
#: (law of `SMALL`'s positions, variance of hidden weights, variance of output weights).
LAWS: list[tuple[GaussianLaw, float, float]] = [
    (GaussianLaw(SMALL), 1.0, 1.0),
    (GaussianLaw(SMALL, outputs=GaussianOutputs(variance=0.25), variance=2.0), 2.0, 0.25),
]
SOBOL = GaussianLaw(SMALL, outputs=GaussianOutputs(), points=Sobol())
#: Everything that samples a cloud.
SAMPLERS: list[Law] = [
    *(*(law for law, _, _ in LAWS), SOBOL, *(SymmetricPairs(law) for law, _, _ in LAWS)),
    *(DeepLaw(SMALL_DEEP), SymmetricPairs(DeepLaw(SMALL_DEEP))),
]


def name_of(value: object) -> str | None:
    """Test ids: a law by its name, a plain formula by that word, a member by its class, with its fields where short."""
    if isinstance(value, str | int | float | type(None)):
        return None
    name = getattr(value, "__name__", repr(value)).replace(" ", "").replace("<lambda>", "plain")
    return name if len(name) < 100 and "0x" not in name else type(value).__name__
