"""Torch modules of every kind that is known, and torch's own training of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.draws import normals

DATA = 7


@dataclass(frozen=True)
class Example:
    """A module, the inputs that from_module must be told (None where it knows them), and the shape of one datum."""

    make: Callable[[], nn.Module]
    inputs: tuple[int, ...] | None
    shape: tuple[int, ...]
    rows: bool = False

    def made(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """The module with parameters of its own, the same every time."""
        module = self.make().to(dtype)
        with torch.no_grad():
            for seed, parameter in enumerate(module.parameters()):
                parameter.copy_(normals(*parameter.shape, seed=seed) / math.sqrt(parameter[0].numel()))
        return module

    def data(self, dtype: torch.dtype = torch.float64) -> Tensor:
        """Rows [data, inputs]."""
        return normals(DATA, math.prod(self.shape), seed=50, dtype=dtype)

    def values(self, module: nn.Module, x: Tensor) -> Tensor:
        """What the module gives for rows, as rows."""
        return module(x.reshape(len(x), *self.shape)).flatten(1)


def sequential(*parts: nn.Module) -> Callable[[], nn.Module]:
    """The same parts every time."""
    return lambda: nn.Sequential(*parts)


EXAMPLES: dict[str, Example] = {
    "two layers": Example(sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 2, bias=False)), None, (5,), rows=True),
    "two layers without bias": Example(
        sequential(nn.Linear(5, 6, bias=False), nn.ReLU(), nn.Linear(6, 1, bias=False)), None, (5,), rows=True
    ),
    "a bias of the outputs": Example(sequential(nn.Linear(5, 6), nn.GELU(), nn.Linear(6, 2)), None, (5,)),
    "deep and nested": Example(
        sequential(
            nn.Sequential(nn.Linear(5, 6), nn.Sequential(nn.SiLU(), nn.Identity())),
            nn.Linear(6, 4, bias=False),
            nn.Linear(4, 4),
            nn.Sigmoid(),
            nn.Linear(4, 3),
        ),
        None,
        (5,),
    ),
    "one axis, whose length a Linear tells": Example(
        sequential(
            nn.AvgPool1d(2),
            nn.Conv1d(2, 4, 3, padding=1, padding_mode="circular"),
            nn.Softplus(),
            nn.AvgPool1d(2),
            nn.Conv1d(4, 3, 2, padding="same", padding_mode="circular"),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(9, 2),
        ),
        None,
        (2, 12),
    ),
    "two axes": Example(
        sequential(
            nn.Conv2d(2, 4, 3, padding=1),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(4, 3, 3, padding="same", padding_mode="circular", bias=False),
            nn.LeakyReLU(0.2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, 2),
        ),
        (2, 6, 6),
        (2, 6, 6),
    ),
    "a convolution as readout": Example(
        sequential(nn.Conv1d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv1d(4, 3, 1), nn.AdaptiveAvgPool1d(1)),
        (2, 5),
        (2, 5),
    ),
    "flattened images": Example(sequential(nn.Flatten(), nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 1)), (2, 4), (2, 4)),
}


def trained_by_torch(example: Example, module: nn.Module, x: Tensor, y: Tensor, step: float, steps: int) -> None:
    """torch.optim.SGD on 1/2 |f - y|^2, mean over data."""
    optimiser = torch.optim.SGD([each for each in module.parameters() if each.requires_grad], lr=step)
    for _ in range(steps):
        optimiser.zero_grad()
        (0.5 * (example.values(module, x) - y).square().sum(dim=1)).mean().backward()
        optimiser.step()
