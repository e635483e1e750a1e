"""The risk of a cloud, its residual, its potential and the velocity it gives every particle."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import torch

from particles.arguments.reals import non_negative
from particles.cloud import ParticleCloud
from particles.compute import cuda_graphs
from particles.compute.tiles import Tiles
from particles.distributed.ranks import Ranks
from particles.distributed.shared_cloud import SharedCloud
from particles.errors import ShapeError
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron
from particles.risk.dataset import Dataset, Prepared
from particles.risk.losses import Loss
from particles.risk.network import Network, Scaled
from particles.risk.scaling import Scaling
from particles.shapes import Gram, Inputs, Outputs, PerParticle, Positions, Scalar, Velocity


@dataclass(frozen=True)
class L2:
    """Mass-weighted regulariser sum_j lambda_j (strength / 2) |theta_j|^2 over the trained coordinates."""

    strength: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", non_negative(self.strength, "The strength of L2"))


@dataclass(frozen=True, eq=False)
class Risk:
    """R(cloud) = sum_i p_i loss(f(x_i), y_i) + sum_j lambda_j (strength / 2) |theta_j|^2.

    f(x) = sum_j s_j g(theta_j, x) with output factors s_j of the scaling. The residual is d loss / d f, that is f - y
    for the squared loss 1/2 (f - y)^2. Data follow the dtype and device of the cloud. Papers that leave out the factor
    1/n describe the same flow with time divided by n.

    `fused` says whether predictions and velocities go through kernels, Numba's on CPUs and Triton's on CUDA: None lets
    them for large clouds (2^18 entries of the [particles, data] matrix on CPUs, too many to be kept on CUDA), True asks
    for them whatever the size, with ValueError or RuntimeError where they cannot be had, False keeps to plain torch.
    """

    neuron: Neuron | UserNeuron
    scaling: Scaling
    loss: Loss
    data: Dataset
    regulariser: L2 | None = None
    fused: bool | None = field(default=None, metadata={"described": False})

    def __post_init__(self) -> None:
        outputs = self._neuron.outputs
        if self.data.outputs != outputs:
            raise ShapeError(f"Targets have {self.data.outputs} outputs but the neuron has {outputs}; make them agree.")
        self._neuron.embed(self.data.inputs[:1])
        self.loss.check(self.data.targets)

    @property
    def network(self) -> Network:
        """The predictor of which this is the risk."""
        return Network(self._neuron, self.scaling, self.fused)

    def on(self, data: Dataset) -> Self:
        """The same risk on other data, a test set for instance."""
        return replace(self, data=data)

    @cached_property
    def linearised(self) -> "Risk":
        """Without fused kernels, unless asked for: for who needs every cloud's tangents, which then serve for all."""
        return replace(self, fused=False) if self.fused is None else self

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """R(cloud)."""
        data = self.prepared(cloud)
        value = data.weights @ self.loss.value(self.predictions(cloud), data.targets)
        return value + self._penalty(cloud)

    def predictions(self, cloud: ParticleCloud, inputs: Inputs | None = None) -> Outputs:
        """f(x_i) [data, outputs] on the risk's own inputs, or on others [data, inputs]."""
        if inputs is not None:
            return self.network(cloud, inputs)
        return self.at(cloud).predictions

    def residual(self, cloud: ParticleCloud) -> Outputs:
        """d loss / d f at every datum [data, outputs]; f - y for the squared loss."""
        return self.at(cloud).residual

    def potential(self, cloud: ParticleCloud, positions: Positions | None = None) -> PerParticle:
        """V(theta) = sum_i p_i r_i . g(theta, x_i) + (strength / 2) |theta|^2 at the cloud's or other positions.

        Under `MeanField` this is the first variation of the risk in the measure, and the velocity is -grad V.
        Returns [particles].
        """
        places = cloud.positions if positions is None else positions.to(cloud.positions)
        if not len(places):
            raise ShapeError("The potential was asked for at no positions; give one or more, as [places, dim].")
        cotangents = self.prepared(cloud).weights[:, None] * self.residual(cloud)
        values = Tiles(self._neuron, places, self.prepared(cloud).phi).pair(cotangents)
        return values + 0.5 * self.strength * places[:, self._neuron.trained_columns].square().sum(dim=1)

    def velocity(self, cloud: ParticleCloud) -> Velocity:
        """-eta_j grad_{theta_j} R [particles, dim]; zero in coordinates that are not trained.

        grad_{theta_j} R = s_j sum_i p_i r_i . grad g(theta_j, x_i) + lambda_j strength theta_j. A small cloud on
        CUDA that moves on and on has it from a recorded graph (`graphs.py`), with the same bits.
        """
        takes = cuda_graphs.RECORDER.takes(cloud.positions)
        replayed = self._replays.velocity(cloud, self.data.targets.numel(), self._apart) if takes else None
        return self.at(cloud).velocity if replayed is None else replayed

    def at(self, cloud: ParticleCloud) -> "RiskAt":
        """This risk at one cloud, where predictions, velocity and tangent share what they compute."""
        return RiskAt(self, cloud)

    def seen(self, cloud: ParticleCloud) -> "Seen":
        """The cloud's tangents and predictions at the data. The last ones are kept for who asks next.

        So observables of a step and the step that follows share them. With a gradient nothing is kept. What ranks keep
        of the clouds they share is apart from others: one of them may look at a cloud of its own and stay in step.
        """
        owner = cloud.share.ranks if isinstance(cloud, SharedCloud) else None
        held = self._last_seen.get(owner)
        if held is not None and held.cloud is cloud:
            return held
        made = Seen(cloud, self.network.tiles(cloud, self.prepared(cloud).phi), self.scaled(cloud).factors)
        self._last_seen.pop(owner, None)
        if not cloud.positions.requires_grad:
            self._last_seen[owner] = made
        return made

    def prepared(self, cloud: ParticleCloud) -> Prepared:
        """The data in the cloud's dtype and on its device, embedded once."""
        key = (cloud.dtype, cloud.device)
        if key not in self._memo:
            data = self.data.to(device=cloud.device, dtype=cloud.dtype)
            phi = self._neuron.embed(self.data.inputs).detach().to(data.inputs)
            self._memo[key] = Prepared(phi, data.targets, data.weights)
        return self._memo[key]

    def scaled(self, cloud: ParticleCloud) -> Scaled:
        """Output factors and mobilities, computed once for all clouds that share one tensor of masses."""
        held = self._last.get("scaled")
        if held is None or held.masses is not cloud.masses:
            masses = cloud.masses
            held = self._last["scaled"] = Scaled(masses, self.scaling.factor(masses), self.scaling.mobility(masses))
        return held

    @cached_property
    def _last(self) -> dict[str, Scaled]:
        return {}

    @cached_property
    def _last_seen(self) -> dict[Ranks | None, "Seen"]:
        return {}

    @cached_property
    def _memo(self) -> dict[tuple[torch.dtype, torch.device], Prepared]:
        return {}

    @cached_property
    def _replays(self) -> cuda_graphs.Replays:
        return cuda_graphs.Replays()

    def _apart(self) -> cuda_graphs.Function:
        """The velocity of a copy that shares what is prepared, and forgets every cloud it has seen."""
        copy = replace(self)
        copy._memo.update(self._memo)
        copy._last.update(self._last)

        def velocity(cloud: ParticleCloud) -> Velocity:
            result = copy.at(cloud).velocity
            copy._last_seen.clear()
            return result

        return velocity

    @cached_property
    def _neuron(self) -> Neuron:
        return as_neuron(self.neuron)

    @property
    def strength(self) -> float:
        """Strength of the regulariser, zero without one."""
        return 0.0 if self.regulariser is None else self.regulariser.strength

    def _penalty(self, cloud: ParticleCloud) -> Scalar:
        squares = cloud.positions[:, self._neuron.trained_columns].square().sum(dim=1)
        return 0.5 * self.strength * cloud.summed(lambda part: cloud.masses[part] @ squares[part])


