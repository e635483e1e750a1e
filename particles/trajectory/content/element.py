"""One growing H5MD element {step, time, value}; the length of `step` is the number of committed records."""

from collections.abc import Iterable

import h5py
import numpy as np

from particles.errors import TrajectoryError
from particles.trajectory.content.row_writer import Rows
from particles.trajectory.files.checked_nodes import check_size, child_group, child_records, has
from particles.trajectory.layout import UNWRITTEN


class Element:
    """Access to one element; its first `length` records are committed, and anything beyond was never finished.

    A record is added by put, flush of the file, commit, and flush of the file. A process that is killed in between
    leaves the last record uncommitted and the earlier ones untouched.
    """

    def __init__(self, group: h5py.Group) -> None:
        """Read the element in a group; raises TrajectoryError where the group does not hold one."""
        self.name: str = group.name
        self.step = child_records(group, "step", axes=1, kinds="iu")
        self.time = child_records(group, "time", axes=1)
        self.value = child_records(group, "value")
        self.length = self._committed()
        for dataset in (self.time, self.value):
            check_size(dataset, self.length)
        self._rows = {name: Rows(getattr(self, name)) for name in ("step", "time", "value")}
        self.shape, self.dtype = self.value.shape[1:], self.value.dtype
        self._look_back()

    def check_order(self, step: int, time: float) -> None:
        """Raise TrajectoryError unless a record with this step and time may follow the last one.

        Its time must be above that of the last record, and its step not below. Steps are equal where an integrator with
        dense output gives several moments of one step.
        """
        check_start(self.name, step, time)
        before = self.last_time
        if step < self.last_step or (step == self.last_step and time <= before):
            raise TrajectoryError(
                f"Step {step} came after step {self.last_step} in {self.name}, but steps must increase; hand on every "
                "step once."
            )
        if time <= before:
            raise TrajectoryError(
                f"Time {time:.9g} came after time {before:.9g} in {self.name}, but times must increase; continue from "
                "the last recorded time."
            )

    def put(self, record: np.ndarray, time: float) -> None:
        """Write a record and its time after the committed ones; it counts only after flush and commit."""
        self._rows["value"].put(self.length, np.asarray(record, dtype=self.dtype))
        self._put_time(time)

    def put_parts(self, parts: Iterable[tuple[slice, np.ndarray]], time: float) -> None:
        """Write a record that comes in slices along its first axis, in the dtype of the element; otherwise as `put`."""
        self._rows["value"].put_parts(self.length, parts)
        self._put_time(time)

    def _put_time(self, time: float) -> None:
        self._rows["time"].put(self.length, np.asarray(time, dtype=np.float64))
        self._time_put = time

    def commit(self, step: int) -> None:
        """Commit the record that was put; the caller flushes the file before and after."""
        self._rows["step"].put(self.length, np.asarray(step, dtype=np.int64))
        self.length += 1
        self.last_step, self.last_time = step, self._time_put

    def trim(self, length: int) -> None:
        """Cut all three datasets to the first `length` records.

        Steps are cut first and flushed. HDF5 marks the entries that are cut off as unwritten before it changes the
        length, so a process that is killed meanwhile leaves no step whose time and value are missing.
        """
        if len(self.step) > length:
            self.step.resize(length, axis=0)
            self.step.file.flush()
        for dataset in (self.time, self.value):
            if len(dataset) != length:
                dataset.resize(length, axis=0)
        self.length = length
        self._look_back()

    def steps(self) -> np.ndarray:
        """Steps [length] of the committed records, int64."""
        return whole_numbers(self.step, self.length)

    def times(self) -> np.ndarray:
        """Times [length] of the committed records, float64; raises TrajectoryError where one is not finite."""
        times = np.asarray(self.time[: self.length], dtype=np.float64)
        if not np.isfinite(times).all():
            raise TrajectoryError(
                f"{self.time.file.filename} has times in {self.name} that are not finite, as only a damaged file has; "
                "restore it from a copy."
            )
        return times

    def _look_back(self) -> None:
        """Read the step and the time of the last committed record."""
        self.last_step = int(self.step[self.length - 1]) if self.length else UNWRITTEN
        self.last_time = self._time_put = float(self.time[self.length - 1]) if self.length else -np.inf

    def _committed(self) -> int:
        """The number of entries of `step` before the first one without a number.

        Such an entry is the last one, where its writing was interrupted, or one of several, where cutting them off was
        interrupted. Raises TrajectoryError where there are fewer times or values than steps.
        """
        length = len(self.step)
        if length and not self._is_written(length - 1):
            length -= 1
        check_size(self.step, length)
        empty = np.flatnonzero(whole_numbers(self.step, length) == UNWRITTEN)
        length = int(empty[0]) if len(empty) else length
        if length > min(len(self.time), len(self.value)):
            raise TrajectoryError(
                f"{self.step.file.filename} has {length} steps in {self.name} but fewer times or values, as only a "
                "damaged file has; restore it from a copy."
            )
        return length

    def _is_written(self, index: int) -> bool:
        """Whether an entry of `step` is on disk; a chunk after the noted end of the file cannot be read."""
        try:
            return int(self.step[index]) != UNWRITTEN
        except OSError:
            return False


def whole_numbers(dataset: h5py.Dataset, length: int) -> np.ndarray:
    """The first `length` entries of a dataset as int64."""
    return np.asarray(dataset[:length], dtype=np.int64)


def check_start(name: str, step: int, time: float) -> None:
    """Raise TrajectoryError for a negative step or a time that is not finite, of a record of `name`."""
    if step < 0 or not np.isfinite(time):
        raise TrajectoryError(
            f"Step {step} at time {time:.9g} came for {name}, but steps must not be negative and times must be finite; "
            "count from 0."
        )


def recorded_elements(parent: h5py.Group, names: Iterable[str]) -> dict[str, Element]:
    """The elements in those of the named child groups that already hold one."""
    groups = {name: child_group(parent, name) for name in names}
    return {name: Element(group) for name, group in groups.items() if has(group, "step")}
