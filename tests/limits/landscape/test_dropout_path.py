"""The seven segments: constant where they should be, and never above the networks of half of the particles."""

from dataclasses import replace

import pytest
import torch

from limits import DropoutPath, barrier, dropout_risk
from particles import L2, NTK, Activation, Dataset, Lazy, MassError, MeanField, Perceptron, ReLU, Scaling, Tanh
from tests.draws import unequal
from tests.limits.landscape.clouds import DATA, INPUTS, cloud, risk
from tests.tolerances import assert_identical


class Bare:
    """A user's neuron, which has no output weights."""

    dim = 5

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """theta . x."""
        return theta[:3] @ x


@pytest.mark.parametrize("count", [8, 9])
@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(2.0)], ids=["mean-field", "ntk", "lazy"])
@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=["tanh", "relu"])
@pytest.mark.parametrize("equal", [True, False], ids=["equal", "unequal"])
def test_path_goes_through_both_networks_of_half(
    count: int, scaling: Scaling, activation: Activation, equal: bool
) -> None:
    """Assert that risks at the corners are R, R_A, R_A, R'_A four times, R', and that nothing between is higher."""
    of, weights = risk(scaling, activation), None if equal else unequal(count)
    start, end = cloud(count, 0, weights), cloud(count, 1, weights)
    path = DropoutPath(start, end, of)
    half = [dropout_risk(at, of, count // 2) for at in (start, end)]
    expected = torch.stack([of(start), half[0], half[0], half[1], half[1], half[1], half[1], of(end)])
    assert_identical(torch.stack([of(path(place)) for place in path.corners]), expected)
    found = barrier(path, of, points=5)
    assert found.height == pytest.approx(max(0.0, float(expected.max()) - max(found.ends)), abs=1e-12)


def test_free_particles_move_without_a_trace() -> None:
    """Assert that predictions stand still along segments 2, 4, 5 and 6, and move along the others."""
    of, path = risk(), DropoutPath(cloud(8, 0), cloud(8, 1), risk())
    for segment in range(7):
        here, there = (of.predictions(path((segment + share) / 7.0)) for share in (0.25, 0.75))
        if segment in (1, 3, 4, 5):
            assert_identical(here, there)
        else:
            assert float((here - there).abs().max()) > 1e-3


def test_chosen_particles_are_kept() -> None:
    """Assert that any particles may be those of the networks of half, with masses of their own."""
    of, kept, weights = risk(), [7, 2, 4], unequal(8)
    start, end = cloud(8, 0, weights), cloud(8, 1, weights)
    path = DropoutPath(start, end, of.network, kept)
    assert_identical(of(path(path.corners[1])), dropout_risk(start, of, kept))
    assert_identical(of(path(path.corners[4])), dropout_risk(end, of, kept))


def test_penalties_have_no_such_bound() -> None:
    """Assert that with a regulariser the risk moves along the segments of free particles, as the docstring warns."""
    of = replace(risk(), regulariser=L2(1.0))
    path = DropoutPath(cloud(8, 0), cloud(8, 1), of)
    assert abs(float(of(path(1.5 / 7.0)) - of(path(1.0 / 7.0)))) > 1e-3


def test_clouds_without_such_a_path_are_refused() -> None:
    """Assert that other masses, single particles, large halves and neurons without output weights are told apart."""
    start, end = cloud(8, 0), cloud(8, 1)
    with pytest.raises(MassError, match="same masses, all positive; take TransportPath"):
        DropoutPath(start, cloud(8, 1, unequal(8)), risk())
    massless = torch.tensor([0.0] + [1.0 / 7.0] * 7, dtype=torch.float64)
    with pytest.raises(MassError, match="same masses, all positive"):
        DropoutPath(cloud(8, 0, massless), cloud(8, 1, massless), risk())
    with pytest.raises(ValueError, match="5 of 8 particles are kept, but the others must have room"):
        DropoutPath(start, end, risk(), 5)
    with pytest.raises(ValueError, match="half of one particle cannot be kept; take LayerDropoutPath"):
        DropoutPath(cloud(1, 0), cloud(1, 1), risk())
    with pytest.raises(ValueError, match="Neurons have 4 coordinates, but the clouds 5"):
        DropoutPath(start, end, replace(risk().network, neuron=Perceptron(Tanh(), risk().neuron.embedding)))

    bare = replace(risk(), neuron=Bare(), data=Dataset(INPUTS, DATA.targets[:, :1]))
    with pytest.raises(ValueError, match="this neuron has none"):
        DropoutPath(start, end, bare)
