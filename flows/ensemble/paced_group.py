"""Chebyshev and Dormand-Prince for several members of an ensemble side by side, steps and stages of each its own."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from flows.base import Flow
from flows.ensemble.error_controlled_group import ErrorControlledGroup
from flows.ensemble.member_runs import Member
from flows.ensemble.stacked_flow import side_by_side
from flows.integrators.error_controlled.velocity_only import Paced, PacedState, PacedTrial, Stages, Stride
from particles.shapes import AnyFloat

State = TypeVar("State", bound=PacedState)
#: The flows of ensembles do not ask for the time, and members are each at their own.
ANY_TIME = 0.0


class PacedGroup(ErrorControlledGroup[State, PacedTrial], Generic[State]):
    """Members whose velocities, at a stage of a step, are found in one evaluation.

    Positions and velocities are [members, coordinates], and what a stage multiplies them by is a column. Members that
    have no stages left, or none, rest: they are evaluated where they are, and that is thrown away. A round makes new
    tensors and writes into no old ones, so that dense output keeps what it refers to; clouds and states are copies,
    which do not keep the round of all members in memory.
    """

    _method: Paced[State]

    def __init__(self, method: Paced[State], members: Sequence[Member], until: float) -> None:
        """Members at their starts, or with the states that they go on from; nothing is evaluated yet."""
        super().__init__(method, members, until)
        self._flow: Flow = side_by_side(self._flows)

    def _trials(self, rows: Sequence[int]) -> Mapping[int, PacedTrial]:
        """One step of each, judged by one look at the device."""
        strides = {row: self._stride(row) for row in rows}
        positions, error, velocities = self._tried(strides)
        away = positions - self._rows([state.pace.start if state else None for state in self._states])
        vectors = error, away, *self._method.beside(velocities)
        norms = torch.linalg.vector_norm(torch.stack(vectors, dim=1), dim=2).tolist()
        return {
            row: self._trial(row, stride, [tensor[row] for tensor in (positions, error, *velocities)], norms[row])
            for row, stride in strides.items()
        }

    def _stride(self, row: int) -> Stride:
        """The step that a member tries."""
        cloud, time = self._clouds[row], self._at[row][1]
        return self._method.stride(self._own(row), time, self._until, cloud.dtype)

    def _tried(self, strides: Mapping[int, Stride]) -> Stages:
        """The stages of all members; those without a stride go nowhere."""
        counts = [stride.stages for stride in strides.values()]
        still = Stride(0.0, 0.0, min(counts))
        numbers = [self._method.weights(strides.get(row, still), max(counts)) for row in range(len(self._clouds))]
        weights = self._stacked.positions.new_tensor(numbers).T.contiguous()[:, :, None]
        start = self._rows([cloud.positions for cloud in self._clouds])
        velocity = self._rows([state.velocity if state else None for state in self._states])
        return self._method.tried(self._velocity, start, velocity, weights.unbind())

    def _velocity(self, positions: AnyFloat, stage: int) -> AnyFloat:
        """That of all members at these positions."""
        cloud = self._stacked.moved(positions.reshape(self._stacked.positions.shape))
        return self._flow.velocity(cloud, ANY_TIME).reshape(positions.shape)

    def _rows(self, parts: Sequence[Tensor | None]) -> Tensor:
        """Tensors of all members as the rows of one; zeros where there is none."""
        none = torch.zeros_like(self._clouds[0].positions)
        return torch.stack([none if part is None else part for part in parts]).reshape(len(parts), -1)

    def _trial(self, row: int, stride: Stride, rows: Sequence[Tensor], norms: Sequence[float]) -> PacedTrial:
        """The trial of a member, from its rows of positions, error and velocities."""
        cloud = self._clouds[row]
        positions, error, *velocities, last = (part.reshape(cloud.positions.shape) for part in rows)
        stages = positions, error, (*velocities, last.clone())
        there = cloud.moved(positions.clone())
        return self._method.measured(self._place(row), self._own(row), stride, stages, there, norms)
