"""Coordinates of a cloud replaced by draws of a law: features of another training put under the weights of this one."""

from collections.abc import Sequence

import torch

from particles.arguments.display import line
from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.initial.laws import Law
from particles.neurons.groups import chosen_groups, columns_of, groups_of
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron


def resample(
    cloud: ParticleCloud,
    law: Law,
    *,
    neuron: Neuron | UserNeuron | None = None,
    groups: str | Sequence[str] = "all",
    seed: int,
) -> ParticleCloud:
    """The cloud with coordinates of some groups replaced by those of independent draws of a law; masses stay.

    `groups` are names of the neuron's groups of coordinates, "hidden" for instance, which need the `neuron`; all
    coordinates are replaced where left out. The law is one of whole particles, or of the replaced coordinates alone, in
    their order: `KernelDensityLaw.of(clouds, ...)` of clouds cut to these. Positions follow the dtype and the device of
    the cloud. Raises ValueError for groups that the neuron does not have, ShapeError for a law of another number of
    coordinates or a neuron that does not fit the cloud, TypeError for a shared cloud, and what the law raises.
    """
    if cloud.shared_by is not None:
        raise TypeError("A shared cloud is held by several processes; resample the whole cloud, then share it.")
    columns = _columns(cloud, neuron, groups)
    positions = cloud.positions.detach().clone()
    replaced = positions[:, columns].shape[1]
    drawn = law.sample(masses=cloud.masses, seed=seed).positions.to(positions)
    if drawn.shape[1] not in (cloud.dim, replaced):
        either = f"{cloud.dim}, a particle's," + (f" or {replaced}, those replaced," if replaced < cloud.dim else "")
        raise ShapeError(f"The law gives {drawn.shape[1]} coordinates, but {either} are needed; fit it to such clouds.")
    positions[:, columns] = drawn[:, columns] if drawn.shape[1] == cloud.dim else drawn
    return ParticleCloud(positions, cloud.masses)


def _columns(
    cloud: ParticleCloud, neuron: Neuron | UserNeuron | None, groups: str | Sequence[str]
) -> slice | torch.Tensor:
    """The coordinates of these groups."""
    if neuron is None:
        if groups != "all":
            raise ValueError(
                f"groups is {line(groups)}, but without a neuron only 'all' is known; give neuron=risk.neuron."
            )
        return slice(0, cloud.dim)
    neuron = as_neuron(neuron)
    if neuron.dim != cloud.dim:
        raise ShapeError(f"Particles have {cloud.dim} coordinates, but the neuron needs {neuron.dim}; make them agree.")
    named = groups_of(neuron)
    return columns_of(chosen_groups(groups, named, "all"), named)
