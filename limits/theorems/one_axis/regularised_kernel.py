"""The tangent kernel with a regulariser: what training of the linear model does to the function where weights decay."""

from collections.abc import Sequence

import torch
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import PerFrame, frames_of, in_double
from limits.theorems.one_axis.first_variation import SOURCE
from particles import ParticleCloud, Risk, Squared
from particles.neurons.groups import columns_of

STATEMENT = Statement(
    "df/dt = sum_q d/dt J_q theta_q, d/dt J_q theta_q = -K_q P (f - y) - d_q J_q theta_q", f"{SOURCE}, (14), ours"
)
#: Gap of a run and the closed form, relative to the first residual; decay rates are one number to the second.
EQUAL, SAME = 1e-6, 1e-9


def regularised_ntk(risk: Risk, run: Recorded | Sequence[tuple[float, ParticleCloud]]) -> Result:
    """The linear model with L2 follows a closed form: the kernel of each group pulls to the targets, its decay to zero.

    In f = f_0 + J_0 (theta - theta_0), every group q of coordinates adds G_q = J_q theta_q, and

        f_t = f_0 + sum_q (G_q(t) - G_q(0)), dG_q/dt = -K_q P (f - y) - d_q G_q, d_q = eta_j lambda_j rate_q strength_q.

    The run is one of the linear model at its first cloud (`LinearisedFlow`). Measured is the largest
    |P^(1/2) (f - f_t)| / |P^(1/2) r_0|. For output weights alone df/dt = -K P (f - y) - d f where f_0 is theirs, which
    ends at kernel ridge regression; where hidden weights move too, f_0 - J_0 theta_0 takes the place of zero.
    """
    times, clouds = frames_of(run)
    frames = [in_double(cloud) for cloud in clouds]
    assumptions = _assumptions(risk, frames[0])
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    at, first = risk.at(frames[0]), frames[0].positions
    found = torch.stack([at.predictions + at.push(frame.positions - first) for frame in frames])
    gaps, scale = gaps_of(risk, frames[0], found, times - times[0])
    return from_above(STATEMENT, assumptions, EQUAL, gaps / scale)


def gaps_of(risk: Risk, cloud: ParticleCloud, found: Tensor, times: PerFrame) -> tuple[PerFrame, float]:
    """|P^(1/2) (f - f_t)| of outputs [times, data, outputs] that began at this cloud, and |P^(1/2) r_0|."""
    roots = risk.data.weights.double().sqrt()[:, None]
    away = roots * (found - regularised_predictions(risk, cloud, times))
    return away.flatten(1).norm(dim=1), float((roots * risk.residual(cloud)).norm())


def regularised_predictions(risk: Risk, cloud: ParticleCloud, times: PerFrame) -> Tensor:
    """f_t of the linear model at this cloud [times, data, outputs], by the exponential of a matrix [groups n k + 1].

    Costs that for every time: for small data. Raises ValueError where decay rates differ from particle to particle, for
    which functions of the data alone do not tell the future.
    """
    if not _one_rate(risk, cloud):
        raise ValueError(
            "The decay rates eta_j lambda_j differ between particles; take MeanField or Lazy, or equal masses."
        )
    network, at = risk.network, risk.at(cloud)
    rows, shape = at.residual.numel(), at.residual.shape
    weights = risk.data.weights.double().repeat_interleave(shape[1])
    decays = network.scaled(cloud.masses).decay_of_groups(risk.strength).amax(dim=0)
    names = network.trained_groups
    system = cloud.positions.new_zeros(len(names) * rows + 1, len(names) * rows + 1)
    start = torch.cat([*(_spoken(risk, cloud, name).flatten() for name in names), system.new_ones(1)])
    total = start[:-1].reshape(len(names), rows).sum(dim=0)
    pulled = weights * (at.predictions.flatten() - total - risk.data.targets.to(total).flatten())
    for place, name in enumerate(names):
        own, number = slice(place * rows, (place + 1) * rows), list(network.groups).index(name)
        alone = cloud.masses.new_zeros(cloud.count, len(network.groups))
        alone[:, number] = network.scaled(cloud.masses).mobility
        gram = at.gram(alone)
        system[own, :-1] = -(gram * weights).repeat(1, len(names))
        system[own, own] -= decays[number] * torch.eye(rows).to(gram)
        system[own, -1] = -gram @ pulled
    moved = torch.linalg.matrix_exp(times.to(system)[:, None, None] * system) @ start
    changed = (moved - start)[:, :-1].reshape(len(times), len(names), rows).sum(dim=1)
    outputs: Tensor = at.predictions + changed.reshape(-1, *shape)
    return outputs


def _spoken(risk: Risk, cloud: ParticleCloud, name: str) -> Tensor:
    """J_q theta_q of a group [data, outputs]."""
    columns = columns_of((name,), risk.network.groups)
    alone = torch.zeros_like(cloud.positions)
    alone[:, columns] = cloud.positions[:, columns]
    return risk.at(cloud).push(alone)


def _assumptions(risk: Risk, cloud: ParticleCloud) -> tuple[Assumption, ...]:
    return (
        Assumption("squared loss", isinstance(risk.loss, Squared)),
        Assumption("decay rates that are the same for all particles", _one_rate(risk, cloud)),
    )


def _one_rate(risk: Risk, cloud: ParticleCloud) -> bool:
    rates = risk.network.scaled(cloud.masses).decay_of_groups(risk.strength)[cloud.masses > 0.0]
    return float((rates - rates[:1]).abs().max()) <= SAME * max(float(rates.abs().max()), SAME)
