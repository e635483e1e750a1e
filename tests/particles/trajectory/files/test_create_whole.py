"""A file is whole at every single write that HDF5 makes, whichever one the process does not live to see."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryReader, TrajectoryWriter
from particles.trajectory.content import creation
from particles.trajectory.files import beside_writers, create_whole
from particles.trajectory.files.create_whole import note_end_of_file, publish
from tests.long import long_after
from tests.particles.trajectory.plays import at_step, mean, played, spread

Write = tuple[int, bytes | None]


class Watched(io.FileIO):
    """A file that remembers every write (offset, bytes) and every change of its length (length, None)."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r+")
        self.start = path.read_bytes()
        self.writes: list[Write] = []

    def write(self, content: object) -> int:
        """Write and remember."""
        written = bytes(memoryview(content))  # type: ignore[arg-type]
        self.writes.append((self.tell(), written))
        return super().write(written)

    def truncate(self, size: int | None = None) -> int:
        """Change the length and remember."""
        length = super().truncate(size)
        self.writes.append((length, None))
        return length

    def images(self, first: int, last: int) -> Iterator[bytes]:
        """The content of the file after each of the writes first, ..., last - 1."""
        content = bytearray(self.start)
        for number, (offset, written) in enumerate(self.writes[:last]):
            if written is None:
                content = content[:offset].ljust(offset, b"\0")
            else:
                content = content.ljust(offset, b"\0")
                content[offset : offset + len(written)] = written
            if number >= first:
                yield bytes(content)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Watched]]:
    """All files opened for writing meanwhile, in this order, watched."""
    opened: list[Watched] = []

    def open_watched(path: Path) -> h5py.File:
        opened.append(Watched(path))
        return h5py.File(opened[-1], "r+", libver=create_whole.OBJECT_BOUNDS)

    with monkeypatch.context() as patch:
        patch.setattr(beside_writers, "open_to_write", open_watched)
        yield opened
    for file in opened:
        file.close()


def record(writer: TrajectoryWriter, last: int, file: Watched) -> list[int]:
    """Write a frame and two observables at each step up to the last; the number of writes after each frame."""
    trace = writer.trace(spread=spread, mean=mean)
    first = 0 if writer.last is None else writer.last[0] + 1
    committed = []
    for step in range(first, last + 1):
        writer(step, 0.5 * step, at_step(step))
        committed.append(len(file.writes))
        trace(step, 0.5 * step, at_step(step))
    return committed


def check_image(path: Path, frames: int) -> None:
    """Fail unless the file holds the committed frames of the run, or one more, and their observables."""
    with Trajectory.open(path) as reader:
        assert len(reader) in (frames, frames + 1)
        assert all(len(steps) >= frames - 1 for steps, _, _ in reader.observables.values())
        check_whole(reader)


def check_whole(reader: TrajectoryReader) -> None:
    """Fail unless each frame and each record is that of its step, from 0 on."""
    assert reader.steps.tolist() == list(range(len(reader)))
    for step, cloud in enumerate(reader):
        assert torch.equal(cloud.positions, at_step(step).positions)
    for name, (steps, times, values) in reader.observables.items():
        observable = {"mean": mean, "spread": spread}[name]
        assert steps.tolist() == list(range(len(steps)))
        assert times.tolist() == [0.5 * step for step in range(len(steps))]
        assert all((values[step] == observable(at_step(step)).numpy()).all() for step in range(len(steps)))


def check_resumed(path: Path, frames: int) -> None:
    """Fail unless append takes up the run at a frame whose step was handled, and writes on from there."""
    with Trajectory.append(path) as writer:
        start = 0 if writer.last is None else writer.last[0] + 1
        assert start >= frames - 1
        trace = writer.trace(spread=spread, mean=mean)
        for step in (start, start + 1):
            writer(step, 0.5 * step, at_step(step))
            trace(step, 0.5 * step, at_step(step))
    check_image(path, start + 2)


def check_images(folder: Path, images: Iterator[bytes], committed: list[int]) -> None:
    """Check the content after each write, every third time also resumed; committed: writes up to each frame."""
    path = folder / "image.h5"
    for number, content in enumerate(images, 1):
        path.write_bytes(content)
        frames = sum(writes <= number for writes in committed)
        check_image(path, frames)
        if number % 3 == 0:
            check_resumed(path, frames)


#: The first frames, while the chunk indices are built; those at which a B-tree would split its first node; and those at
#: which the steps begin another chunk.
@pytest.mark.parametrize(("first", "last", "records"), long_after(1, [(4, 4, 4), (0, 2, 512), (63, 65, 512)]))
@pytest.mark.usefixtures("without_shape_checks")
def test_killed_at_any_write_it_keeps_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, last: int, records: int
) -> None:
    """Assert that after every single write of these frames the file opens, is right and can be continued."""
    monkeypatch.setattr(creation, "RECORDS_PER_CHUNK", records)
    with watched(monkeypatch) as opened, Trajectory.create(tmp_path / "run.h5") as writer:
        committed = record(writer, last, opened[0])
    begin = committed[first - 1] if first else 0
    check_images(tmp_path, opened[0].images(begin, committed[-1]), [writes - begin for writes in committed])


