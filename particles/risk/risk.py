"""The risk of a cloud, its residual, its potential and the velocity it gives every particle."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import torch

from particles.arguments.reals import non_negative
from particles.cloud import ParticleCloud
from particles.compute import cuda_graphs
from particles.compute.tiles import CloudTangents
from particles.errors import ShapeError
from particles.neurons.groups import one_or_per_group
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron
from particles.risk.dataset import Dataset, Prepared
from particles.risk.losses import Loss
from particles.risk.network import Network, NetworkAt
from particles.risk.scaling import Scaling
from particles.shapes import (
    AnyFloat,
    Grams,
    Images,
    Outputs,
    PerParticle,
    PerParticleAndGroup,
    Positions,
    Scalar,
    StackedOutputs,
    Velocity,
)


@dataclass(frozen=True)
class L2:
    """Mass-weighted regulariser sum_j lambda_j (strength / 2) |theta_j|^2 over the trained coordinates.

    With a strength for each of some groups of coordinates, L2({"output": 0.1}), the others are left alone.
    """

    strength: float | Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", one_or_per_group(self.strength, "The strength of L2", non_negative))


@dataclass(frozen=True, eq=False)
class Risk:
    """R(cloud) = sum_i p_i loss(f(x_i), y_i) + sum_j lambda_j (strength / 2) |theta_j|^2.

    f(x) = sum_j s_j g(theta_j, x) with output factors s_j of the scaling. The residual is d loss / d f, that is f - y
    for the squared loss 1/2 (f - y)^2. Data follow the dtype and device of the cloud. Papers that leave out the factor
    1/n describe the same flow with time divided by n.

    `fused` says whether predictions and velocities are computed by kernels, which are Numba's on CPUs and Triton's on
    CUDA. With None large clouds use them: from 2^18 entries of the [particles, data] matrix on CPUs, and on CUDA where
    that matrix is too large to be kept. With True clouds of every size use them, and ValueError or RuntimeError is
    raised where that is impossible. With False only plain torch is used.

    Raises ShapeError where the targets have another number of outputs than the neuron or the inputs do not fit the
    embedding, ValueError for targets that the loss refuses.
    """

    neuron: Neuron | UserNeuron
    scaling: Scaling
    loss: Loss
    data: Dataset
    regulariser: L2 | None = None
    fused: bool | None = field(default=None, metadata={"described": False})

    def __post_init__(self) -> None:
        network = self.network
        neuron = network.neuron
        if self.data.outputs != neuron.outputs:
            raise ShapeError(
                f"Targets have {self.data.outputs} outputs but the neuron has {neuron.outputs}; make them agree."
            )
        neuron.embed(self.data.inputs[:1])
        self.loss.check(self.data.targets)
        network.check_groups(getattr(self.scaling, "rates", None) or {}, "The rates of the scaling")
        network.check_groups({} if self.regulariser is None else self.regulariser.strength, "The strengths of L2")

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """R(cloud)."""
        at = self.at(cloud)
        strength, squares = self.network.squares(cloud.positions, self.strength)
        penalty = 0.5 * strength * cloud.summed(lambda part: cloud.masses[part] @ squares[part])
        return at.data.weights @ self.loss.value(at.predictions, at.data.targets) + penalty

    def predictions(self, cloud: ParticleCloud, inputs: Images | None = None) -> StackedOutputs:
        """f(x_i) [data, outputs] on the risk's own inputs, or on other inputs [data, inputs] or images."""
        return self.at(cloud).predictions if inputs is None else self.network(cloud, inputs)

    def residual(self, cloud: ParticleCloud) -> Outputs:
        """d loss / d f at every datum [data, outputs]; f - y for the squared loss."""
        return self.at(cloud).residual

    def potential(self, cloud: ParticleCloud, positions: Positions | None = None) -> PerParticle:
        """V(theta) = sum_i p_i r_i . g(theta, x_i) + (strength / 2) |theta|^2 at the cloud's or other positions.

        Under `MeanField` this is the first variation of the risk in the measure, and the velocity is -grad V. Returns
        one number for each of the positions [places, dim]; raises ShapeError where there are none.
        """
        places = cloud.positions if positions is None else positions.to(cloud.positions)
        if not len(places):
            raise ShapeError("The potential was asked for at no positions; give one or more, as [places, dim].")
        at = self.at(cloud)
        tiles = at.tiles if positions is None else at.tiles.elsewhere(places)
        strength, squares = self.network.squares(places, self.strength)
        return tiles.pair(at.cotangents) + 0.5 * strength * squares

    def velocity(self, cloud: ParticleCloud) -> Velocity:
        """-eta_j rate(q) grad_{theta_j} R [particles, dim]; zero in coordinates that are not trained.

        grad_{theta_j} R = s_j sum_i p_i r_i . grad g(theta_j, x_i) + lambda_j strength theta_j. Repeated
        velocities of a small cloud on CUDA come from a recorded graph (`cuda_graphs.py`) and have the same bits.
        """
        if cloud.is_plain and cuda_graphs.RECORDER.takes(cloud.positions):
            targets = self.data.targets.numel()
            replayed = self._replays.velocity(cloud.positions, cloud.masses, targets, lambda: self._apart(cloud))
            if replayed is not None:
                return replayed
        return self.at(cloud).velocity

    def on(self, data: Dataset) -> Self:
        """The same risk on other data, a test set for instance."""
        return replace(self, data=data)

    def at(self, cloud: ParticleCloud) -> "RiskAt":
        """This risk at one cloud; predictions, velocity and Gram matrix share what they compute."""
        return RiskAt(self, cloud, self.prepared(cloud), self.seen(cloud))

    @cached_property
    def network(self) -> Network:
        """The predictor of which this is the risk."""
        return Network(as_neuron(self.neuron), self.scaling, self.fused)

    @cached_property
    def linearised(self) -> Self:
        """The risk without fused kernels, unless they were asked for.

        Methods that need a Gram matrix at every cloud use it: they need the cloud's tangents anyway, and these give the
        predictions and the velocity too.
        """
        return replace(self, fused=False) if self.fused is None else self

    @cached_property
    def strength(self) -> float | Mapping[str, float]:
        """Strength of the regulariser, zero without one; of each group where those of trained groups are different."""
        return 0.0 if self.regulariser is None else self.network.common(self.regulariser.strength)

    def prepared(self, cloud: ParticleCloud) -> Prepared:
        """The data in the cloud's dtype and on its device, embedded once."""
        key = (cloud.dtype, cloud.device)
        if key not in self._prepared:
            self._prepared[key] = self._prepare(cloud)
        return self._prepared[key]

    def seen(self, cloud: ParticleCloud) -> NetworkAt:
        """The network at the cloud and at the data: tangents, predictions, output factors and mobilities.

        The last one is kept, so that the observables of a step and the step that follows share it. It is not kept where
        autograd follows the cloud. Clouds that several processes share are kept apart from others, so that one of the
        processes may look at a cloud of its own and stays in step.
        """
        last = self._last.get(cloud.shared_by)
        if last is not None and last.cloud is cloud:
            return last
        self._last.pop(cloud.shared_by, None)
        found = self.network.at(cloud, self.prepared(cloud).phi, None if last is None else last.scaled)
        if cloud.detached() is cloud:
            self._last[cloud.shared_by] = found
        return found

    def _prepare(self, cloud: ParticleCloud) -> Prepared:
        data = self.data.to(device=cloud.device, dtype=cloud.dtype)
        phi = self.network.neuron.embed(self.data.inputs).detach().to(data.inputs)
        return Prepared(phi, data.targets, data.weights)

    def _apart(self, cloud: ParticleCloud) -> cuda_graphs.Function:
        """The velocity as a function of the positions, which does not hold this risk."""
        copy = replace(self)
        data = self.prepared(cloud)
        scaled = self.seen(cloud).scaled

        def velocity(positions: Positions) -> Velocity:
            moved = cloud.moved(positions)
            return RiskAt(copy, moved, data, copy.network.at(moved, data.phi, scaled)).velocity

        return velocity

    @cached_property
    def _prepared(self) -> dict[tuple[torch.dtype, torch.device], Prepared]:
        return {}

    @cached_property
    def _last(self) -> dict[Hashable | None, NetworkAt]:
        return {}

    @cached_property
    def _replays(self) -> cuda_graphs.Replays:
        return cuda_graphs.Replays()


