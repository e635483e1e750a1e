"""What optimisers of machine learning share: a learning rate as the step, weight decay, and what they remember."""

from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part, StepRule
from flows.fields.scheduled import risk_of
from flows.integrators.fixed_step.grid import GivenStep
from flows.noise import StepNoise
from flows.rates import Rate, rate_at
from particles import ParticleCloud
from particles.arguments.reals import non_negative
from particles.shapes import Positions

State = TypeVar("State")


@dataclass(frozen=True, eq=False)
class Remembered:
    """What an optimiser hands from step to step: how many steps it took, and tensors with a row for every particle."""

    count: int

    def parted(self, members: int) -> list[Self]:
        """The states of so many members whose particles are stacked, each a view of its rows."""
        rows = {name: tensor.chunk(members) for name, tensor in self._tensors().items()}
        each = [{name: parts[e] for name, parts in rows.items()} for e in range(members)]
        return [replace(self, **held) for held in each]  # type: ignore[arg-type]

    def joined(self, members: Sequence[Self]) -> Self:
        """The state of members whose particles are stacked; whatever is no tensor is that of this one."""
        held = {name: torch.cat([vars(member)[name] for member in members]) for name in self._tensors()}
        return replace(self, **held)  # type: ignore[arg-type]

    def _tensors(self) -> dict[str, Tensor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}


@dataclass(frozen=True, init=False)
class Optimiser(GivenStep, Generic[State]):
    """An integrator that steps as an optimiser of `torch.optim` with the learning rate `step`, one step per step.

    The gradient is minus the flow's velocity at the start of the step. The step is a number: a rule such as `StepBound`
    bounds the steps of a flow, not learning rates, and raises TypeError. `schedule` multiplies the learning rate by a
    function of time. A last step that does not fit is a step with the learning rate that is left. Weight decay acts on
    what can move: on trained coordinates with a mobility, where the flow has a `risk` that says which these are, and on
    all coordinates of any other flow.
    """

    weight_decay: float
    schedule: Rate | None
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    stays_inside: ClassVar[bool] = True

    def __init__(self, step: float | None, weight_decay: float, schedule: Rate | None) -> None:
        super().__init__(step)
        object.__setattr__(self, "weight_decay", non_negative(weight_decay, "The weight decay"))
        object.__setattr__(self, "schedule", schedule)

    def sized(self, step: float | StepRule) -> Self:
        """This optimiser with a step; raises ValueError where it already has another, TypeError for a rule."""
        made = copy(self)
        object.__setattr__(made, "size", super().sized(step).size)
        return made

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: State, time: float, until: float, noise: StepNoise
    ) -> Advance[State]:
        """One step to the next multiple of the step, or to `until` where that comes first."""
        start, size, reached = self.next(time, until)
        rate = size if self.schedule is None else size * rate_at(self.schedule, start)
        positions, after = self.descended(flow, cloud, flow.velocity(cloud, start), state, rate)
        return Advance(reached, cloud.moved(positions), after)

    @abstractmethod
    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> State:
        """The state before the first step."""

    @abstractmethod
    def descended(
        self, flow: Flow, cloud: ParticleCloud, velocity: Positions, state: State, rate: float
    ) -> tuple[Positions, State]:
        """The positions after a step with this learning rate, in a new tensor, and the state after it."""


def what_decays(flow: Flow, cloud: ParticleCloud) -> Positions:
    """The positions in the coordinates on which weight decay acts, zero elsewhere [particles, dim]."""
    risk = risk_of(flow)
    if risk is None:
        return cloud.positions
    columns = risk.network.neuron.trained_columns
    moving = (risk.network.scaled(cloud.masses).mobilities > 0.0).expand_as(cloud.positions)
    result = torch.zeros_like(cloud.positions)
    result[:, columns] = torch.where(moving[:, columns], cloud.positions[:, columns], 0.0)
    return result


def share(value: float, what: str) -> float:
    """The value as a float; raises ValueError unless it is at least zero and below one."""
    found = non_negative(value, what)
    if found >= 1.0:
        raise ValueError(f"{what} is {value!r}, but a number from 0 to below 1 is needed.")
    return found