@pytest.mark.usefixtures("without_shape_checks")
def test_killed_while_it_is_resumed_it_keeps_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that the writes by which append cuts off an unfinished frame leave a whole file each."""
    path = tmp_path / "run.h5"
    with watched(monkeypatch) as opened, Trajectory.create(path) as writer:
        committed = record(writer, 4, opened[0])
    unfinished = opened[0].images(committed[-1] - 1, committed[-1])
    path.write_bytes(next(unfinished))
    with watched(monkeypatch) as opened, Trajectory.append(path) as writer:
        resumed = [0] * 4 + record(writer, 5, opened[0])
    check_images(tmp_path, opened[0].images(0, resumed[-1]), resumed)


@dataclass(frozen=True)
class Kept:
    """All that a run of these frames needs to go on."""

    step: int


@pytest.mark.usefixtures("without_shape_checks")
def test_killed_while_it_goes_back_to_a_checkpoint_it_ends_with_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that after every write by which append cuts off many records, whole ones are left, and a second try cuts.

    With chunks of four records, so that some are cut through and others are taken away.
    """
    monkeypatch.setattr(creation, "RECORDS_PER_CHUNK", 4)
    path, image = tmp_path / "run.h5", tmp_path / "image.h5"
    with Trajectory.create(path) as writer:
        trace = writer.trace(spread=spread, mean=mean)
        for step in range(12):
            writer(step, 0.5 * step, at_step(step))
            trace(step, 0.5 * step, at_step(step))
            if step == 1:
                writer.keep(Kept(step))
        writer.close()
    with watched(monkeypatch) as opened, Trajectory.append(path):
        cuts = len(opened[0].writes)
    assert cuts > 20
    for content in opened[0].images(0, cuts):
        image.write_bytes(content)
        with Trajectory.open(image) as reader:
            check_whole(reader)
        with Trajectory.append(image) as writer:
            assert writer.last is not None and writer.last[0] == 1
        with Trajectory.open(image) as reader:
            check_whole(reader)
            assert {len(steps) for steps, _, _ in reader.observables.values()} == {2}


def test_a_new_file_appears_whole(tmp_path: Path) -> None:
    """Assert that the name is not there while the content is written, and nothing else is afterwards."""
    seen: list[bool] = []
    publish(tmp_path / "run.h5", lambda file: seen.append((tmp_path / "run.h5").exists()))
    assert seen == [False]
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]


def test_a_file_that_cannot_be_filled_leaves_nothing(tmp_path: Path) -> None:
    """Assert that an error while the content is written leaves the folder as it was."""
    with pytest.raises(TypeError, match="no such content"):
        publish(tmp_path / "run.h5", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_file_made_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Assert that a file created by somebody else in the meantime stays, with and without hard links."""
    target = tmp_path / "run.h5"
    if not links:
        monkeypatch.setattr(os, "link", refuse_links)
    with pytest.raises(TrajectoryError, match="run.h5 was created by somebody else meanwhile; choose another name."):
        publish(target, lambda file: target.write_text("theirs\n"))
    assert target.read_text() == "theirs\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file is created where the file system refuses hard links."""
    monkeypatch.setattr(os, "link", refuse_links)
    with Trajectory.create(tmp_path / "run.h5") as writer:
        writer(0, 0.0, at_step(0))
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]


def test_superblock_keeps_no_mark_of_an_open_writer(tmp_path: Path) -> None:
    """Assert that the file has the oldest superblock, whose noted end can be mended, and its size as noted end."""
    path = played(tmp_path / "run.h5", 6)
    with h5py.File(path, "r") as file:
        assert file.id.get_create_plist().get_version()[0] == 0
    assert noted_end(path) == path.stat().st_size


def test_noted_end_is_moved_to_the_end_and_nowhere_else(tmp_path: Path) -> None:
    """Assert that a noted end before the end of the file is mended, and that no other byte of any file is touched."""
    path = played(tmp_path / "run.h5", 6)
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + (1000).to_bytes(8, "little") + whole[48:])
    note_end_of_file(path)
    assert path.read_bytes() == whole
    for content in (whole[:-1], whole[:30], b"", b"\x89HDF\r\n\x1a\n\x02" + whole[9:], b"no HDF5 file " * 10):
        path.write_bytes(content)
        note_end_of_file(path)
        assert path.read_bytes() == content


def noted_end(path: Path) -> int:
    """End of the file as the superblock notes it."""
    return int.from_bytes(path.read_bytes()[40:48], "little")


def fail(file: h5py.File) -> None:
    """Content that cannot be written."""
    raise TypeError("no such content")


def refuse_links(source: Path, target: Path) -> None:
    """A file system without hard links."""
    raise OSError("Operation not supported")
