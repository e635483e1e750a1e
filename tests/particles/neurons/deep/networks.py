"""Deep networks for tests, each beside the torch module that it is, differentiated by torch.func."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from particles import GELU, AveragePool, Convolution, Deep, Dense, LeakyReLU, Linear, ReLU, Sigmoid, Softplus, Tanh
from tests.draws import normals

PARTICLES, DATA = 3, 5

#: Every kind of layer, padding, activation, parameterisation and choice of what is trained.
NETWORKS: dict[str, Deep] = {
    "readout": Deep(4, [Dense(2)]),
    "dense": Deep(4, [Dense(5), Dense(3), Dense(1)], Tanh(), "ntk", weight_variance=1.7),
    "biased": Deep(4, [Dense(5, bias=True), Dense(3, bias=True), Dense(2, bias=True)], ReLU(), "standard"),
    "mixed": Deep(
        3,
        [Dense(6, activation=GELU()), Dense(4, bias=True, activation=Linear()), Dense(5), Dense(2)],
        Softplus(),
        "mean-field",
        bias_variance=0.3,
    ),
    "overridden": Deep(3, [Dense(4, multiplier=0.3, rate=2.0), Dense(2, deviation=0.1)], Sigmoid(), "maximal-update"),
    "circular": Deep((2, 6), [Convolution(3, 3), Convolution(4, 2), Dense(2)], Tanh(), "maximal-update"),
    "zero": Deep((1, 6), [Convolution(3, 4, "zero", bias=True), AveragePool(3), Dense(1)], GELU(), bias_variance=1.0),
    "planes": Deep(
        (2, 4, 6),
        [
            *(Convolution(3, 3, bias=True), AveragePool(2), Convolution(4, 2, "zero", activation=LeakyReLU(0.2))),
            *(AveragePool(), Dense(3), Dense(2, bias=True)),
        ],
        Tanh(),
        "standard",
        bias_variance=0.4,
    ),
    "pooled": Deep((2, 4), [AveragePool(2), Convolution(5, 1), Convolution(2, 2), AveragePool()], Tanh()),
}
#: What may be trained of "planes": neither all groups, nor such that lie next to each other.
TRAINED = ["layer2", ("layer1.bias", "layer3"), ("layer1", "layer4.bias")]
for chosen in TRAINED:
    NETWORKS[f"trained {chosen}"] = replace(NETWORKS["planes"], trained=chosen)

SIGMAS: dict[type, Callable[..., nn.Module]] = {
    Tanh: nn.Tanh,
    ReLU: nn.ReLU,
    GELU: nn.GELU,
    Sigmoid: nn.Sigmoid,
    Softplus: nn.Softplus,
    LeakyReLU: lambda: nn.LeakyReLU(0.2),
    Linear: nn.Identity,
}


def module_of(net: Deep) -> nn.Sequential:
    """The network of torch's own layers, without numbers."""
    with torch.device("meta"):
        return nn.Sequential(*_modules(net))


def _modules(net: Deep) -> list[nn.Module]:
    shape = [net.inputs] if isinstance(net.inputs, int) else list(net.inputs)
    modules: list[nn.Module] = [nn.Unflatten(1, tuple(shape))] if len(shape) > 1 else []
    last = [layer for layer in net.layers if not isinstance(layer, AveragePool)][-1]
    for layer in net.layers:
        if isinstance(layer, AveragePool):
            sizes = [layer.size or length for length in shape[1:]]
            modules.append(nn.AvgPool1d(sizes[0]) if len(sizes) == 1 else nn.AvgPool2d((sizes[0], sizes[1])))
            shape[1:] = [length // size for length, size in zip(shape[1:], sizes, strict=True)]
            continue
        if isinstance(layer, Dense):
            modules += [nn.Flatten(), nn.Linear(math.prod(shape), layer.width, layer.bias)]
            shape = [layer.width]
        else:
            kind = nn.Conv1d if len(shape) == 2 else nn.Conv2d
            mode: Literal["circular", "zeros"] = "circular" if layer.padding == "circular" else "zeros"
            channels = (shape[0], layer.channels, layer.size)
            modules.append(kind(*channels, padding="same", padding_mode=mode, bias=layer.bias))
            shape[0] = layer.channels
        if layer is not last:
            modules.append(SIGMAS[type(layer.activation or net.activation)]())
    return [*modules, nn.Flatten()]


@dataclass(frozen=True, eq=False)
class Plain:
    """A network, and some of these at some data, written with torch's layers; numbers that float32 holds exactly."""

    net: Deep
    dtype: torch.dtype = torch.float64

    @property
    def positions(self) -> Tensor:
        """Particles [particles, dim]."""
        return normals(PARTICLES, self.net.dim, seed=71, dtype=torch.float32).to(self.dtype)

    @property
    def inputs(self) -> Tensor:
        """Data [data, inputs]."""
        return self.others(DATA, seed=72)

    def others(self, count: int, seed: int) -> Tensor:
        """Other data [count, inputs]."""
        return normals(count, math.prod(self.net.chain.inputs), seed=seed, dtype=torch.float32).to(self.dtype)

    def feature(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """g(theta, x_i) [data, outputs]."""
        scaled = {
            name: group.scales.multiplier * theta[group.columns].reshape(parameter.shape)
            for group, (name, parameter) in zip(self.net.chain.groups, self._module.named_parameters(), strict=True)
        }
        with warnings.catch_warnings():  # torch copies the inputs of even filters, and says so
            warnings.simplefilter("ignore")
            return functional_call(self._module, scaled, (inputs,))  # type: ignore[no-any-return]

    @cached_property
    def _module(self) -> nn.Module:
        return module_of(self.net)

    def gradients(self, inputs: Tensor) -> Tensor:
        """grad g_j(x_i) [particles, data, outputs, dim] in float64, zero where nothing is trained."""
        _ = self._module
        every = vmap(jacrev(self.feature), in_dims=(0, None))(self.positions.double(), inputs.double())
        trained = torch.zeros(self.net.dim, dtype=torch.float64)
        trained[self.net.trained_columns] = 1.0
        return every * trained  # type: ignore[no-any-return]


@cache
def jacobians(name: str) -> tuple[Tensor, Tensor]:
    """The gradients of a network at its data and at four others."""
    plain = Plain(NETWORKS[name])
    return plain.gradients(plain.inputs), plain.gradients(plain.others(4, seed=90))
