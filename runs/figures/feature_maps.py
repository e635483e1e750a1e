"""Feature maps of a network of two inputs at chosen times: f on a grid, and where in the plane its particles act."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from particles import Dataset, Identity, Network, ParticleCloud, Perceptron
from particles.shapes import Inputs
from particles.trajectory import TrajectoryReader
from runs.figures.figures import Array
from runs.recorded.network_from_file import inputs_of, network_of

#: Number of grid points along a side, and the step with which points are taken for hinges and shares.
SIDE, APART = 121, 2
#: Half the side of the square if the file holds no data, and the margin around data as a part of half their extent.
REACH, MARGIN = 2.0, 0.12
#: Largest number of particles drawn; those with the largest shares are taken.
MOST = 300
#: Number of particles whose features are in memory at once.
BLOCK = 256


@dataclass(frozen=True, eq=False)
class FeaturePanel:
    """A network at the time of one frame; rows of grids belong to x2, columns to x1, and particles are those shown.

    `values` [SIDE, SIDE] are f(x), the first output. `shares` [particles] are the root mean square over the square of
    s_j g_j(x), the part of f that a particle adds. `signs` [particles] are those of a_j, 1 or -1. `hinges` [particles,
    rows, columns] are w_j . phi(x) on every second point of the grid, which are zero where the particle bends. `arrows`
    [particles, 2] are shares_j w_j / |w_j| if phi(x) = x / sqrt(d) has no bias, since all hinges then meet in the
    origin; otherwise None. No particles are shown where they are no perceptrons but whole networks.
    """

    time: float
    values: Array
    shares: Array
    signs: Array
    hinges: Array
    arrows: Array | None


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Panels over one square with the axes `x1` and `x2` [SIDE], the data if the file holds them, and two counts.

    `count` is the number of particles and `outputs` that of outputs.
    """

    x1: Array
    x2: Array
    data: Dataset | None
    count: int
    outputs: int
    panels: tuple[FeaturePanel, ...]


def feature_map(path: Path, trajectory: TrajectoryReader, times: Sequence[float]) -> FeatureMap | None:
    """The feature map of a file at the frames nearest to the times; None if there is no frame or d is not two.

    The square is the smallest one around the inputs, with a margin, or [-2, 2]^2 if the file has no data. Raises
    Refusal where the network cannot be rebuilt, ValueError for a time outside the recorded ones.
    """
    parameters = trajectory.parameters
    if inputs_of(parameters) != 2 or not len(trajectory):
        return None
    network = network_of(path, parameters)
    recorded = trajectory.times
    data = trajectory.data
    x1, x2 = _square(data)
    panels = []
    for time in times:
        cloud = trajectory.at(time).to(dtype=torch.float64)
        panels.append(_panel(network, cloud, float(recorded[np.argmin(np.abs(recorded - time))]), x1, x2))
    return FeatureMap(x1, x2, data, trajectory[0].count, network.neuron.outputs, tuple(panels))


def _square(data: Dataset | None) -> tuple[Array, Array]:
    """The axes x1 and x2 [SIDE] of the square."""
    if data is None:
        axis = np.linspace(-REACH, REACH, SIDE)
        return axis, axis
    inputs = data.inputs.double().numpy()
    middle = (inputs.max(axis=0) + inputs.min(axis=0)) / 2.0
    half = float(np.ptp(inputs, axis=0).max()) / 2.0
    reach = (1.0 + MARGIN) * half or REACH
    x1, x2 = (np.linspace(centre - reach, centre + reach, SIDE) for centre in middle)
    return x1, x2


def _grid(x1: Array, x2: Array) -> Inputs:
    """The points of a grid [rows * columns, 2], row by row."""
    return torch.from_numpy(np.stack(np.meshgrid(x1, x2), axis=-1).reshape(-1, 2))


def _panel(network: Network, cloud: ParticleCloud, time: float, x1: Array, x2: Array) -> FeaturePanel:
    coarse1, coarse2 = x1[::APART], x2[::APART]
    shape = (len(coarse2), len(coarse1))
    values = network(cloud, _grid(x1, x2))[:, 0].reshape(len(x2), len(x1)).numpy()
    if not isinstance(network.neuron, Perceptron):
        return FeaturePanel(time, values, np.zeros(0), np.zeros(0), np.zeros((0, *shape)), None)
    phi = network.embed(cloud, _grid(coarse1, coarse2))
    shares = _shares(network, cloud, phi)
    shown = np.argsort(-shares, kind="stable")[:MOST]
    hidden = network.neuron.hidden
    weights = cloud.positions[shown, :hidden]
    outputs = cloud.positions[shown, hidden]
    hinges = (weights @ phi.T).numpy().reshape(-1, *shape)
    arrows = None
    if isinstance(getattr(network.neuron, "embedding", None), Identity):
        lengths = torch.linalg.vector_norm(weights, dim=1, keepdim=True).clamp_min(1e-300)
        arrows = shares[shown, None] * (weights / lengths).numpy()
    return FeaturePanel(time, values, shares[shown], np.where(outputs.numpy() >= 0.0, 1.0, -1.0), hinges, arrows)


def _shares(network: Network, cloud: ParticleCloud, phi: Inputs) -> Array:
    """The root mean square over the points of s_j g_j(x), first output: [particles]."""
    factors = network.scaling.factor(cloud.masses)
    found = []
    for first, last in pairwise([*range(0, cloud.count, BLOCK), cloud.count]):
        features = network.neuron.tangent(cloud.positions[first:last], phi).features()[:, :, 0]
        found.append(factors[first:last] * features.square().mean(dim=1).sqrt())
    shares: Array = torch.cat(found).numpy()
    return shares
