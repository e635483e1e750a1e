"""Activations of torch and ours, each in terms of the other."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from particles.neurons.activations import Activation, LeakyReLU, Linear, ReLU, Sigmoid, Softplus, Tanh
from particles.neurons.gated import GELU, SiLU

#: Beyond this torch's Softplus gives z itself; at 50 that is within the rounding of float64, at its own 20 within 2e-9.
THRESHOLD = 50.0


class Applied(nn.Module):
    """An activation of ours as a torch module, for those that torch does not have."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, z: Tensor) -> Tensor:
        """sigma(z), entry by entry."""
        return self.activation.value(z)

    def extra_repr(self) -> str:
        """The activation."""
        return repr(self.activation)


def _softplus(module: nn.Softplus) -> Activation:
    if module.beta != 1.0:
        raise ValueError(f"Softplus has beta {module.beta!r}, but only beta 1 is known; fold beta into the weights.")
    return Softplus()


def _gelu(module: nn.GELU) -> Activation:
    if module.approximate != "none":
        raise ValueError(f"GELU is approximate={module.approximate!r}, but the exact one is needed, 'none'.")
    return GELU()


#: From the class of a torch module to what makes ours of it.
READ: dict[type[nn.Module], Callable[[Any], Activation]] = {
    nn.ReLU: lambda module: ReLU(),
    nn.LeakyReLU: lambda module: Linear() if module.negative_slope == 1.0 else LeakyReLU(module.negative_slope),
    nn.Tanh: lambda module: Tanh(),
    nn.Sigmoid: lambda module: Sigmoid(),
    nn.Softplus: _softplus,
    nn.GELU: _gelu,
    nn.SiLU: lambda module: SiLU(),
    Applied: lambda module: module.activation,
}

#: From the class of an activation of ours to what makes a torch module of it.
WRITTEN: dict[type, Callable[[Any], nn.Module]] = {
    ReLU: lambda activation: nn.ReLU(),
    LeakyReLU: lambda activation: nn.LeakyReLU(activation.slope),
    Tanh: lambda activation: nn.Tanh(),
    Sigmoid: lambda activation: nn.Sigmoid(),
    Softplus: lambda activation: nn.Softplus(threshold=THRESHOLD),
    GELU: lambda activation: nn.GELU(),
    SiLU: lambda activation: nn.SiLU(),
    Linear: lambda activation: nn.Identity(),
}


def written(activation: Activation) -> nn.Module:
    """The torch module of an activation."""
    return WRITTEN.get(type(activation), Applied)(activation)
