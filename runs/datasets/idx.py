"""The full MNIST in its public IDX format, from a folder that the user has: seventy thousand digits of 28 x 28."""

import gzip
import math
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runs.datasets.pinned import DATA_FOLDER
from runs.system.refusal import Refusal

Bytes = npt.NDArray[np.uint8]

#: The folder, and the address of its four files.
FOLDER = "mnist"
SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist"
CITATION = "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition (1998)"
#: What stands for unsigned bytes in the third byte of a file.
UNSIGNED, SIDE, DIGITS = 8, 28, 10


@dataclass(frozen=True)
class Part:
    """Names of the two files of one half, how often each digit is in it, and the sum of all its grey levels."""

    images: str
    labels: str
    counts: tuple[int, ...]
    total: int


TRAIN = Part(
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    1_567_298_545,
)
TEST = Part(
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
    (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    264_923_200,
)


def full_mnist(part: Part) -> tuple[Bytes, Bytes]:
    """Images [rows, 28, 28] with grey levels from 0 to 255, and digits [rows], in the order of the files.

    Read from $MEANFIELD_DATA/mnist, files as they are or with gzip's ending .gz. Raises Refusal where the folder or a
    file is missing, a header is not that of its format, or the numbers are not the published ones, by the sum of their
    grey levels and the count of each digit.
    """
    images, digits = read_idx(part.images, 3), read_idx(part.labels, 1)
    counts = np.bincount(digits, minlength=DIGITS)
    total = int(images.sum(dtype=np.int64))
    if images.shape[1:] != (SIDE, SIDE) or counts.tolist() != list(part.counts) or total != part.total:
        raise Refusal(
            f"The images of {part.images} and {part.labels} are not the published ones (shape {list(images.shape)}, "
            f"{len(digits)} digits, sum of grey levels {total}): take those at {SOURCE}."
        )
    return images, digits


def read_idx(name: str, dimensions: int) -> Bytes:
    """The numbers of a file of unsigned bytes in $MEANFIELD_DATA/mnist, in the shape that its header says.

    The header is two zeros, 8 for unsigned bytes, the number of dimensions, and the length of each as a big-endian
    integer of four bytes. Raises Refusal where the folder or the file is missing, and for another header or length.
    """
    path, content = _content(name)
    head = 4 + 4 * dimensions
    if len(content) < head or tuple(content[:4]) != (0, 0, UNSIGNED, dimensions):
        raise Refusal(
            f"The file {path} begins with the bytes {list(content[:4])}, but [0, 0, {UNSIGNED}, {dimensions}] is "
            f"needed: take the one at {SOURCE}."
        )
    shape = tuple(np.frombuffer(content, dtype=">u4", count=dimensions, offset=4).tolist())
    if len(content) - head != math.prod(shape):
        raise Refusal(
            f"The file {path} has {len(content) - head} numbers, but its header says {list(shape)}: take the one at "
            f"{SOURCE}."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(shape)


def _content(name: str) -> tuple[Path, bytes]:
    """Where the file is, and its bytes, unpacked."""
    folder = os.environ.get(DATA_FOLDER)
    if not folder:
        raise Refusal(
            f"The full set of mnist is read from a local folder: put the four files of {SOURCE} into a folder "
            f"{FOLDER}, and set {DATA_FOLDER} to the one above it."
        )
    plain = Path(folder) / FOLDER / name
    packed = plain.with_name(f"{name}.gz")
    path = plain if plain.exists() or not packed.exists() else packed
    try:
        content = path.read_bytes()
        return path, gzip.decompress(content) if path == packed else content
    except (OSError, EOFError, zlib.error) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(f"The file {path} cannot be read ({said}): put {name} or {name}.gz of {SOURCE} there.") from error
