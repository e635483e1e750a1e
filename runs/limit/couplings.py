"""Which coupling of clouds fits a network and its masses, where the user names none."""

from collections.abc import Callable
from typing import TypeAlias

import torch

from limits import Coupling, Halves, Nested, Rotated
from particles import NTK, Neuron, Risk, Standard
from particles.shapes import Masses

#: Masses of a cloud of some width.
MassesOf: TypeAlias = Callable[[int], Masses]
#: The share of heavy particles of `Nested` where the index of the masses is not known.
SHARED = 0.5
#: Particles whose masses are looked at: so many random ones do not fall by chance.
LOOKED_AT = 64


def fitting(risk: Risk | None, falling: bool, symmetric: bool, shared: float = SHARED) -> Coupling:
    """`Nested` for masses that fall from particle to particle, `Rotated` where the start is random, `Halves` else.

    `symmetric` says that clouds start as pairs with opposite outputs, so at zero.
    """
    neuron = None if risk is None or symmetric else _random_at_first(risk)
    if falling:
        return Nested(shared, neuron)
    return Halves() if neuron is None else Rotated(neuron)


def _random_at_first(risk: Risk) -> Neuron | None:
    """The neuron of a network whose outputs stay random at the start, by output weights; None for others."""
    neuron = risk.network.neuron
    return neuron if isinstance(risk.scaling, NTK | Standard) and neuron.hidden < neuron.dim else None


def are_falling(masses_of: MassesOf) -> bool:
    """Whether masses fall from particle to particle, so that the first ones stay heavy in wide clouds."""
    masses = masses_of(LOOKED_AT)
    return bool((masses.diff() <= 0.0).all()) and not torch.allclose(masses, masses[:1])
