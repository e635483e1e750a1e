"""Comparison of two files bit for bit, without their provenance."""

from os import PathLike

import h5py
import numpy as np

from particles.trajectory.content.kept_states import CHECKPOINT, newest_parts


def datasets(path: str | PathLike[str]) -> dict[str, np.ndarray]:
    """All datasets of a file by name, without those of its provenance (h5md), and of kept states only the newest."""
    found: dict[str, np.ndarray] = {}

    def keep(name: str, node: h5py.Group | h5py.Dataset) -> None:
        if isinstance(node, h5py.Dataset) and not name.startswith(("h5md/", f"{CHECKPOINT}/")):
            found[name] = np.asarray(node[()])

    with h5py.File(path, "r") as file:
        file.visititems(keep)
        if (kept := newest_parts(file)) is not None:
            found[f"{CHECKPOINT}/tree"] = np.array(kept.tree)
            found |= {f"{CHECKPOINT}/{name}": kept.rows(name, slice(None)) for name in kept.kinds()}
    return found


def differing(path: str | PathLike[str], other: str | PathLike[str]) -> set[str]:
    """Names of the datasets that only one of two files has, or that differ in shape, dtype or any bit."""
    one, two = datasets(path), datasets(other)
    return {name for name in one.keys() | two.keys() if _content(one.get(name)) != _content(two.get(name))}


def _content(values: np.ndarray | None) -> object:
    if values is None:
        return None
    return values.shape, str(values.dtype), values.tolist() if values.dtype.hasobject else values.tobytes()
