"""Samples on the disk: what was kept is there again, and nothing else is taken for samples."""

from pathlib import Path

import numpy as np
import pytest

from limits import Samples
from runs.limit.files.kept_samples import KeptSamples
from runs.system.refusal import Refusal


def test_batches_of_levels_come_back_in_order(tmp_path: Path) -> None:
    """Assert that three batches of two levels are read as they were kept, to the bit, and that more can be added."""
    numbers = np.random.default_rng(0)
    first, second, third = (numbers.normal(size=(count, 2, 3)) for count in (4, 5, 6))
    samples = KeptSamples(tmp_path / "samples")
    assert isinstance(samples, Samples) and samples.kept(0) is None
    for batch in (first, second):
        samples.keep(0, batch, batch[:, :0])
    samples.keep(11, third, 2.0 * third)
    assert samples.fresh == 15
    again = KeptSamples(tmp_path / "samples")
    kept, other = again.kept(0), again.kept(11)
    assert kept is not None and other is not None and again.fresh == 0
    assert np.array_equal(kept[0], np.concatenate([first, second])) and kept[1].shape == (9, 0, 3)
    assert np.array_equal(other[1], 2.0 * third)
    again.keep(0, third, third[:, :0])
    last = KeptSamples(tmp_path / "samples").kept(0)
    assert last is not None and len(last[0]) == 15


@pytest.mark.parametrize("damage", ["gap", "cut", "text", "pickle"])
def test_damaged_samples_are_a_sentence(tmp_path: Path, damage: str) -> None:
    """Assert that a missing batch, a file cut short, a text and pickled objects are refused by the name of the file."""
    samples = KeptSamples(tmp_path)
    for _ in range(2):
        samples.keep(0, np.ones((4, 1, 1)), np.ones((4, 0, 1)))
    first, second = sorted(tmp_path.glob("level-*.npz"))
    if damage == "gap":
        first.unlink()
    elif damage == "cut":
        second.write_bytes(second.read_bytes()[:100])
    elif damage == "text":
        second.write_text("no archive")
    else:
        np.savez(second, fine=np.array([{}, {}], dtype=object), coarse=np.ones(2))
    with pytest.raises(Refusal, match="level-00-0000000004.npz .*: remove the files of its level"):
        KeptSamples(tmp_path)


def test_a_batch_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a batch whose writing is interrupted leaves neither a file nor samples."""

    def interrupted(file: object, **arrays: object) -> None:
        raise KeyboardInterrupt("in the middle")

    samples = KeptSamples(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt, match="in the middle"):
        patch.setattr(np, "savez", interrupted)
        samples.keep(0, np.ones((4, 1, 1)), np.ones((4, 0, 1)))
    assert samples.kept(0) is None and list(tmp_path.iterdir()) == []
