"""Gated activations: a tangent computes their gate once, for sigma and sigma' of the formulas."""

import pytest
import torch

from particles import GELU, Erf, Identity, Perceptron, SiLU
from particles.neurons.gated import Gated, gated
from tests.draws import normals
from tests.particles.risk.contracts.members import name_of
from tests.tolerances import assert_identical


class Halved(GELU):
    """A user's own, whose sigma and sigma' are not those of the gate."""

    def value(self, z: torch.Tensor) -> torch.Tensor:
        """Half of it."""
        return 0.5 * super().value(z)

    def derivative(self, z: torch.Tensor, value: torch.Tensor | None = None) -> torch.Tensor:
        """Half of it."""
        return 0.5 * super().derivative(z)


@pytest.mark.parametrize("members", [(), (3,)], ids=["one cloud", "members"])
@pytest.mark.parametrize("activation", [SiLU(), GELU(), Halved()], ids=name_of)
def test_tangents_ask_for_the_gate_once(
    activation: Gated, members: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that sigma and sigma' of a tangent are those of the activation, whichever comes first, from one gate.

    What a derived class computes is left to it.
    """
    neuron, phi, calls = Perceptron(activation, Identity(3)), normals(5, 3, seed=1), []
    positions = normals(7, 4, seed=2).expand(*members, 7, 4)
    z = positions[..., :3] @ phi.T
    value, slope, gate = activation.value(z), activation.derivative(z), type(activation).gate
    monkeypatch.setattr(type(activation), "gate", lambda self, z: (calls.append(1), gate(self, z))[1])
    for first in ("_value", "_derivative"):
        calls.clear()
        tangent = (neuron.member_tangent if members else neuron.tangent)(positions, phi)
        getattr(tangent, first)
        assert_identical(tangent._value, value)
        assert_identical(tangent._derivative, slope)
        assert len(calls) == (2 if isinstance(activation, Halved) else 1)


def test_only_what_the_gate_gives_is_taken_from_it() -> None:
    """Assert that derived classes with a sigma or sigma' of their own, and others, are not taken for gated ones."""
    assert gated(GELU()) == GELU() and gated(SiLU()) == SiLU()
    assert gated(Halved()) is None and gated(Erf()) is None
