"""index.csv: which run lies where, with every setting."""

import csv
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runs.studyfile.results import index
from runs.studyfile.results.finished_runs import found_in
from runs.studyfile.results.index import LiveIndex, index_rows, write_index, write_rows
from runs.studyfile.running import perform
from tests.runs.studyfile.small.done import asked, done


def read(out: Path) -> list[dict[str, str]]:
    """The rows of the index."""
    with (out / "index.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_run_has_a_row_with_every_setting(tmp_path: Path) -> None:
    """Assert that a row says folder, seed, state, end and every key, what varies before what all share."""
    jobs, out = done(tmp_path), tmp_path / "out"
    assert write_index(found_in(out), out) == out / "index.csv"
    rows = read(out)
    assert list(rows[0])[:6] == ["folder", "seed", "state", "end_time", "until", "masses.count"]
    assert {row["folder"] for row in rows} == {job.folder.name for job in jobs}
    for row in rows:
        (job,) = (job for job in jobs if job.folder.name == row["folder"])
        assert int(row["masses.count"]) == job.config.masses.given()["count"] and int(row["seed"]) == job.config.seed
        assert (row["state"], row["end_time"], row["until"]) == ("complete", "1.0", "1.0")
        assert (row["scaling.kind"], row["integrator.step"], row["data.rows"]) == ("ntk", "0.125", "")
    assert [entry.name for entry in out.iterdir() if entry.is_file() and entry.name.startswith(".")] == []


def test_it_follows_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that runs that are asked for wait in it from the beginning, and that it is written once some ended."""
    jobs, out = asked(tmp_path), tmp_path / "out"
    live = LiveIndex(out, jobs)
    assert [row["state"] for row in read(out)] == ["waiting"] * 4
    perform(jobs[0], lambda steps: None)
    live.watch(1)
    assert [row["state"] for row in read(out)] == ["waiting"] * 4, "it was written just now"
    monkeypatch.setattr(index.time, "monotonic", lambda began=time.monotonic(): began + 1e6)
    live.watch(1)
    assert sorted(row["state"] for row in read(out)) == ["complete", *["waiting"] * 3]
    perform(jobs[1], lambda steps: None)
    live.write()
    assert sorted(row["state"] for row in read(out)) == ["complete", "complete", "waiting", "waiting"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Assert that an index that cannot be written ends nothing, since nobody depends on it."""
    (tmp_path / "index.csv").mkdir()
    write_index([], tmp_path)
    assert (tmp_path / "index.csv").is_dir()


def test_rows_are_csv(tmp_path: Path) -> None:
    """Assert that commas and quotes are kept, numbers are whole, and nothing is nothing."""
    write_rows([["a", 'b"c,'], [0.1 + 0.2, None]], tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == 'a,"b""c,"\n0.30000000000000004,\n'
    assert index_rows([], Path("nowhere")) == [["folder", "seed", "state", "end_time", "until"]]


def test_two_that_write_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    """Assert that whoever is last, the file is that of one of them, and nothing is left beside it."""
    path, texts = tmp_path / "a.csv", ["a\n" * 20_000, "bb\n" * 20_000]
    rows = [[["a"]] * 20_000, [["bb"]] * 20_000]
    with ThreadPoolExecutor(4) as pool:
        written = [pool.submit(write_rows, rows[number % 2], path) for number in range(40)]
        while not all(each.done() for each in written):
            assert not path.exists() or path.read_text() in texts
        assert [each.result() for each in written] == [None] * 40
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]
