"""Reading of a trajectory: its committed clouds and observables, its parameters and its provenance."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import h5py
import numpy as np

from particles.arguments.display import span
from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.risk.dataset import Dataset
from particles.trajectory.content.element import Element, recorded_elements
from particles.trajectory.content.extension import extensions
from particles.trajectory.content.frames import Frames
from particles.trajectory.content.kept_states import checkpoint_step
from particles.trajectory.content.labels import coordinate_names, labels_of
from particles.trajectory.content.provenance import Openings, resumed_by, resumes
from particles.trajectory.content.stored_data import read_data
from particles.trajectory.files.beside_writers import is_live
from particles.trajectory.files.checked_nodes import child_group, has, json_object
from particles.trajectory.files.open_checked import damage_reported
from particles.trajectory.layout import CLOUD, CONFIGURATION, EXTENSIONS, MODULE, OBSERVABLES, PARAMETERS, PROVENANCE
from particles.trajectory.pictures import Curve, checked_coordinates, chosen_names, draw_curve, draw_particles, panels


class Series(NamedTuple):
    """The records of one observable: steps [records] int64, times [records] float64, values [records, ...]."""

    steps: np.ndarray
    times: np.ndarray
    values: np.ndarray


class TrajectoryReader:
    """A trajectory that is open for reading: a sequence of clouds [particles, dim] with their steps and times.

    It is a context manager, `len` gives the number of committed frames, and `Trajectory.open` makes it. Every access
    raises TrajectoryError if the reader is closed, if the file is damaged, or if a writer has opened it since.
    """

    def __init__(self, file: h5py.File) -> None:
        """Read an open and checked file, which the reader closes later."""
        self._file: h5py.File = file
        self._path: str = file.filename
        with damage_reported(file):
            self._openings = Openings(file)
            self._complete = bool(child_group(file, MODULE).attrs["complete"])
            self._frames = Frames(file) if has(file, CLOUD) else None
            self._observables = self._elements() if is_live(file) else None

    def __len__(self) -> int:
        return 0 if self._frames is None else len(self._frames)

    def __getitem__(self, index: int) -> ParticleCloud:
        """The cloud of a frame, in main memory and the stored dtype; negative indices count from the end.

        Raises IndexError for a frame that does not exist, TrajectoryError as the class says.
        """
        number = operator.index(index)
        if self._frames is None or not -len(self) <= number < len(self):
            raise IndexError(f"Frame {number} was asked of {self._path}, which has {len(self)}; ask for one of these.")
        with self._access():
            return self._frames.cloud(number % len(self))

    def __iter__(self) -> Iterator[ParticleCloud]:
        return (self[index] for index in range(len(self)))

    def at(self, time: float) -> ParticleCloud:
        """The cloud of the frame that is nearest in time, the earlier one of two equally near ones.

        Raises ValueError for a time outside the recorded times (by more than rounding), TrajectoryError for a file
        without frames and as the class says.
        """
        times = self.times
        if not len(times):
            raise TrajectoryError(f"{self._path} has no frame, but one at time {time:.9g} was asked for; run on first.")
        slack = 1e-9 * max(abs(times[0]), abs(times[-1]))
        if not times[0] - slack <= time <= times[-1] + slack:
            raise ValueError(
                f"Time {time:.9g} was asked of {self._path}, which covers times {times[0]:.9g} to {times[-1]:.9g}; "
                "ask for one of these."
            )
        return self[int(np.argmin(np.abs(times - time)))]

    @property
    def steps(self) -> np.ndarray:
        """The steps of the frames [frames], int64; raises TrajectoryError as the class says."""
        with self._access():
            return np.empty(0, dtype=np.int64) if self._frames is None else self._frames.position.steps()

    @property
    def times(self) -> np.ndarray:
        """The flow times of the frames [frames], float64; raises TrajectoryError as the class says."""
        with self._access():
            return np.empty(0) if self._frames is None else self._frames.position.times()

    @property
    def observables(self) -> "Observables":
        """A mapping from the name of each observable to its (steps, times, values), which are read on access.

        An unknown name raises KeyError, and access raises TrajectoryError as the class says.
        """
        with self._access():
            if self._observables is None:
                self._observables = self._elements()
            return Observables(self._observables, self._access)

    @property
    def coordinates(self) -> list[str]:
        """The names of a particle's coordinates, w_0, ..., a_0, ... for a perceptron; empty without a frame.

        Raises TrajectoryError as the class says.
        """
        with self._access():
            return [] if self._frames is None else coordinate_names(self._parameters(), self._frames.dim)

    @property
    def titles(self) -> dict[str, str]:
        """The texts that describe the file: title, software, version, created, Conventions; empty before layout 1.3.

        Raises TrajectoryError as the class says.
        """
        with self._access():
            return {name: bytes(text).decode() for name, text in self._file.attrs.items() if isinstance(text, bytes)}

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters given on creation, with the described "flow" and the "seed" (None where none was given).

        Raises TrajectoryError as the class says.
        """
        with self._access():
            return self._parameters()

    @property
    def data(self) -> Dataset | None:
        """The data on which the run was trained; None where they took more than 64 kB or the flow had no risk.

        Raises TrajectoryError as the class says.
        """
        with self._access():
            return read_data(self._file)

    @property
    def provenance(self) -> dict[str, object]:
        """Versions, git state, device, command line and start of the run that wrote the file.

        `closed` is the UTC time at which the file was last closed in order, and `wall_seconds` the total time for which
        it was open for writing until then; they are None and NaN where that is not known. `resumes` are the UTC times
        of the resumes, and `resumed_by` their provenance, with None for resumes that a file of layout 1.0 did not note.
        `extensions` are the notes on extensions of a finished run: the step and flow time from which it went on, the
        UTC time, and the old values of the changed parameters. Raises TrajectoryError as the class says.
        """
        with self._access():
            module = child_group(self._file, MODULE)
            device = None if self._frames is None else self._frames.device
            later = {"resumes": resumes(module), "resumed_by": resumed_by(module), EXTENSIONS: extensions(module)}
            closed = bytes(module.attrs.get("closed", b"")).decode().strip() or None
            clock = {"closed": closed, "wall_seconds": float(module.attrs.get("wall_seconds", np.nan))}
            return {**json_object(module, PROVENANCE), "device": device, **clock, **later}

    @property
    def is_complete(self) -> bool:
        """Whether the run was marked as finished; raises TrajectoryError as the class says."""
        with self._access():
            return self._complete

    @property
    def kept_step(self) -> int | None:
        """The step of the kept state from which the run can be resumed or extended; None where there is none.

        Raises TrajectoryError as the class says.
        """
        with self._access():
            return checkpoint_step(self._file)

    @property
    def has_moving_masses(self) -> bool:
        """Whether every frame has masses of its own; False without a frame. Raises as the class says."""
        with self._access():
            return self._frames is not None and self._frames.moving

    def plot(
        self,
        *names: str,
        particles: bool = False,
        coordinates: Sequence[int] = (0, 1),
        axes: Any = None,
        log_time: bool | None = None,
        log_values: bool | None = None,
    ) -> np.ndarray:
        """Draw the observables of these names, or all, over time with matplotlib; returns the axes [panels].

        With `particles` a last panel shows two `coordinates`, or one, of the particles in the first and the last frame,
        with areas in proportion to masses; of more than 5000 particles the heaviest. Axes are logarithmic where that is
        asked for or, left out, where it helps; a zero, as the time of the start is, stays in the picture. Raises
        KeyError for a name that was not recorded, ValueError for coordinates that do not exist, ShapeError for another
        number of axes, TrajectoryError for particles of a file without frames and as the class says.
        """
        recorded = self.observables
        chosen = chosen_names(list(recorded), names, self._path) if names or recorded or not particles else []
        shown = self._ends(coordinates) if particles else None
        drawn = panels(len(chosen) + particles, axes)
        for name, panel in zip(chosen, drawn, strict=False):
            series = recorded[name]
            curve = Curve(series.times, series.values, recorded.labels(name).get("long_name", name))
            draw_curve(panel, name, curve, log_time, log_values)
        if shown is not None:
            draw_particles(drawn[-1], *shown, self.coordinates, f"time {self.times[-1]:.4g}")
        return drawn

    def _ends(self, coordinates: Sequence[int]) -> tuple[ParticleCloud, ParticleCloud, list[int]]:
        """The first and the last frame, and the coordinates of them that are to be drawn."""
        if not len(self):
            raise TrajectoryError(f"{self._path} has no frame, but its particles are to be drawn; run on first.")
        first = self[0]
        return first, self[-1], checked_coordinates(coordinates, first.dim)

    def _shown(self) -> dict[str, object]:
        if not self._file:
            return {"path": Path(self._path), "closed": True}
        try:
            times, names = self.times, list(self.observables)
        except TrajectoryError:
            return {"path": Path(self._path), "readable": False}
        sizes = {} if self._frames is None else {"particles": self._frames.count, "dim": self._frames.dim}
        said = {"path": Path(self._path), "frames": len(times), "times": span(times), **sizes}
        return {**said, "observables": names, "complete": self._complete}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _access(self) -> Iterator[None]:
        if not self._file:
            raise TrajectoryError(f"{self._path} is closed, but an open file is needed; open it again.")
        try:
            with damage_reported(self._file):
                yield
        except TrajectoryError:
            self._openings.check()
            raise
        self._openings.check()

    def _parameters(self) -> dict[str, object]:
        return json_object(child_group(self._file, PARAMETERS), CONFIGURATION)

    def _elements(self) -> dict[str, Element]:
        """The elements of the observables as they are now; a writer may add records and observables later."""
        group = child_group(self._file, OBSERVABLES)
        return recorded_elements(group, group)


class Observables(Mapping[str, Series]):
    """The observables of an open file, a mapping from name to `Series`."""

    def __init__(self, elements: Mapping[str, Element], access: Callable[[], AbstractContextManager[None]]) -> None:
        self._elements = elements
        self._access = access

    def __getitem__(self, name: str) -> Series:
        with self._access():
            if name in self._elements:
                element = self._elements[name]
                return Series(element.steps(), element.times(), element.value[: element.length])
        raise KeyError(f"No observable {name!r} was recorded; there are {', '.join(self._elements) or 'none'}.")

    def _shown(self) -> dict[str, object]:
        return {"names": list(self._elements)}

    def labels(self, name: str) -> dict[str, str]:
        """The labels of a recorded observable: long_name, units, formula and source, in words."""
        with self._access():
            return labels_of(self._elements[name].value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._elements)

    def __len__(self) -> int:
        return len(self._elements)
