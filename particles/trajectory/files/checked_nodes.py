"""Access to the content of a file that may be damaged or foreign: links are not followed and sizes are checked."""

import json
from math import prod

import h5py

from particles.errors import TrajectoryError
from particles.trajectory.describe import described_today
from particles.trajectory.files.beside_writers import size_now

#: Largest factor by which a compressed dataset may grow on reading (deflate reaches 1032).
DEFLATED = 1100


def child_group(parent: h5py.Group, path: str) -> h5py.Group:
    """The group at a path below `parent`; raises TrajectoryError where there is none or a link leads to it."""
    node = child(parent, path)
    if not isinstance(node, h5py.Group):
        raise TrajectoryError(_foreign(parent, f"no group {path} in {parent.name}"))
    return node


def child_dataset(parent: h5py.Group, path: str) -> h5py.Dataset:
    """The dataset of numbers or text at a path below `parent`.

    Raises TrajectoryError where there is none, a link leads to it, or its values have another kind or lie elsewhere.
    """
    node = child(parent, path)
    if not isinstance(node, h5py.Dataset):
        raise TrajectoryError(_foreign(parent, f"no dataset {path} in {parent.name}"))
    if node.is_virtual or node.external:
        raise TrajectoryError(_foreign(parent, f"values of {node.name} outside the file"))
    if node.dtype.kind not in "iuf" and h5py.check_string_dtype(node.dtype) is None:
        raise TrajectoryError(_foreign(parent, f"neither numbers nor text in {node.name}"))
    return node


def child_records(parent: h5py.Group, name: str, axes: int | None = None, kinds: str = "iuf") -> h5py.Dataset:
    """The dataset of numbers [records, ...] of this name, with `axes` axes where that is given.

    Raises TrajectoryError for text, a single number, other axes or another kind of numbers, and as `child_dataset`.
    """
    node = child_dataset(parent, name)
    if node.dtype.kind not in kinds or not node.ndim or axes not in (None, node.ndim):
        raise TrajectoryError(_foreign(parent, f"no records in {node.name}, but {node.dtype} of shape {node.shape}"))
    return node


def has(parent: h5py.Group, path: str) -> bool:
    """Whether there is something at a path; a link at its end counts and is not followed."""
    return parent.get(path, getlink=True) is not None


def check_size(dataset: h5py.Dataset, records: int | None = None) -> None:
    """Raise TrajectoryError where a dataset, or its first records, would need more memory than its file can hold.

    Values that were never written take no space in a file, so a few bytes can declare any size.
    """
    shape = dataset.shape if records is None else (records, *dataset.shape[1:])
    declared = prod(shape) * dataset.dtype.itemsize
    held = size_now(dataset.file)
    if declared > (held if dataset.compression is None else DEFLATED * held):
        raise TrajectoryError(
            f"{dataset.file.filename} declares {declared} bytes in {dataset.name} but is {held} bytes long, as only a "
            "damaged file is; restore it from a copy."
        )


def text(parent: h5py.Group, name: str) -> str:
    """The text of a scalar dataset of strings; raises TrajectoryError for any other dataset."""
    dataset = child_dataset(parent, name)
    if dataset.shape != () or h5py.check_string_dtype(dataset.dtype) is None:
        raise TrajectoryError(_foreign(parent, f"no text in {dataset.name}"))
    check_size(dataset)
    stored = dataset[()]
    return stored.decode() if isinstance(stored, bytes) else str(stored)


def json_object(parent: h5py.Group, name: str) -> dict[str, object]:
    """A JSON object stored as text, with class names as they are written now; raises TrajectoryError for other text."""
    stored = described_today(json.loads(text(parent, name)))
    if not isinstance(stored, dict):
        raise TrajectoryError(_foreign(parent, f"no JSON object in {parent.name}/{name}"))
    return stored


def child(parent: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """The group or dataset at a path, or None; raises TrajectoryError for a link, which is not followed."""
    node = parent
    for name in path.split("/"):
        link = node.get(name, getlink=True) if isinstance(node, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise TrajectoryError(_foreign(parent, f"a link instead of content at {node.name.rstrip('/')}/{name}"))
        node = node[name]
    return node


def _foreign(parent: h5py.Group, found: str) -> str:
    return f"{parent.file.filename} has {found}, so it is not a trajectory of ours; give a file that we wrote."
