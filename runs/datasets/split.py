"""Data split into train, validation and test, and the published protocol that splits tables."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from particles import Dataset

#: Seed of the row permutation and of simulated data, as in the published code of the asymmetric-scaling paper.
PROTOCOL_SEED = 10

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SplitData:
    """Three data sets of one source, with its name, its citation and a checksum.

    `checksum` is the sha256 of the file that was read, or of the numbers where there is no file.
    """

    name: str
    train: Dataset
    validation: Dataset
    test: Dataset
    source: str
    citation: str
    checksum: str

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "SplitData":
        """The data on another device or in another dtype."""
        parts = {name: getattr(self, name).to(device=device, dtype=dtype) for name in ("train", "validation", "test")}
        return replace(self, **parts)


def split_rows(count: int, seed: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The row numbers of train, validation and test: permuted with the seed, then cut into 40, 40 and 20 per cent.

    Train and validation have floor(0.4 rows) each; the test set has the rest.
    """
    rows = np.random.default_rng(seed).permutation(count)
    part = (2 * count) // 5
    return rows[:part], rows[part : 2 * part], rows[2 * part :]


def standardised(values: Table, training: Table) -> Table:
    """(values - mean) / deviation, column by column, both computed from the training rows; a constant column is 0."""
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    constant = np.ptp(training, axis=0) == 0.0
    centred = np.where(constant, 0.0, values - mean)
    scaled: Table = centred / np.where(constant, 1.0, deviation)
    return scaled


def split_table(
    inputs: Table, targets: Table, *, name: str, source: str, citation: str, checksum: str, seed: int
) -> SplitData:
    """Split inputs [n, d] and targets [n] by `split_rows`, and standardise both by the training rows."""
    parts = split_rows(len(inputs), seed)
    targets = targets.reshape(len(inputs), -1)
    scaled_inputs = standardised(inputs, inputs[parts[0]])
    scaled_targets = standardised(targets, targets[parts[0]])
    train, validation, test = (
        Dataset(torch.from_numpy(scaled_inputs[rows]), torch.from_numpy(scaled_targets[rows])) for rows in parts
    )
    return SplitData(name, train, validation, test, source=source, citation=citation, checksum=checksum)


def checksum_of(*arrays: Table) -> str:
    """The sha256 of the numbers as little-endian float64, one array after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()
