"""The checkpoint of a run inside its file: /checkpoint has two slots, of which one is whole at any moment.

The slot with the newer step is the valid one, or the second slot where both have the same step. The other slot is
filled and flushed, then marked with its new step and flushed, and from then on it is the valid one. Datasets are
overwritten in place, so a killed process leaves the valid slot as it was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h5py
import numpy as np
import torch

from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_group
from particles.trajectory.content.serialise import Array, Sliced, rebuilt
from particles.trajectory.describe import Json
from particles.trajectory.files.checked_nodes import check_size, child_dataset, child_group, has
from particles.trajectory.layout import UNWRITTEN

CHECKPOINT = "checkpoint"
SLOTS = ("0", "1")
#: Largest number of bytes of the tree of a state.
TREE_BYTES = 2**20


@dataclass(frozen=True)
class KeptParts:
    """A checkpoint as it is stored: the slot that holds its arrays, and its tree as JSON text."""

    slot: h5py.Group
    tree: str

    @property
    def step(self) -> int:
        """The step after which the state was kept."""
        return int(self.slot.attrs["step"])

    def kinds(self) -> dict[str, tuple[list[int], str]]:
        """The shape and dtype of each array, by its name."""
        stored = {name: child_dataset(self.slot, name) for name in self.slot if name != "tree"}
        return {name: (list(array.shape), str(array.dtype)) for name, array in stored.items()}

    def rows(self, name: str, part: slice) -> np.ndarray:
        """Rows of the array of this name; raises TrajectoryError where there is none."""
        stored = child_dataset(self.slot, name)
        check_size(stored)
        return np.asarray(stored[part])


def put_checkpoint(file: h5py.File, step: int, tree: Json, arrays: Mapping[str, Array], *, alone: bool = False) -> None:
    """Store a flattened value (`serialise.flattened`) as the state after a step.

    With `alone` the other slot is emptied, so that this is the only state in the file.
    """
    text = np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8)
    if not has(file, CHECKPOINT):
        add_group(file, CHECKPOINT, _empty_slots)
    counted = _newest(file)
    slot = child_group(file, f"{CHECKPOINT}/{next(name for name in SLOTS if name != counted)}")
    for name, array in {"tree": text, **arrays}.items():
        _write(slot, name, array)
    slot.attrs.modify("length", np.int64(len(text)))
    file.flush()
    slot.attrs.modify("step", np.int64(step))
    file.flush()
    if alone:
        _clear(child_group(file, f"{CHECKPOINT}/{counted}"))


def checkpoint_step(file: h5py.File) -> int | None:
    """The step of the newest whole checkpoint, None where there is none."""
    if not has(file, CHECKPOINT):
        return None
    newest = _steps(file)[_newest(file)]
    return None if newest == UNWRITTEN else newest


def get_checkpoint(file: h5py.File, classes: Sequence[type], device: torch.device | str) -> object:
    """The value of the newest checkpoint, built from these classes only; None where there is none."""
    found = newest_parts(file)
    if found is None:
        return None
    return rebuilt(json.loads(found.tree), lambda name: _array(found.slot, name), classes, device)


def newest_parts(file: h5py.File) -> KeptParts | None:
    """The newest whole checkpoint in parts, None where there is none; raises TrajectoryError where it is damaged."""
    if checkpoint_step(file) is None:
        return None
    slot = child_group(file, f"{CHECKPOINT}/{_newest(file)}")
    length = int(slot.attrs["length"])
    tree = _array(slot, "tree")
    if not 0 < length <= min(len(tree), TREE_BYTES):
        raise TrajectoryError(f"{file.filename} has a checkpoint without content; remove the file and run anew.")
    return KeptParts(slot, tree[:length].tobytes().decode())


def drop_checkpoint(file: h5py.File) -> None:
    """Delete the checkpoint of a file, if there is one."""
    if has(file, CHECKPOINT):
        del file[CHECKPOINT]
        file.flush()


def _empty_slots(group: h5py.Group) -> None:
    for name in SLOTS:
        slot = group.create_group(name)
        slot.attrs["step"] = np.int64(UNWRITTEN)
        slot.attrs["length"] = np.int64(0)


def _clear(slot: h5py.Group) -> None:
    slot.attrs.modify("step", np.int64(UNWRITTEN))
    slot.file.flush()
    for name in list(slot):
        del slot[name]
    slot.file.flush()


def _steps(file: h5py.File) -> dict[str, int]:
    group = child_group(file, CHECKPOINT)
    return {name: int(child_group(group, name).attrs["step"]) for name in SLOTS}


def _newest(file: h5py.File) -> str:
    """The name of the valid slot."""
    steps = _steps(file)
    return max(reversed(SLOTS), key=lambda name: steps[name])


def _write(slot: h5py.Group, name: str, array: Array) -> None:
    """Overwrite the dataset of this name, or create a new one where none fits."""
    text = name == "tree"
    if name in slot:
        stored = child_dataset(slot, name)
        if text and len(stored) < array.shape[0]:
            stored.resize(array.shape[0], axis=0)
        if text or (stored.shape == array.shape and stored.dtype == array.dtype):
            _fill(stored, array)
            return
        del slot[name]
    growing = {"maxshape": (TREE_BYTES,), "chunks": (2**12,)} if text else {}
    _fill(slot.create_dataset(name, shape=array.shape, dtype=array.dtype, **growing), array)


def _fill(stored: h5py.Dataset, array: Array) -> None:
    if isinstance(array, Sliced):
        for part, rows in array.parts():
            stored[part] = rows
    else:
        stored[tuple(slice(0, size) for size in array.shape)] = array


def _array(slot: h5py.Group, name: str) -> np.ndarray:
    stored = child_dataset(slot, name)
    check_size(stored)
    return np.asarray(stored[()])
