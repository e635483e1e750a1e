"""The observer that evaluates observables and appends their values to a trajectory file."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import h5py
import numpy as np
import torch

from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_element, add_group
from particles.trajectory.content.element import Element, check_start, recorded_elements
from particles.trajectory.content.labels import words_for
from particles.trajectory.files.checked_nodes import child_group, has
from particles.trajectory.files.open_checked import failure_reported
from particles.trajectory.layout import OBSERVABLES, record_chunk

#: A number or a small array of fixed shape computed from a cloud.
Observable: TypeAlias = Callable[[ParticleCloud], torch.Tensor | np.ndarray | float]


class ObservableRecorder:
    """An observer (step, time, cloud) -> None; every call appends one record to each of its observables.

    A call writes all values, flushes the file, writes all steps and flushes the file again.
    """

    def __init__(
        self,
        file: h5py.File,
        observables: Mapping[str, Observable],
        begin: Callable[[int], None],
        end: Callable[[], None],
    ) -> None:
        """Record these observables, which the file may hold already.

        `begin` is called with the number of bytes before each write, and `end` after it. Each observable gets its group
        at once; a group without records shows that its first record is missing. Raises TypeError for an observable that
        is not a function of a cloud, ValueError for a name that is not an identifier.
        """
        check_observables(observables)
        group = child_group(file, OBSERVABLES)
        self._file, self._group, self._begin, self._end = file, group, begin, end
        self._observables = dict(observables)
        for name in observables:
            if not has(group, name):
                add_group(group, name, fill=lambda _: None)
        self.elements = recorded_elements(group, observables)

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Evaluate the observables on the cloud and append the values.

        Raises TrajectoryError for a time that does not increase, a value whose shape or dtype differs from earlier
        records, a closed file or a failing disk; TypeError for a value that is not a number or an array of numbers.
        """
        values = {name: _as_array(name, observable(cloud)) for name, observable in self._observables.items()}
        self._begin(sum(value.nbytes for value in values.values()))
        for name, value in values.items():
            check_start(name, step, time)
            if name in self.elements:
                _check_like(self.elements[name], name, value)
                self.elements[name].check_order(step, time)
        with failure_reported(self._file):
            for name, value in values.items():
                if name not in self.elements:
                    group = child_group(self._group, name)
                    words = words_for(name, self._observables[name])
                    chunk = record_chunk(value.shape, value.itemsize)
                    add_element(group, value.shape, value.dtype, chunk, words=words)
                    self.elements[name] = Element(group)
                self.elements[name].put(value, time)
            self._file.flush()
            for name in values:
                self.elements[name].commit(step)
            self._file.flush()
        self._end()


def check_observables(observables: Mapping[str, Observable]) -> None:
    """Raise TypeError for an observable that cannot be called, ValueError for a name that is not an identifier."""
    for name, observable in observables.items():
        if not callable(observable):
            raise TypeError(
                f"The observable {name} is {type(observable).__name__}, but a function of a cloud is needed; give a "
                "Risk, one of our observables or a function."
            )
    wrong = sorted(name for name in observables if not name.isidentifier())
    if wrong:
        raise ValueError(f"The trace got the names {wrong}; give observables by keywords new to this writer.")


def _as_array(name: str, value: object) -> np.ndarray:
    """The value as an array of integers or floats in main memory; raises TypeError for anything else."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype is torch.bfloat16 else value).numpy()
    array = np.asarray(value)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf" or array.size == 0:
        raise TypeError(
            f"Observable {name} gave {type(value).__name__} of shape {array.shape} in {array.dtype}, but a real number "
            "or a non-empty array of them is needed; return a tensor or a float."
        )
    return array


def _check_like(element: Element, name: str, value: np.ndarray) -> None:
    """Raise TrajectoryError where a value has another shape or dtype than the records of its element."""
    shape, dtype = element.shape, element.dtype
    if value.shape != shape or value.dtype != dtype:
        raise TrajectoryError(
            f"Observable {name} gave shape {value.shape} in {value.dtype}, but its records have shape {shape} in "
            f"{dtype}; record it under another name."
        )
