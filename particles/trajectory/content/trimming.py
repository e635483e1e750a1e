"""The place from which an interrupted run continues: the last frame whose step was completely recorded."""

import h5py
import numpy as np

from particles.trajectory.content.element import Element, recorded_elements
from particles.trajectory.content.frames import Frames
from particles.trajectory.content.kept_states import checkpoint_step
from particles.trajectory.files.checked_nodes import child_group, has
from particles.trajectory.layout import CLOUD, MODULE, OBSERVABLES, UNWRITTEN

_BEFORE_ALL = (UNWRITTEN, -np.inf)


def trim_to_resume(file: h5py.File) -> None:
    """Cut all datasets to the content that an uninterrupted run had right after the frame from which it is resumed.

    An unfinished file with a checkpoint is resumed from it: everything after its step is cut off. It was stored after
    all observers of its step had been called.

    Without a checkpoint it is resumed from the last committed frame, if all observables of its step were recorded. A
    resumed run does not call observers on its first state again, so a missing record would stay missing. The step is
    complete where the file was closed in order after it, where something was recorded at a later step, or where every
    observable has a record at it. Otherwise the process was killed between two observers of the step, and the frame
    before is used. Observables are cut to the step and time of that frame; without a frame all are emptied.
    """
    step = checkpoint_step(file)
    if step is not None and not child_group(file, MODULE).attrs["complete"]:
        trim_to_step(file, step)
        return
    frames = Frames(file) if has(file, CLOUD) else None
    group = child_group(file, OBSERVABLES)
    observables = recorded_elements(group, group)
    last, moment = _BEFORE_ALL
    if frames is not None:
        recorded = [_last(observables[name]) if name in observables else _BEFORE_ALL for name in group]
        frames.trim(_handled_frames(file, frames, recorded))
        last, moment = _last(frames.position)
    for element in observables.values():
        steps, times = element.steps(), element.times()
        element.trim(int(np.sum((steps < last) | ((steps == last) & (times <= moment)))))


def trim_to_step(file: h5py.File, step: int) -> None:
    """Cut off all records and frames after a step."""
    group = child_group(file, OBSERVABLES)
    for element in recorded_elements(group, group).values():
        element.trim(int(np.sum(element.steps() <= step)))
    if has(file, CLOUD):
        frames = Frames(file)
        frames.trim(int(np.sum(frames.position.steps() <= step)))


def _last(element: Element) -> tuple[int, float]:
    """Step and time of the last record; the time orders several moments of one step."""
    return element.last_step, element.last_time


def _handled_frames(file: h5py.File, frames: Frames, recorded: list[tuple[int, float]]) -> int:
    """Number of frames up to the last complete one; `recorded` holds step and time of each observable's last record."""
    last = _last(frames.position)
    closed_in_order = int(child_group(file, MODULE).attrs["sealed"]) == frames.position.last_step
    went_on = any(record > last for record in recorded)
    all_there = all(record >= last for record in recorded)
    return len(frames) if closed_in_order or went_on or all_there else max(0, len(frames) - 1)