@dataclass(frozen=True, eq=False)
class RiskAt:
    """A risk at one cloud: the data in its dtype and on its device, the network there, and what follows from both.

    Each result is computed when it is first asked for, and kept.
    """

    risk: Risk
    cloud: ParticleCloud
    data: Prepared
    seen: NetworkAt

    @property
    def tiles(self) -> CloudTangents:
        """The cloud's tangents at the data."""
        return self.seen.tiles

    @property
    def factors(self) -> PerParticle:
        """Output factors s_j [particles]."""
        return self.seen.scaled.factors

    @property
    def mobility(self) -> PerParticle:
        """Mobilities eta_j of the particles [particles], without the rates of groups."""
        return self.seen.scaled.mobility

    @property
    def mobilities(self) -> AnyFloat:
        """Mobilities eta_j rate(q) of the coordinates [particles, dim]; [particles, 1] where all rates are one."""
        return self.seen.scaled.mobilities

    @property
    def trained_rates(self) -> AnyFloat | None:
        """The rates of the trained coordinates [trained]; None where all are one."""
        rates = self.seen.scaled.rates
        return None if rates is None else rates[self.risk.network.neuron.trained_columns]

    @property
    def predictions(self) -> StackedOutputs:
        """f(x_i) [data, outputs]."""
        return self.seen.predictions

    @cached_property
    def residual(self) -> StackedOutputs:
        """d loss / d f [data, outputs]."""
        return self.risk.loss.residual(self.predictions, self.data.targets)

    @cached_property
    def cotangents(self) -> StackedOutputs:
        """q = p_i r_i [data, outputs], of which the velocity is -M J^T q and the relaxation."""
        return self.data.weights[:, None] * self.residual

    @property
    def relaxation(self) -> Velocity | None:
        """-eta_j rate(q) lambda_j strength(q) theta_j [particles, dim], that of the regulariser; None without one."""
        if self.risk.strength == 0.0:
            return None
        columns = self.risk.network.neuron.trained_columns
        result = torch.zeros_like(self.cloud.positions)
        result[:, columns] = -self.decays * self.cloud.positions[:, columns]
        return result

    @cached_property
    def decays(self) -> AnyFloat:
        """eta_j rate(q) lambda_j strength(q): how fast the regulariser pulls trained coordinates q to zero.

        [particles, trained], or [particles, 1] where all coordinates of a particle have the same.
        """
        return self.seen.scaled.decay(self.risk.strength)

    @property
    def decay(self) -> AnyFloat:
        """The same [particles] where all coordinates of a particle have the same."""
        return self.decays[:, 0] if self.decays.shape[1] == 1 else self.decays

    @cached_property
    def velocity(self) -> Velocity:
        """-eta_j grad_{theta_j} R [particles, dim]."""
        result = self.pull(-self.cotangents)
        relaxation = self.relaxation
        return result if relaxation is None else result.add_(relaxation)

    def push(self, velocities: Velocity) -> StackedOutputs:
        """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]."""
        return self.seen.push(velocities)

    def pull(self, cotangents: StackedOutputs) -> Velocity:
        """M J^T c = eta_j rate(q) s_j sum_i c_i . grad g_j(x_i) [particles, dim], with the mobilities M."""
        return self.seen.pull(cotangents)

    def gram(self, weights: PerParticle | PerParticleAndGroup | None = None, dtype: torch.dtype | None = None) -> Grams:
        """J W J^T [n k, n k] with W the mobilities; other weights, and `dtype`, as in `NetworkAt.gram`."""
        return self.seen.gram(weights, dtype=dtype)
