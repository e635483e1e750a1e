"""One run and its trajectory: begun, continued from the state kept last, completed; for studies and study files alike.

Whoever does the same run again, after a kill at any moment, gets the bits of one in one go. A trajectory gets its name
once it is whole (`particles.trajectory.files.create_whole`), so what has the name can be opened.

A study does a run of its own with

    TrajectoryRun(path=..., flow=..., start=..., integrator=..., until=..., seed=..., ...).perform()

Study files do so too, alone or over ranks (`runs.studyfile.running`), and take the steps of `perform` one by one where
several runs are evolved side by side (`runs.studyfile.ensembles`).
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from flows import Checkpoint, Flow, Integrator, Observer, evolve
from flows.loop.checkpoint import checkpointed
from particles import ParticleCloud, Ranks, SharedCloud, Trajectory
from particles.trajectory import SharedTrajectory, TrajectoryWriter
from runs.recorded.origins import held_in, is_longer

#: The file of a run, written by this process or shared by ranks.
File: TypeAlias = TrajectoryWriter | SharedTrajectory
#: Seconds between two states that are kept: what a killed run loses at most.
KEEP_SECONDS = 10.0
#: The last steps of a run, which may have been fitted to its end: where two steps are left, both are of one length.
FITTED = 2


class Keeper:
    """Keeps a state of the run in its file at the start and then every so many seconds.

    When it does so does not change the run: the file that is resumed from any of these ends with the same bits. It is
    the state of two steps before, since these may have been fitted to the end of the run: so no state that is kept, and
    none that is left in the finished file, knows of the end, and a longer run goes on from it with the bits of one in
    one go.
    """

    def __init__(
        self,
        trajectory: File,
        seconds: float,
        kept: object,
        agreed: Callable[[int], int] = int,
        counted: Callable[[float], int] | None = None,
    ) -> None:
        """kept: the state that the run goes on from, if any; agreed: makes of 1, it is time, or 0 what all ranks do.

        counted: the number of steps at a time, where the file counts others than those of the integrator, as its
        observers then do. Of several states under one number, which a file cannot tell apart, the first is kept.
        """
        self._trajectory = trajectory
        self._seconds = seconds
        self._agreed = agreed
        self._counted = counted
        self._next = -math.inf
        self.resumed = kept if isinstance(kept, Checkpoint) else None
        self._before: deque[Checkpoint[Any]] = deque([] if self.resumed is None else [self.resumed], maxlen=FITTED + 1)

    def __call__(self, checkpoint: Checkpoint[Any]) -> None:
        """Keep the one of two steps before, if it is time."""
        if self._counted is not None:
            step = self._counted(checkpoint.time)
            if self._before and step <= self._before[-1].step:
                return
            checkpoint = replace(checkpoint, step=step)
        self._before.append(checkpoint)
        if self._agreed(int(time.monotonic() >= self._next)):
            self._trajectory.keep(self._before[0])
            self._next = time.monotonic() + self._seconds

    @property
    def last(self) -> Checkpoint[Any] | None:
        """What a longer run would go on from once this one is at its end."""
        return self._before[0] if self._before else None


@dataclass(frozen=True, eq=False, kw_only=True)
class TrajectoryRun:
    """A run of a flow from a start until a time, and the path of the trajectory that it leaves.

    parameters: what stands in the file beside flow and seed; asked for whenever the file is opened, and may raise where
    the run is not to go on. observers: who is handed the states, made for the file. moves_masses: whether masses change
    along the flow. counted: as `Keeper` has it. ended: called with the file and the last cloud before the file is
    marked complete. extendable: whether the finished file keeps a state from which a longer run can go on. ranks: who
    shares the cloud, if anyone; every one of them does the same.
    """

    path: Path
    flow: Flow
    start: ParticleCloud
    integrator: Integrator[Any]
    until: float
    seed: int
    parameters: Callable[[], Mapping[str, object]]
    observers: Callable[[File], Sequence[Observer]]
    moves_masses: bool = False
    counted: Callable[[float], int] | None = None
    ended: Callable[[File, ParticleCloud], object] = lambda file, cloud: None
    extendable: bool = False
    ranks: Ranks | None = None

    def perform(self) -> None:
        """Do the run, or what is left of it, and mark its file complete."""
        with self.opened() as file:
            keeper = self.keeper(file)
            end = evolve(
                self.flow,
                self.start,
                self.integrator,
                until=self.until,
                observers=self.observers(file),
                seed=self.seed,
                keep=keeper,
                resume=keeper.resumed,
            )
            self.ended(file, end)
            self.complete(file, keeper)

    def opened(self) -> File:
        """The file to go on with where it holds a state, and else a new one in its place: it holds the start at most.

        The configuration of one that was to end earlier becomes that of now.
        """
        return self._opened() if self.ranks is None else SharedTrajectory(self.ranks, self._opened)

    def keeper(self, file: File) -> Keeper:
        """Who keeps the state in the file, and knows the one to go on from."""
        known = checkpointed(self.integrator)
        if isinstance(file, SharedTrajectory):
            if self.ranks is None or not isinstance(self.start, SharedCloud):
                raise TypeError("A file that ranks share needs the ranks of the run, and a start that they share.")
            kept = file.kept(known, self.start)
            return Keeper(file, KEEP_SECONDS, kept, self.ranks.number, self.counted)
        return Keeper(file, KEEP_SECONDS, file.kept(known, self.start.device), counted=self.counted)

    def complete(self, file: File, keeper: Keeper) -> None:
        """Mark the file complete."""
        file.complete(keeper.last if self.extendable else None)

    def _opened(self) -> TrajectoryWriter:
        parameters = self.parameters()
        if self.path.exists():
            held = held_in(self.path)
            begun = Trajectory.append(self.path)
            if begun.kept_parts() is not None:
                if is_longer(self.until, held):
                    begun.extend(config=parameters["config"])
                return begun
            begun.close()
            self.path.unlink()
        return Trajectory.create(
            self.path, flow=self.flow, seed=self.seed, parameters=parameters, moving_masses=self.moves_masses
        )
