"""Writing a trajectory: frames and observables that survive the death of the process."""

from collections.abc import Mapping, Sequence
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
from particles.trajectory.files.disk_space import Room
from particles.trajectory.files.open_checked import damage_reported, failure_reported
from particles.trajectory.files.still_named import check_exists, check_named, named_at_the_end
from particles.trajectory.layout import CLOUD, MODULE, UNWRITTEN, options_of
from particles.trajectory.recorder import Observable, ObservableRecorder


@runtime_checkable
class Stepped(Protocol):
    """The state of a run after a number of steps."""

    @property
    def step(self) -> int:
        """The number of steps."""
        ...


class TrajectoryWriter:
    """Context manager and observer (step, time, cloud) -> None that appends every cloud it is handed as a frame.

    A frame is written as value and time, flush, step, flush: a killed process loses at most the frame it was writing.
    A block `with Trajectory.create(...) as trajectory` that ends without an error marks the run complete, unless
    nothing was recorded in it, or nothing since a checkpoint was kept, as only a run that goes on keeps one. After an
    error, that of a run that diverges for instance, the file is closed as it is; catch it outside the block.
    Made by `Trajectory.create` and `Trajectory.append`.
    """

    def __init__(self, file: h5py.File, observables: Mapping[str, Observable] | None = None) -> None:
        """Take up an open and checked file, which belongs to the writer from now on.

        observables: what is recorded of every cloud beside its frame; what has times of its own is for `trace`.
        """
        self._file: h5py.File = file
        self._path: str = file.filename
        self._module = child_group(file, MODULE)
        self._options = options_of(self._module)
        self._frames = Frames(file) if has(file, CLOUD) else None
        self._complete = bool(self._module.attrs["complete"])
        self._recorders: dict[str, ObservableRecorder] = {}
        self._room = Room(self._path)
        self._clock = float(self._module.attrs["wall_seconds"]) - monotonic()
        self._ended = False
        self.beside = self.trace(**observables) if observables else None

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Append the cloud as the frame of a step at a flow time, and what is recorded beside it.

        Steps do not decrease, and times increase: those of frames inside one step have its number. Raises
        TrajectoryError for a cloud with another count, dim, dtype or (unless the file was created with
        moving_masses=True) other masses than the first one, a step that decreases, a time that does not increase,
        positions that are not finite, a closed file or a failing disk.
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
        """An observer that evaluates the observables on each cloud it is handed and appends the values.

        Values are numbers or small arrays whose shape stays; they lie under observables/<name>/{step, time, value}.
        Raises ValueError for a name that is traced already or no observables at all, TrajectoryError for a closed file.
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
        """Step, time and cloud [particles, dim] of the last frame, None before the first one.

        The cloud is in main memory and in the run's dtype; positions that were stored in float32 are rounded to it, so
        only a file that keeps the cloud's dtype resumes to the same numbers. Raises TrajectoryError once closed.
        """
        self._check_open()
        if self._frames is None or not len(self._frames):
            return None
        position = self._frames.position
        index = len(self._frames) - 1
        return position.last_step, float(position.time[index]), self._frames.cloud(index, self._frames.dtype)

    @property
    def is_complete(self) -> bool:
        """Whether the run was marked finished and nothing was written since."""
        return self._complete

    def keep(self, checkpoint: Stepped, spread: Spread = nothing_spread) -> None:
        """Keep all that the run needs to go on after this step, `flows.Checkpoint` for instance, in place of the last.

        A file that is appended to is then cut to this step. To be called after all observers of the step. Raises
        TypeError for a value that is not made of frozen dataclasses, tuples, tensors, numbers and None, TrajectoryError
        for a closed file or a failing disk. spread: as in `states.flattened`.
        """
        tree, arrays = flattened(checkpoint, spread=spread)
        self._begin(sum(array.nbytes for array in arrays.values()))
        with failure_reported(self._file):
            put_checkpoint(self._file, checkpoint.step, tree, arrays)

    def kept(self, classes: Sequence[type], device: torch.device | str = "cpu") -> object:
        """What was kept last, its tensors on a device; None where nothing was or the run is finished.

        classes: which dataclasses may be made, `flows.CHECKPOINTED` for instance; nothing else in the file is trusted.
        Raises TrajectoryError for another class, a damaged or a closed file.
        """
        self._check_open()
        with damage_reported(self._file):
            return get_checkpoint(self._file, classes, device)

    def kept_parts(self) -> KeptParts | None:
        """The same in parts, for processes that each make their own of it."""
        self._check_open()
        with damage_reported(self._file):
            return newest_parts(self._file)

    def complete(self, checkpoint: Stepped | None = None, spread: Spread = nothing_spread) -> None:
        """Mark the run as finished; writing on takes the mark back.

        The checkpoint given here stays in the file for a run that is to go on beyond its end (`extend`); without one
        there is none. A block that ends without an error completes a run by itself, without one. Raises TrajectoryError
        for a closed file and for one that does not have its name any more, and what `keep` does.
        """
        self._check_open()
        check_named(self._file)
        held = None if checkpoint is None else (checkpoint.step, *flattened(checkpoint, spread=spread))
        if held is not None:
            self._room.check(sum(array.nbytes for array in held[2].values()))
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
        """Take a finished run up again at the state kept in its file, to go on beyond its end.

        Everything after that state is cut off, as from a run that was killed there. The parameters of these names are
        changed, and the file says when it was extended, at which step and time, and what they were. Raises
        TrajectoryError for a file without such a state, a closed file or a failing disk.
        """
        self._begin(0, keeping=True)
        with failure_reported(self._file):
            take_up(self._file, parameters)
            self._frames = Frames(self._file) if has(self._file, CLOUD) else None

    def close(self) -> None:
        """Close the file in order: what was recorded up to now is all there is up to the last frame's step.

        Whether the run is complete stays as it is. Raises TrajectoryError, once it is closed, for a file that was moved
        or removed meanwhile.
        """
        if self._file:
            with failure_reported(self._file):
                self._seal()
            with named_at_the_end(self._file):
                self._close()

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
        """Called before so many bytes are written: refuse a closed file and a full disk, take back a finished mark.

        With the mark goes the state from before the end, to which the file would be cut otherwise, unless it is kept.
        """
        self._check_open()
        check_exists(self._file)
        self._ended = False
        self._room.check(size)
        if self._complete:
            if not keeping:
                drop_checkpoint(self._file)
            self._set_complete(False)
            self._file.flush()

    def _end(self) -> None:
        """Called after a frame or a record is written: it may be the last one of the run."""
        self._ended = True

    def _set_complete(self, complete: bool) -> None:
        self._module.attrs.modify("complete", int(complete))
        self._complete = complete

    def _seal(self) -> None:
        """Note that the last frame's step was handled to the end."""
        last = UNWRITTEN if self._frames is None else self._frames.position.last_step
        self._module.attrs.modify("sealed", last)

    def _note_time(self) -> None:
        """Note how long the file was open for writing in all, and that it is closed now."""
        self._module.attrs.modify("wall_seconds", np.float64(monotonic() + self._clock))
        self._module.attrs.modify("closed", np.bytes_(utc_now().encode().ljust(32)))

    def _close(self) -> None:
        """Cut off what was put but not committed, and close."""
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
