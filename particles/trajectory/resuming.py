"""Where an interrupted run may continue: the last frame whose step was handled to the end."""

import h5py
import numpy as np

from particles.trajectory.element import Element, recorded_elements
from particles.trajectory.frames import Frames
from particles.trajectory.layout import CLOUD, MODULE, OBSERVABLES, UNWRITTEN
from particles.trajectory.opening import child_group


def trim_to_resume(file: h5py.File) -> None:
    """Cut all datasets to what an uninterrupted run had in the file right after the frame it is resumed from.

    That is the last committed frame, unless observables due at its step may have been lost: a resumed run is not
    handed its first state again, so they would stay missing. The frame counts as handled to the end where the file
    was closed in order after it, where anything was recorded at a later step, or where every observable has a record
    at its step; otherwise (killed between two observers of one step) the frame before is taken. Observables are cut
    to steps and times up to that frame's; without a frame all are emptied.
    """
    frames = Frames(file) if CLOUD in file else None
    group = child_group(file, OBSERVABLES)
    observables = recorded_elements(group, group)
    last, moment = UNWRITTEN, -np.inf
    if frames is not None:
        recorded = [observables[name].last_step if name in observables else UNWRITTEN for name in group]
        frames.trim(_handled_frames(file, frames, recorded))
        last, moment = frames.position.last_step, _last_time(frames.position)
    for element in observables.values():
        steps, times = element.steps(), element.times()
        element.trim(int(np.sum((steps < last) | ((steps == last) & (times <= moment)))))


def _last_time(element: Element) -> float:
    return float(element.times()[-1]) if element.length else -np.inf


def _handled_frames(file: h5py.File, frames: Frames, recorded: list[int]) -> int:
    """Number of frames up to the last one whose step is known to be handled; recorded: last step of each observable."""
    last = frames.position.last_step
    closed_in_order = int(child_group(file, MODULE).attrs["sealed"]) == last
    went_on = any(step > last for step in recorded)
    all_there = all(step >= last for step in recorded)
    return len(frames) if closed_in_order or went_on or all_there else max(0, len(frames) - 1)
