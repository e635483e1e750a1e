"""The trajectory of a cloud that several processes share: one file, written by the first process slice by slice."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial, wraps
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.distributed.ranks import Ranks
from particles.distributed.shared_cloud import Share, SharedCloud
from particles.trajectory.content.kept_states import KeptParts
from particles.trajectory.content.serialise import Sliced, Spread, flattened, rebuilt
from particles.trajectory.recorder import Observable, ObservableRecorder
from particles.trajectory.writer import TrajectoryWriter

#: Name of a cloud's masses in the tree of a checkpoint; other arrays may have the same shape.
MASSES = "value.cloud.masses"


@runtime_checkable
class Held(Protocol):
    """The state of a run after a number of steps, a frozen dataclass with the cloud."""

    @property
    def step(self) -> int:
        """The number of steps taken."""
        ...

    @property
    def cloud(self) -> ParticleCloud:
        """The cloud after these steps."""
        ...


class SharedTrajectory:
    """The writer for a `SharedCloud`: every rank makes the calls of a `TrajectoryWriter` with its part of the cloud.

        with SharedTrajectory(ranks, lambda: Trajectory.create("run.h5", flow=flow, seed=0)) as trajectory:
            evolve(flow, cloud, integrator, until=1.0, observers=[trajectory], keep=trajectory.keep)

    The first rank opens the file and writes; it holds its own part of the cloud and one slice of another part at a
    time. The file is the same as that of a single process, and may be continued by another number of ranks. Calls raise
    what `TrajectoryWriter` raises, on the first rank; the other ranks raise RankFailed. TypeError is raised for a cloud
    that is not a `SharedCloud`.
    """

    def __init__(self, ranks: Ranks, opened: Callable[[], TrajectoryWriter]) -> None:
        """Open the file on the first rank, by calling `opened` there.

        Raises TypeError where `opened` does not return a writer, or returns one with observables of its own, which one
        rank cannot evaluate.
        """
        self._ranks = ranks
        self._writer = ranks.at_first(lambda: _checked(opened()))

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Append the whole cloud as the frame of a step; raises as the class says, TypeError for another cloud."""
        cloud = _shared(cloud)
        self._act(lambda writer: writer(step, time, cloud), cloud.share, cloud.positions, cloud.masses)

    def trace(self, **observables: Observable) -> Callable[[int, float, ParticleCloud], None]:
        """An observer that evaluates the observables on every rank and appends the values of the first one.

        Raises as the class says.
        """
        values: dict[str, Any] = {}
        read = {name: wraps(observable)(lambda _, name=name: values[name]) for name, observable in observables.items()}
        recorder: ObservableRecorder | None = self._act(lambda writer: writer.trace(**read))

        def record(step: int, time: float, cloud: ParticleCloud) -> None:
            values.update({name: observable(cloud) for name, observable in observables.items()})
            self._act(lambda writer: recorder(step, time, cloud) if recorder else None)

        return record

    def keep(self, checkpoint: Held) -> None:
        """Store the state from which the run can go on after this step; raises as the class says."""
        self._gathered(checkpoint, lambda writer, held, spread: writer.keep(held, spread))

    def _gathered(self, checkpoint: Held, act: Callable[[TrajectoryWriter, Any, Spread], None]) -> None:
        """Call `act` on the first rank with a state of which each rank holds a part."""
        cloud = _shared(checkpoint.cloud)
        held: Any = replace(checkpoint, cloud=cloud.own)  # type: ignore[type-var]
        own: list[Tensor] = []

        def spread(tensor: Tensor) -> Sliced | None:
            """The rows of tensors that are distributed: masses, positions, and other tensors of their shape.

            Tensors of n k numbers do not have that shape, since a particle has more than k coordinates.
            """
            if tensor.shape != cloud.positions.shape and tensor is not cloud.masses:
                return None
            own.append(tensor)
            dtype = np.dtype(str(tensor.dtype).removeprefix("torch."))
            return Sliced((cloud.count, *tensor.shape[1:]), dtype, lambda: _arrays(self._ranks.rows(tensor)))

        flattened(held, spread=spread)
        self._act(lambda writer: act(writer, held, spread), cloud.share, *own)

    def kept(self, classes: Sequence[type], like: SharedCloud) -> object:
        """This rank's part of the state that was stored last, by any number of ranks.

        `classes` are as in `TrajectoryWriter`, and `like` is a cloud of the same run, which says how it is distributed.
        None where no state was stored or the run is finished. Raises TrajectoryError for a state of other classes or a
        damaged file, ShapeError or MassError where `like` belongs to another run.
        """
        found: KeptParts | None = self._act(lambda writer: writer.kept_parts())
        kinds = json.loads(self._ranks.text(json.dumps(found.kinds() if found else {})))
        tree = self._ranks.text(found.tree if found else "")
        if not tree:
            return None

        def read(name: str) -> np.ndarray:
            (whole, dtype), spans = kinds[name], like.share.spans
            if whole != [like.count, like.dim] and name != MASSES:
                spans = (slice(0, whole[0]),) * len(spans)
            mine = spans[self._ranks.rank]
            shape = torch.empty(mine.stop - mine.start, *whole[1:], dtype=getattr(torch, dtype), device="meta")
            return self._ranks.dealt(partial(rows, name), shape, spans).numpy()

        def rows(name: str, part: slice) -> Tensor:
            return torch.from_numpy(found.rows(name, part) if found else np.empty(0))

        value: Any = rebuilt(json.loads(tree), read, classes, like.device)
        return replace(value, cloud=SharedCloud(value.cloud.positions, value.cloud.masses, like.share))

    def complete(self, checkpoint: Held | None = None) -> None:
        """Mark the run as finished, with a state from which it can be extended; raises as the class says."""
        if checkpoint is None:
            self._act(lambda writer: writer.complete())
        else:
            self._gathered(checkpoint, lambda writer, held, spread: writer.complete(held, spread))

    def close(self) -> None:
        """Close the file in order; raises as the class says."""
        self._act(lambda writer: writer.close())

    def _shown(self) -> dict[str, object]:
        return {"ranks": self._ranks, "writer": self._writer}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the block as in `TrajectoryWriter`; after an error each rank acts alone, without the others."""
        if error is None:
            self._act(lambda writer: writer.__exit__(None, None, None))
        elif self._writer is not None:
            self._writer.__exit__(kind, error, traceback)

    def _act(self, act: Callable[[TrajectoryWriter], Any], share: Share | None = None, *own: Tensor) -> Any:
        def acted() -> Any:
            return None if self._writer is None else act(self._writer)

        return self._ranks.at_first(acted, own, share.spans if share else ())


def _checked(writer: object) -> TrajectoryWriter:
    """The writer that was opened; raises TypeError where it is none or has observables of its own."""
    if not isinstance(writer, TrajectoryWriter):
        raise TypeError(
            f"The function that opens the file gave {type(writer).__name__}, but a writer is needed; return "
            "Trajectory.create(...) or Trajectory.append(...)."
        )
    if writer.beside is not None:
        writer.close()
        raise TypeError(
            "The function that opens the file gave it observables, which one rank by itself cannot evaluate; name them "
            "in trace(...) of the SharedTrajectory."
        )
    return writer


def _shared(cloud: ParticleCloud) -> SharedCloud:
    """The cloud itself; raises TypeError where it is not a `SharedCloud`."""
    if isinstance(cloud, SharedCloud):
        return cloud
    raise TypeError(f"A {type(cloud).__name__} came for a file of several ranks; give a SharedCloud, or Trajectory.")


def _arrays(rows: Iterator[tuple[slice, Tensor]]) -> Iterator[tuple[slice, np.ndarray]]:
    return ((part, values.detach().cpu().numpy()) for part, values in rows)
