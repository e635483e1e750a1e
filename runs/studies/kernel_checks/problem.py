"""Inputs, neurons and masses that the experiments share."""

import torch
from torch import Tensor

from particles import GELU, Activation, Erf, LeakyReLU, ReLU, Tanh
from particles.numerics.randomness import generator

ACTIVATIONS: tuple[Activation, ...] = (ReLU(), LeakyReLU(0.1), Erf(), GELU(), Tanh())
#: Which weights are trained.
LAYERS = ("hidden", "output", "both")
#: Inputs of a datum, and data.
INPUTS, DATA = 5, 8
#: Particles of sampled clouds.
COUNT = 100


def label(activation: Activation) -> str:
    """The name of an activation's class."""
    return type(activation).__name__


def normals(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers of a seed."""
    return torch.from_numpy(generator(seed, "data").standard_normal(shape))
