"""Feature maps: f on the grid, shares and hinges, each against a particle by particle computation at its own frame."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from flows import GradientFlow
from particles import (
    Biased,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Embedding,
    Identity,
    Power,
    Quadratic,
    RandomFeatures,
    Risk,
    Squared,
    Tanh,
    Trajectory,
)
from runs.figures.feature_figure import draw_features
from runs.figures.feature_maps import APART, MOST, REACH, SIDE, FeatureMap, feature_map
from tests.draws import normals
from tests.runs.figures.planes import MASSES, TIMES, frame, plane_run

EMBEDDINGS = [Biased(Identity(2)), Identity(2), Quadratic(2), RandomFeatures(Identity(2), Tanh(), 5, seed=4)]
#: Sums of a few products of numbers of order one, in another order.
ROUNDING = 1e-12


def map_of(path: Path, *times: float) -> FeatureMap:
    """The feature map of a file."""
    with Trajectory.open(path) as trajectory:
        drawn = feature_map(path, trajectory, times)
    assert drawn is not None
    return drawn


def phi_at(embedding: Embedding, x1: float, x2: float) -> list[float]:
    """phi of one point, where it can be written down; otherwise by the embedding."""
    x = (x1 / math.sqrt(2.0), x2 / math.sqrt(2.0))
    if isinstance(embedding, Identity):
        return [*x]
    if isinstance(embedding, Biased):
        return [*x, 1.0]
    if isinstance(embedding, Quadratic):
        return [one * two for one in x for two in x]
    return embedding(torch.tensor([x1, x2], dtype=torch.float64)).tolist()


def features_at(theta: list[float], phi: list[float]) -> tuple[float, float]:
    """w . phi and a max(w . phi, 0) of one particle."""
    z = math.fsum(w * p for w, p in zip(theta, phi, strict=False))
    return z, theta[len(phi)] * max(z, 0.0)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_values_are_those_of_the_network_at_each_frame(tmp_path: Path, embedding: Embedding) -> None:
    """Assert that rows go with x2, columns with x1, masses count by the scaling, and each time has its own cloud."""
    path, network, _ = plane_run(tmp_path / "a.h5", embedding)
    drawn = map_of(path, 0.2, 4.9)
    assert [panel.time for panel in drawn.panels] == [TIMES[0], TIMES[2]]
    for number, panel in zip((0, 2), drawn.panels, strict=True):
        cloud = frame(number, network.neuron.dim)
        assert panel.values.shape == (SIDE, SIDE)
        for row, column in ((0, 0), (7, 90), (60, 13), (120, 120)):
            point = torch.tensor([[drawn.x1[column], drawn.x2[row]]], dtype=torch.float64)
            assert panel.values[row, column] == pytest.approx(float(network(cloud, point)), abs=ROUNDING)
            phi = phi_at(embedding, drawn.x1[column], drawn.x2[row])
            written = sum(
                mass**0.8 * features_at(theta, phi)[1]
                for mass, theta in zip(MASSES.tolist(), cloud.positions.tolist(), strict=True)
            )
            assert panel.values[row, column] == pytest.approx(written, abs=ROUNDING)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_particles_are_sorted_by_their_share_in_f(tmp_path: Path, embedding: Embedding) -> None:
    """Assert that shares, signs, hinges and arrows are those of the particles one by one, the largest share first."""
    path, network, _ = plane_run(tmp_path / "a.h5", embedding)
    drawn = map_of(path, TIMES[1])
    (panel,) = drawn.panels
    grid = [(x1, x2) for x2 in drawn.x2[::APART] for x1 in drawn.x1[::APART]]
    expected = []
    for mass, theta in zip(MASSES.tolist(), frame(1, network.neuron.dim).positions.tolist(), strict=True):
        both = [features_at(theta, phi_at(embedding, *point)) for point in grid]
        share = mass**0.8 * math.sqrt(math.fsum(feature**2 for _, feature in both) / len(grid))
        expected.append((share, math.copysign(1.0, theta[-1]), [z for z, _ in both], theta))
    expected.sort(key=lambda particle: -particle[0])
    np.testing.assert_allclose(panel.shares, [particle[0] for particle in expected], rtol=ROUNDING)
    assert panel.signs.tolist() == [particle[1] for particle in expected]
    np.testing.assert_allclose(panel.hinges.reshape(4, -1), [particle[2] for particle in expected], atol=ROUNDING)
    assert (panel.arrows is not None) == isinstance(embedding, Identity)
    if panel.arrows is not None:
        for (share, _, _, theta), arrow in zip(expected, panel.arrows, strict=True):
            length = math.hypot(*theta[:2])
            np.testing.assert_allclose(arrow, [share * w / length for w in theta[:2]], rtol=ROUNDING)


def test_the_square_holds_the_data(tmp_path: Path) -> None:
    """Assert that all inputs lie inside, sides are equal, and a file without data has [-2, 2]^2."""
    path, _, data = plane_run(tmp_path / "a.h5")
    drawn = map_of(path, 0.0)
    assert drawn.data is not None and torch.equal(drawn.data.inputs, data.inputs)
    for axis, column in ((drawn.x1, 0), (drawn.x2, 1)):
        assert axis[0] < float(data.inputs[:, column].min()) and float(data.inputs[:, column].max()) < axis[-1]
    assert np.ptp(drawn.x1) == pytest.approx(np.ptp(drawn.x2), rel=1e-12)
    many = map_of(plane_run(tmp_path / "b.h5", count=4000)[0], 0.0)
    assert many.data is None and (many.x1[0], many.x2[-1]) == (-REACH, REACH)


def test_first_output_is_shown_and_other_inputs_are_not(tmp_path: Path) -> None:
    """Assert that two outputs give the first one's f and signs, and three inputs or no flow give nothing."""
    path, network, _ = plane_run(tmp_path / "a.h5", outputs=2)
    drawn = map_of(path, 0.0)
    cloud, point = frame(0, 5), torch.tensor([[drawn.x1[3], drawn.x2[5]]], dtype=torch.float64)
    assert drawn.outputs == 2
    assert drawn.panels[0].values[5, 3] == pytest.approx(float(network(cloud, point)[0, 0]), abs=ROUNDING)
    assert sorted(drawn.panels[0].signs) == sorted(cloud.positions[:, 3].sign().tolist())
    other = plane_run(tmp_path / "b.h5", Identity(3))[0]
    with Trajectory.open(other) as trajectory:
        assert feature_map(other, trajectory, (0.0,)) is None


