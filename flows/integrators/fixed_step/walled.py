"""Walls around an integrator with a given step: whatever leaves a convex set in a step is brought back at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from flows.base import Advance, Flow, NoisyFlow, Part, StepRule, Together
from flows.fields.scheduled import risk_of
from flows.integrators.fixed_step.grid import FixedStep
from flows.integrators.fixed_step.optimiser import Optimiser
from flows.noise import StepNoise
from flows.walls import Walls
from particles import FlowRefused, ParticleCloud
from particles.neurons.groups import check_names, chosen_groups, columns_of, expanded


@dataclass(frozen=True)
class Walled:
    """A step of `scheme`, and then `walls.projected(theta)`, or `walls.mirrored(theta)` where the flow has noise.

    `Walled(EulerMaruyama(0.01), Ball(1.0))` integrates the flow reflected at the walls: with the outward normal n,

        d theta = v dt + sigma dW - n dl,   dl >= 0 and only where theta stands at a wall,

    whose law satisfies d_t rho = div(rho ...) with no flux through the walls. Without noise a particle that is pushed
    against a wall stands at it, or slides along it: the projected gradient method, of order 1 or the scheme's own if
    that is lower, and of the scheme's own order as long as no wall is met. With noise laws are right to weak order 1,
    in the box and in the ball, in the stationary state too, and exactly where there is noise alone in a `Box`; paths to
    order 1/2. Momentum of an optimiser is left as it is.

    `groups` names the confined groups of coordinates; left out, these are all trained ones of the flow's risk, or all
    coordinates of a flow without one. Raises ValueError for particles that start outside and for groups that the neuron
    does not have or train, and FlowRefused for a `Ball` around coordinates of unequal mobility or noise, to which its
    walls would have to lean. Schemes that choose their steps by an error are not taken, since their estimates do not
    know the walls, and neither are those whose steps share noise or velocities, which a wall would turn round.
    """

    scheme: FixedStep | Optimiser[Any]
    walls: Walls
    groups: str | Sequence[str] | None = field(default=None, metadata={"optional": True})
    together: ClassVar[Together] = Together.ONE_GRID

    def __post_init__(self) -> None:
        if self.groups is not None:
            object.__setattr__(self, "groups", (self.groups,) if isinstance(self.groups, str) else tuple(self.groups))

    @property
    def order(self) -> float:
        """1, or that of the scheme if it is lower; with noise that of laws."""
        return min(1.0, self.scheme.order)

    @property
    def handles(self) -> frozenset[Part]:
        """What the scheme handles."""
        return self.scheme.handles

    @property
    def size(self) -> float | StepRule | None:
        """The step of the scheme, or its rule."""
        return self.scheme.size

    @property
    def grid(self) -> float | None:
        """The step of the scheme, where it is a number."""
        return self.scheme.grid

    @property
    def stays_inside(self) -> bool:
        """Whether the scheme asks the flow for nothing at the time where a step ends."""
        return self.scheme.stays_inside

    def sized(self, step: float | StepRule) -> Self:
        """The same with this step for the scheme."""
        return replace(self, scheme=self.scheme.sized(step))

    def resolved(self, flow: Flow, cloud: ParticleCloud) -> Self:
        """The same with a number for the step, where it had a rule."""
        return replace(self, scheme=self.scheme.resolved(flow, cloud))

    def next(self, time: float, until: float) -> tuple[float, float, float]:
        """Start, size and end of the step from `time`."""
        return self.scheme.next(time, until)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Any:
        """The state of the scheme, once the cloud is known to be inside."""
        columns = self._columns(flow)
        points = cloud.positions[:, columns]
        outside = cloud.counted(int((~self.walls.inside(points)).sum()))
        if outside:
            raise ValueError(
                f"{outside} of {cloud.count} particles start outside {self.walls!r}; move them inside, or confine "
                "other groups of coordinates."
            )
        if self.walls.leans:
            _check_even(flow, cloud, columns, time)
        return self.scheme.init(flow, cloud, time)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Any, time: float, until: float, noise: StepNoise
    ) -> Advance[Any]:
        """One step of the scheme, brought back inside."""
        taken: Advance[Any] = self.scheme.step(flow, cloud, state, time, until, noise)
        columns, positions = self._columns(flow), taken.cloud.positions
        back = self.walls.mirrored if isinstance(flow, NoisyFlow) else self.walls.projected
        if isinstance(columns, slice) and len(range(*columns.indices(cloud.dim))) == cloud.dim:
            return replace(taken, cloud=taken.cloud.moved(back(positions)))
        inside = positions.clone()
        inside[:, columns] = back(positions[:, columns])
        return replace(taken, cloud=taken.cloud.moved(inside))

    def _columns(self, flow: Flow) -> slice | Tensor:
        """The confined coordinates."""
        risk = risk_of(flow)
        if risk is None:
            if self.groups is not None:
                raise ValueError(
                    f"Walls are around groups {self.groups!r}, but {type(flow).__name__} has no risk whose neuron "
                    "names groups; leave groups out."
                )
            return slice(None)
        network = risk.network
        if self.groups is None:
            return network.neuron.trained_columns
        check_names(self.groups, {name: network.groups[name] for name in network.trained_groups}, "The walls")
        return columns_of(chosen_groups(self.groups, network.groups), network.groups)


def _check_even(flow: Flow, cloud: ParticleCloud, columns: slice | Tensor, time: float) -> None:
    """Raise FlowRefused where confined coordinates of a particle differ in mobility or noise."""
    risk = risk_of(flow)
    uneven = False
    if risk is not None and risk.network.rates is not None:
        rates = expanded(risk.network.rates, risk.network.groups, cloud.positions)[columns]
        uneven = bool((rates != rates[0]).any())
    if isinstance(flow, NoisyFlow):
        noise = flow.diffusion(cloud, time)[:, columns]
        uneven |= cloud.counted(int(not torch.allclose(noise, noise[:, :1].expand_as(noise)))) > 0
    if uneven:
        raise FlowRefused(
            f"{type(flow).__name__} gives the confined coordinates different mobilities or noise, for which the walls "
            "of a ball would have to lean; confine one group, or take a Box."
        )
