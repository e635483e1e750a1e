"""CIFAR-10 from files of its format, made here."""

from pathlib import Path

import numpy as np
import pytest

from runs.datasets import cifar
from runs.datasets.cifar import FOLDER, TEST, TRAIN, cifar_images
from runs.datasets.images import load_images
from runs.system.refusal import Refusal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with small files of the right format, whose sums are taken for the published ones."""
    monkeypatch.setenv("MEANFIELD_DATA", str(tmp_path))
    random = np.random.default_rng(0)
    sums = {}
    (tmp_path / FOLDER).mkdir()
    for files in (TRAIN, TEST):
        total = np.zeros(3, dtype=np.int64)
        for name in files:
            images = random.integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
            labels = np.repeat(np.arange(10, dtype=np.uint8), 2)[:, None]
            (tmp_path / FOLDER / name).write_bytes(np.hstack([labels, images.reshape(20, -1)]).tobytes())
            total += images.sum(axis=(0, 2, 3), dtype=np.int64)
        sums[files] = tuple(total.tolist())
    monkeypatch.setattr(cifar, "SUMS", sums)
    return tmp_path / FOLDER


def test_classes_are_read_channel_by_channel(folder: Path) -> None:
    """Assert that cats and horses come in the order of the files, red first, and are pooled to 8 x 8."""
    images, labels = cifar_images(TRAIN, (3, 7))
    assert images.shape == (20, 3, 32, 32) and labels.tolist() == [3, 3, 7, 7] * 5
    record = np.frombuffer((folder / TRAIN[0]).read_bytes(), dtype=np.uint8).reshape(-1, 3073)[6]
    assert np.array_equal(images[0, 0].ravel(), record[1:1025]) and record[0] == 3
    data = load_images("cifar", rows=20, test=4, pool=4)
    assert data.train.inputs.shape == (20, 192) and float(data.test.targets.sum()) == 0.0


def test_other_numbers_are_refused(folder: Path) -> None:
    """Assert that one changed byte, a torn record and a missing file are each told in a sentence."""
    path = folder / TEST[0]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Refusal, match=r"images of test_batch\.bin are not the published ones \(sums of their colours"):
        cifar_images(TEST, (3, 7))
    path.write_bytes(bytes(content[:-1]))
    with pytest.raises(Refusal, match=r"has 61459 bytes, but images of 3073 each are needed"):
        cifar_images(TEST, (3, 7))
    path.unlink()
    with pytest.raises(Refusal, match=r"cannot be read \(No such file or directory\): unpack https"):
        cifar_images(TEST, (3, 7))


def test_without_a_folder_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without the environment variable one sentence says what to do."""
    monkeypatch.delenv("MEANFIELD_DATA", raising=False)
    with pytest.raises(Refusal, match="read from a local folder: unpack https.*, and set MEANFIELD_DATA"):
        cifar_images(TEST, (3, 7))