def test_a_time_outside_is_refused(tmp_path: Path) -> None:
    """Assert that no frame is shown as another time's."""
    path = plane_run(tmp_path / "a.h5")[0]
    with pytest.raises(ValueError, match="covers times 0 to 5"):
        map_of(path, 7.0)
    assert MOST >= len(MASSES)


def test_deep_networks_have_f_and_no_particles(tmp_path: Path) -> None:
    """Assert that f is that of the mixture of networks, and that nothing is said of single ones."""
    neuron = Deep(2, [Dense(5), Dense(1)], Tanh())
    data = Dataset(normals(6, 2, seed=1), normals(6, seed=2))
    cloud = DeepLaw(neuron).sample(masses=MASSES, seed=0)
    path, risk = tmp_path / "a.h5", Risk(neuron, Power(0.8), Squared(), data)
    with Trajectory.create(path, flow=GradientFlow(risk), seed=0) as writer:
        writer(0, 0.0, cloud)
    drawn = map_of(path, 0.0)
    point = torch.tensor([[drawn.x1[90], drawn.x2[7]]], dtype=torch.float64)
    assert drawn.panels[0].values[7, 90] == pytest.approx(float(risk.network(cloud, point)), abs=ROUNDING)
    assert drawn.panels[0].shares.size == 0 and drawn.panels[0].hinges.shape[0] == 0
    draw_features(drawn, tmp_path / "a.png", title="t")
    assert (tmp_path / "a.png").stat().st_size > 10_000