@dataclass(frozen=True, eq=False)
class Seen:
    """One cloud's tangents at the data, with the output factors s_j [particles], and the predictions they give."""

    cloud: ParticleCloud
    tiles: Tiles
    factors: PerParticle

    @cached_property
    def predictions(self) -> Outputs:
        """f(x_i) [data, outputs]."""
        return self.tiles.predict(self.factors)


@dataclass(frozen=True, eq=False)
class RiskAt:
    """A risk at one cloud. Everything is computed when first asked for, once."""

    risk: Risk
    cloud: ParticleCloud

    @cached_property
    def data(self) -> Prepared:
        """The data in the cloud's dtype and on its device."""
        return self.risk.prepared(self.cloud)

    @cached_property
    def seen(self) -> Seen:
        """The cloud's tangents and predictions at the data."""
        return self.risk.seen(self.cloud)

    @property
    def tiles(self) -> Tiles:
        """The cloud's tangents at the data."""
        return self.seen.tiles

    @property
    def factors(self) -> PerParticle:
        """Output factors s_j [particles]."""
        return self.seen.factors

    @property
    def mobility(self) -> PerParticle:
        """Mobilities eta_j [particles]."""
        return self.risk.scaled(self.cloud).mobility

    @property
    def predictions(self) -> Outputs:
        """f(x_i) [data, outputs]."""
        return self.seen.predictions

    @cached_property
    def residual(self) -> Outputs:
        """d loss / d f [data, outputs]."""
        return self.risk.loss.residual(self.predictions, self.data.targets)

    @cached_property
    def cotangents(self) -> Outputs:
        """q = p_i r_i [data, outputs], of which the velocity is -M J^T q and the relaxation."""
        return self.data.weights[:, None] * self.residual

    @property
    def relaxation(self) -> Velocity | None:
        """-eta_j lambda_j strength theta_j [particles, dim], what the regulariser gives; None without one."""
        if self.risk.strength == 0.0:
            return None
        columns = self.risk.network.neuron.trained_columns
        result = torch.zeros_like(self.cloud.positions)
        result[:, columns] = -self.decay[:, None] * self.cloud.positions[:, columns]
        return result

    @cached_property
    def decay(self) -> PerParticle:
        """eta_j lambda_j strength [particles]: the rate at which the regulariser pulls trained coordinates to zero."""
        return self.risk.strength * self.mobility * self.cloud.masses

    @cached_property
    def velocity(self) -> Velocity:
        """-eta_j grad_{theta_j} R [particles, dim]."""
        result = self.pull(-self.cotangents)
        relaxation = self.relaxation
        return result if relaxation is None else result.add_(relaxation)

    def push(self, velocities: Velocity) -> Outputs:
        """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]."""
        return self.tiles.push(self.factors, velocities)

    def pull(self, cotangents: Outputs) -> Velocity:
        """M J^T c = eta_j s_j sum_i c_i . grad g_j(x_i) [particles, dim], with the mobilities M."""
        return self.tiles.pull(self.risk.scaled(self.cloud).gain, cotangents)

    def gram(self, weights: PerParticle | None = None, dtype: torch.dtype | None = None) -> Gram:
        """J W J^T [n k, n k] with W the mobilities, or other weights [particles]; `dtype` as in `Tiles.gram`."""
        weights = self.mobility if weights is None else weights
        return self.tiles.gram(weights * self.factors.square(), dtype=dtype)
