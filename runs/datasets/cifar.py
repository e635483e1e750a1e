"""CIFAR-10 in its public binary format, from a folder that the user has: sixty thousand colour images of 32 x 32."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runs.datasets.pinned import DATA_FOLDER
from runs.system.refusal import Refusal

Bytes = npt.NDArray[np.uint8]

#: The folder as the archive cifar-10-binary.tar.gz unpacks it, its files, and bytes of a record: label, 3 x 32 x 32.
FOLDER, RECORD, SIDE = "cifar-10-batches-bin", 3073, 32
TRAIN, TEST = tuple(f"data_batch_{number}.bin" for number in range(1, 6)), ("test_batch.bin",)
#: Sums of all red, green and blue bytes of the fifty thousand training and the ten thousand test images.
SUMS = {TRAIN: (6_415_714_204, 6_295_060_180, 5_829_907_619), TEST: (1_290_492_328, 1_266_775_082, 1_176_108_223)}
SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CITATION = "Krizhevsky, Learning multiple layers of features from tiny images (2009)"


def cifar_images(files: tuple[str, ...], classes: tuple[int, ...]) -> tuple[Bytes, Bytes]:
    """Images [rows, 3, 32, 32] and labels [rows] of some classes, in the order of the files `TRAIN` or `TEST`.

    Read from $MEANFIELD_DATA/cifar-10-batches-bin. Raises Refusal where the folder or a file is missing, or the numbers
    are not those of the published ones, by the sums of their colours and the count of each class.
    """
    records = np.concatenate([_records(name) for name in files])
    labels, images = records[:, 0], records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    sums = tuple(int(images[:, colour].sum(dtype=np.int64)) for colour in range(3))
    counts = np.bincount(labels, minlength=10)
    if sums != SUMS[files] or counts.tolist() != [len(records) // 10] * 10:
        raise Refusal(
            f"The images of {', '.join(files)} are not the published ones (sums of their colours are {sums}): unpack "
            f"{SOURCE} again."
        )
    kept = np.isin(labels, classes)
    return images[kept], labels[kept]


def _records(name: str) -> Bytes:
    folder = os.environ.get(DATA_FOLDER)
    path = Path(folder or ".") / FOLDER / name
    try:
        content = path.read_bytes() if folder else None
    except OSError as error:
        raise Refusal(
            f"The images {path} cannot be read ({error.strerror}): unpack {SOURCE} into ${DATA_FOLDER}."
        ) from error
    if content is None:
        raise Refusal(f"The images of cifar are read from a local folder: unpack {SOURCE}, and set {DATA_FOLDER}.")
    if not content or len(content) % RECORD:
        raise Refusal(f"The file {path} has {len(content)} bytes, but images of {RECORD} each are needed.")
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, RECORD)
