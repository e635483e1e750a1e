"""Writing of a trajectory: frames and observables that survive a killed process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import h5py
import numpy as np
import torch

from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory.content.element import check_start
from particles.trajectory.content.extension import take_up
from particles.trajectory.content.frames import Frames
from particles.trajectory.content.kept_states import (
    KeptParts,
    drop_checkpoint,
    get_checkpoint,
    newest_parts,
    put_checkpoint,
)
from particles.trajectory.content.provenance import utc_now
from particles.trajectory.content.serialise import Spread, flattened, nothing_spread
from particles.trajectory.files.checked_nodes import child_group, has
from particles.trajectory.files.disk_space import DiskSpace
from particles.trajectory.files.open_checked import damage_reported, failure_reported
from particles.trajectory.files.still_named import check_exists, check_named, named_at_the_end
from particles.trajectory.layout import CLOUD, MODULE, UNWRITTEN, options_of
from particles.trajectory.recorder import Observable, ObservableRecorder


@runtime_checkable
class Stepped(Protocol):
    """The state of a run after a number of steps."""

    @property
    def step(self) -> int:
        """The number of steps taken."""
        ...


class TrajectoryWriter:
    """A context manager and observer (step, time, cloud) -> None that appends every cloud it gets as a frame.

    A frame is written as value and time, flush, step, flush, so a killed process loses at most the frame that it was
    writing. A block `with Trajectory.create(...) as trajectory` that ends without an error marks the run as complete,
    unless nothing was recorded in it, or nothing since the last checkpoint, since only a run that goes on stores one.
    After an error, such as that of a diverging run, the file is closed as it is; catch the error outside the block.
    `Trajectory.create` and `Trajectory.append` make it. Every call raises TrajectoryError for a closed file, a file
    that was removed and a failing disk.
    """

    def __init__(self, file: h5py.File, observables: Mapping[str, Observable] | None = None) -> None:
        """Write to an open and checked file, which the writer closes later.

        `observables` are recorded with every frame; those with times of their own are for `trace`. Raises TypeError for
        observables that are not functions, ValueError for names that are not identifiers.
        """
        self._file: h5py.File = file
        self._path: str = file.filename
        self._module = child_group(file, MODULE)
        self._options = options_of(self._module)
        self._frames = Frames(file) if has(file, CLOUD) else None
        self._complete = bool(self._module.attrs["complete"])
        self._recorders: dict[str, ObservableRecorder] = {}
        self._space = DiskSpace(self._path)
        self._clock = float(self._module.attrs["wall_seconds"]) - monotonic()
        self._ended = False
        self.beside = self.trace(**observables) if observables else None

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Append the cloud as the frame of a step at a flow time, and the observables recorded with frames.

        Steps must not decrease, and times must increase; frames inside one step share its number. Raises
        TrajectoryError for a cloud with another count, dim or dtype than the first one or, unless the file was created
        with moving_masses=True, other masses, for a step that decreases, a time that does not increase, positions that
        are not finite, and as the class says.
        """
        self._begin(cloud.count * (cloud.dim + 1) * cloud.positions.element_size())
        with failure_reported(self._file):
            if self._frames is None:
                check_start("/" + CLOUD, step, time)
                self._frames = Frames.create(self._file, cloud, self._options)
            frames = self._frames
            frames.check(cloud)
            frames.position.check_order(step, time)
            frames.put(time, cloud)
            self._file.flush()
            frames.position.commit(step)
            self._file.flush()
        self._end()
        if self.beside is not None:
            self.beside(step, time, cloud)

    def trace(self, **observables: Observable) -> ObservableRecorder:
        """An observer that evaluates the observables on each cloud it gets and appends the values.

        Values are numbers or small arrays of constant shape; they are stored as observables/<name>/{step, time, value}.
        Raises ValueError for a name that is traced already and for no observables at all, TypeError for observables
        that are not functions, TrajectoryError as the class says.
        """
        self._check_open()
        taken = sorted(set(observables) & set(self._recorders))
        if not observables or taken:
            found = f"{taken} again" if taken else "no observable"
            raise ValueError(f"The trace got {found}; give observables by keywords new to this writer.")
        with failure_reported(self._file):
            recorder = ObservableRecorder(self._file, observables, self._begin, self._end)
            self._recorders.update(dict.fromkeys(observables, recorder))
        return recorder

    @property
    def last(self) -> tuple[int, float, ParticleCloud] | None:
        """Step, time and cloud [particles, dim] of the last frame; None before the first one.

        The cloud is in main memory and in the run's dtype. Positions stored in float32 were rounded, so only a file
        that keeps the cloud's dtype is resumed with the same numbers. Raises TrajectoryError once closed.
        """
        self._check_open()
        if self._frames is None or not len(self._frames):
            return None
        position = self._frames.position
        index = len(self._frames) - 1
        return position.last_step, float(position.time[index]), self._frames.cloud(index, self._frames.dtype)

    @property
    def is_complete(self) -> bool:
        """Whether the run was marked as finished and nothing was written since."""
        return self._complete

    def keep(self, checkpoint: Stepped, spread: Spread = nothing_spread) -> None:
        """Store the state from which the run can go on after this step, such as `flows.Checkpoint`.

        It replaces the state stored before, and `Trajectory.append` then cuts the file to this step. Call it after all
        observers of the step. `spread` is as in `serialise.flattened`. Raises TypeError for a value that is not made of
        dataclasses, tuples, tensors, numbers, text and None, TrajectoryError as the class says.
        """
        tree, arrays = flattened(checkpoint, spread=spread)
        self._begin(sum(array.nbytes for array in arrays.values()))
        with failure_reported(self._file):
            put_checkpoint(self._file, checkpoint.step, tree, arrays)

    def kept(self, classes: Sequence[type], device: torch.device | str = "cpu") -> object:
        """The state stored last, with its tensors on a device; None where there is none or the run is finished.

        `classes` are the dataclasses that may be built, such as `flows.CHECKPOINTED`; nothing else in the file is
        trusted. Raises TrajectoryError for another class, a damaged or a closed file.
        """
        self._check_open()
        with damage_reported(self._file):
            return get_checkpoint(self._file, classes, device)

    def kept_parts(self) -> KeptParts | None:
        """The state stored last in parts, for processes that build their own share of it; raises as `kept`."""
        self._check_open()
        with damage_reported(self._file):
            return newest_parts(self._file)

    def complete(self, checkpoint: Stepped | None = None, spread: Spread = nothing_spread) -> None:
        """Mark the run as finished; writing on removes the mark.

        A `checkpoint` stays in the file, so that `extend` can continue the run beyond its end; without it the file
        holds no state. A `with` block that ends without an error completes the run without a checkpoint. Raises
        TrajectoryError for a file that was moved or removed and as the class says, TypeError as `keep`.
        """
        self._check_open()
        check_named(self._file)
        held = None if checkpoint is None else (checkpoint.step, *flattened(checkpoint, spread=spread))
        if held is not None:
            self._space.check(sum(array.nbytes for array in held[2].values()))
        with failure_reported(self._file):
            self._seal()
            if held is not None:
                put_checkpoint(self._file, *held, alone=True)
            self._set_complete(True)
            self._file.flush()
            if held is None:
                drop_checkpoint(self._file)
        self._ended = False

    def extend(self, **parameters: object) -> None:
        """Continue a finished run beyond its end, from the state stored in its file.

        Everything after that state is cut off, as for a run that was killed there. The parameters of these names are
        changed, and the file notes when it was extended, at which step and time, and their old values. Raises
        TrajectoryError for a file without such a state and as the class says, TypeError for a parameter that cannot be
        described.
        """
        self._begin(0, keeping=True)
        with failure_reported(self._file):
            take_up(self._file, parameters)
            self._frames = Frames(self._file) if has(self._file, CLOUD) else None

    def close(self) -> None:
        """Close the file in order, which confirms that everything up to the last frame's step was recorded.

        The mark of a finished run stays as it is. Raises TrajectoryError, after closing, for a file that was moved or
        removed meanwhile.
        """
        if self._file:
            with failure_reported(self._file):
                self._seal()
            with named_at_the_end(self._file):
                self._close()

    def _shown(self) -> dict[str, object]:
        if not self._file:
            return {"path": Path(self._path), "closed": True}
        frames = 0 if self._frames is None else len(self._frames)
        return {
            "path": Path(self._path),
            "frames": frames,
            "observables": list(self._recorders),
            "complete": self._complete,
        }

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            if self._file and self._ended:
                self.complete()
            self.close()
        elif self._file:
            self._close()

    def _begin(self, size: int, keeping: bool = False) -> None:
        """Prepare a write of `size` bytes: refuse a closed file and a full disk, and remove the mark of a finished run.

        The state stored at the end of the run is removed with the mark, unless `keeping` is set; otherwise the file
        would later be cut to that state.
        """
        self._check_open()
        check_exists(self._file)
        self._ended = False
        self._space.check(size)
        if self._complete:
            if not keeping:
                drop_checkpoint(self._file)
            self._set_complete(False)
            self._file.flush()

    def _end(self) -> None:
        """Note that a frame or record was written, which may be the last one of the run."""
        self._ended = True

    def _set_complete(self, complete: bool) -> None:
        self._module.attrs.modify("complete", int(complete))
        self._complete = complete

    def _seal(self) -> None:
        """Write that the last frame's step was completely recorded."""
        last = UNWRITTEN if self._frames is None else self._frames.position.last_step
        self._module.attrs.modify("sealed", last)

    def _note_time(self) -> None:
        """Write for how long the file was open for writing in all, and that it is closed now."""
        self._module.attrs.modify("wall_seconds", np.float64(monotonic() + self._clock))
        self._module.attrs.modify("closed", np.bytes_(utc_now().encode().ljust(32)))

    def _close(self) -> None:
        """Cut off records that were not committed, and close the file."""
        with failure_reported(self._file):
            self._note_time()
            if self._frames is not None:
                self._frames.trim(len(self._frames))
            for recorder in self._recorders.values():
                for element in recorder.elements.values():
                    element.trim(element.length)
            self._file.close()

    def _check_open(self) -> None:
        if not self._file:
            raise TrajectoryError(f"{self._path} is closed, but an open file is needed; append to it again.")
