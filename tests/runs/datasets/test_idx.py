"""The full MNIST from files of its format, made here."""

import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from runs.datasets import idx
from runs.datasets.idx import FOLDER, TEST, TRAIN, Part, full_mnist
from runs.datasets.ten_classes import load_ten_classes
from runs.system.refusal import Refusal

Bytes = npt.NDArray[np.uint8]


def packed(numbers: Bytes) -> bytes:
    """The header and the numbers of a file."""
    head = bytes([0, 0, 8, numbers.ndim])
    return head + struct.pack(f">{numbers.ndim}I", *numbers.shape) + numbers.tobytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with small files of the right format, whose counts and sums are taken for the published ones."""
    monkeypatch.setenv("MEANFIELD_DATA", str(tmp_path))
    (tmp_path / FOLDER).mkdir()
    random = np.random.default_rng(0)
    for name, part, count in (("TRAIN", TRAIN, 30), ("TEST", TEST, 20)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        digits = (np.arange(count) % 10).astype(np.uint8)
        (tmp_path / FOLDER / part.images).write_bytes(packed(images))
        (tmp_path / FOLDER / part.labels).write_bytes(packed(digits))
        own = Part(part.images, part.labels, tuple(np.bincount(digits).tolist()), int(images.sum(dtype=np.int64)))
        monkeypatch.setattr(idx, name, own)
    return tmp_path / FOLDER


def test_published_numbers_are_those_of_the_full_set() -> None:
    """Assert that 60,000 and 10,000 digits are known, with mean grey levels .1307 and .1325 of the literature."""
    assert (sum(TRAIN.counts), sum(TEST.counts)) == (60_000, 10_000)
    means = [part.total / (sum(part.counts) * 784 * 255) for part in (TRAIN, TEST)]
    assert [round(mean, 4) for mean in means] == [0.1307, 0.1325]


@pytest.mark.parametrize("zipped", [False, True])
def test_files_are_read_plain_or_zipped(folder: Path, zipped: bool) -> None:
    """Assert that images and digits come as they were written, and as data with levels in [0, 1] and one-hot rows."""
    images = np.frombuffer((folder / TRAIN.images).read_bytes()[16:], dtype=np.uint8).reshape(30, 28, 28)
    for path in folder.iterdir() if zipped else ():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    found, digits = full_mnist(idx.TRAIN)
    assert np.array_equal(found, images) and digits.tolist() == [row % 10 for row in range(30)]
    data = load_ten_classes("mnist", rows=30, test=20, seed=3)
    order = np.random.default_rng(3).permutation(30)
    assert np.array_equal(data.train.inputs.numpy(), images[order].reshape(30, 784) / 255.0)
    assert data.train.targets.argmax(dim=1).tolist() == [row % 10 for row in order]
    assert data.test.targets.sum(dim=0).tolist() == [2.0] * 10


def test_other_numbers_are_refused(folder: Path) -> None:
    """Assert that a changed byte, another header, a torn file, a torn archive and a missing one are each told."""
    path = folder / TEST.images
    content = path.read_bytes()
    changed = bytearray(content)
    changed[100] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(Refusal, match=r"t10k-labels-idx1-ubyte are not the published ones \(shape \[20, 28, 28\], 20"):
        full_mnist(idx.TEST)
    path.write_bytes(content[:3] + b"\x01" + content[4:])
    with pytest.raises(Refusal, match=r"begins with the bytes \[0, 0, 8, 1\], but \[0, 0, 8, 3\] is needed: take"):
        full_mnist(idx.TEST)
    path.write_bytes(content[:-1])
    with pytest.raises(Refusal, match=r"has 15679 numbers, but its header says \[20, 28, 28\]: take the one at https"):
        full_mnist(idx.TEST)
    path.unlink()
    with pytest.raises(Refusal, match=r"cannot be read \(No such file or directory\): put t10k-images-idx3-ubyte or"):
        full_mnist(idx.TEST)
    (folder / f"{TEST.images}.gz").write_bytes(gzip.compress(content)[:-40])
    with pytest.raises(Refusal, match=r"images-idx3-ubyte\.gz cannot be read \(Compressed file ended before"):
        full_mnist(idx.TEST)


def test_without_a_folder_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without the environment variable one sentence says what to do."""
    monkeypatch.delenv("MEANFIELD_DATA", raising=False)
    with pytest.raises(
        Refusal, match="read from a local folder: put the four files of https.*, and set MEANFIELD_DATA"
    ):
        full_mnist(TRAIN)
