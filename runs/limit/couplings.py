"""Which coupling of clouds fits a network and its masses, where the user names none."""

import torch

from limits import Coupling, Halves, Nested, Rotated
from particles import NTK, Risk, Standard
from particles.shapes import Masses

#: The share of heavy particles of `Nested` where the index of the masses is not known.
SHARED = 0.5


def fitting(risk: Risk | None, masses: Masses, symmetric: bool, shared: float = SHARED) -> Coupling:
    """`Nested` for masses that fall from particle to particle, `Rotated` where the start is random, `Halves` else.

    `masses` are those of one cloud; `symmetric` says that clouds start as pairs with opposite outputs, so at zero.
    """
    if bool((masses.diff() <= 0.0).all()) and not torch.allclose(masses, masses[:1]):
        return Nested(shared)
    neuron = None if risk is None else risk.network.neuron
    if neuron is None or symmetric or not isinstance(risk.scaling, NTK | Standard):  # type: ignore[union-attr]
        return Halves()
    return Halves() if neuron.hidden == neuron.dim else Rotated(neuron)
