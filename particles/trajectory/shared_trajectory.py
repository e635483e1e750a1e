"""The trajectory of a cloud that many processes share: one file, written by the first of them in gathered slices."""

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

#: Where the tree of a checkpoint has the masses of its cloud, which may have the shape of something else.
MASSES = "value.cloud.masses"


@runtime_checkable
class Held(Protocol):
    """The state of a run after a number of steps: a frozen dataclass with its cloud."""

    @property
    def step(self) -> int:
        """The number of steps."""
        ...

    @property
    def cloud(self) -> ParticleCloud:
        """The cloud."""
        ...


class SharedTrajectory:
    """What `TrajectoryWriter` is for one process: every rank makes the same calls with its part of the cloud.

        with SharedTrajectory(ranks, lambda: Trajectory.create("run.h5", flow=flow, seed=0)) as trajectory:
            evolve(flow, cloud, integrator, until=1.0, observers=[trajectory], keep=trajectory.keep)

    The first rank opens the file and writes; of the cloud it holds its own part and one slice of another's at a time.
    The file is the one that a process by itself writes and may be continued by another number of ranks. What goes wrong
    is raised on the first rank as it is, on the others as RankFailed.
    """

    def __init__(self, ranks: Ranks, opened: Callable[[], TrajectoryWriter]) -> None:
        """Let the first rank open the file; the others have none."""
        self._ranks = ranks
        self._writer = ranks.at_first(lambda: _checked(opened()))

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Append the whole cloud as the frame of a step; as in `TrajectoryWriter`."""
        cloud = _shared(cloud)
        self._act(lambda writer: writer(step, time, cloud), cloud.share, cloud.positions, cloud.masses)

    def trace(self, **observables: Observable) -> Callable[[int, float, ParticleCloud], None]:
        """An observer that evaluates the observables on every rank and appends what the first one got."""
        values: dict[str, Any] = {}
        read = {name: wraps(observable)(lambda _, name=name: values[name]) for name, observable in observables.items()}
        recorder: ObservableRecorder | None = self._act(lambda writer: writer.trace(**read))

        def record(step: int, time: float, cloud: ParticleCloud) -> None:
            values.update({name: observable(cloud) for name, observable in observables.items()})
            self._act(lambda writer: recorder(step, time, cloud) if recorder else None)

        return record

    def keep(self, checkpoint: Held) -> None:
        """Keep all that the run needs to go on after this step; as in `TrajectoryWriter`."""
        self._gathered(checkpoint, lambda writer, held, spread: writer.keep(held, spread))

    def _gathered(self, checkpoint: Held, act: Callable[[TrajectoryWriter, Any, Spread], None]) -> None:
        """Let the first rank do something with a state of which each has its part."""
        cloud = _shared(checkpoint.cloud)
        held: Any = replace(checkpoint, cloud=cloud.own)  # type: ignore[type-var]
        own: list[Tensor] = []

        def spread(tensor: Tensor) -> Sliced | None:
            """Positions and what has their shape: no n k numbers have it, since a particle has more than k."""
            if tensor.shape != cloud.positions.shape and tensor is not cloud.masses:
                return None
            own.append(tensor)
            dtype = np.dtype(str(tensor.dtype).removeprefix("torch."))
            return Sliced((cloud.count, *tensor.shape[1:]), dtype, lambda: _arrays(self._ranks.rows(tensor)))

        flattened(held, spread=spread)
        self._act(lambda writer: act(writer, held, spread), cloud.share, *own)

    def kept(self, classes: Sequence[type], like: SharedCloud) -> object:
        """What was kept last, by any number of ranks: this rank's part of it, beside a cloud of the same run.

        None where nothing was or the run is finished; classes: as in `TrajectoryWriter`.
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
        """Mark the run as finished, with the state that it can be extended from; as in `TrajectoryWriter`."""
        if checkpoint is None:
            self._act(lambda writer: writer.complete())
        else:
            self._gathered(checkpoint, lambda writer, held, spread: writer.complete(held, spread))

    def close(self) -> None:
        """Close the file in order."""
        self._act(lambda writer: writer.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """As in `TrajectoryWriter`; after an error each rank sees to itself: others may have gone another way."""
        if error is None:
            self._act(lambda writer: writer.__exit__(None, None, None))
        elif self._writer is not None:
            self._writer.__exit__(kind, error, traceback)

    def _act(self, act: Callable[[TrajectoryWriter], Any], share: Share | None = None, *own: Tensor) -> Any:
        def acted() -> Any:
            return None if self._writer is None else act(self._writer)

        return self._ranks.at_first(acted, own, share.spans if share else ())


def _checked(writer: object) -> TrajectoryWriter:
    """The writer that was opened, where every rank can do its part of what it records."""
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
    if isinstance(cloud, SharedCloud):
        return cloud
    raise TypeError(f"A {type(cloud).__name__} came for a file of several ranks; give a SharedCloud, or Trajectory.")


def _arrays(rows: Iterator[tuple[slice, Tensor]]) -> Iterator[tuple[slice, np.ndarray]]:
    return ((part, values.detach().cpu().numpy()) for part, values in rows)
