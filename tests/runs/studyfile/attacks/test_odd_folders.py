"""Odd things in the folders of a study, before and while it runs: one run fails with a sentence, the others go on."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from particles import Trajectory
from runs.studyfile import study
from tests.long import long, long_after
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_study

Spoil = Callable[[Path], object]

ODD: dict[str, Spoil] = {
    "folder": Path.mkdir,
    "ring": lambda path: path.symlink_to(path),
    "pipe": os.mkfifo,
    "nested": lambda path: path.write_text("[" * 200_000),
    "nested objects": lambda path: path.write_text('{"config":' * 200_000),
}
KINDS = ("folder", "ring", "pipe")
PLACES = [
    *((name, kind) for name in (".lock", "config.json.part", "run.h5") for kind in KINDS),
    *(("config.json", kind) for kind in ODD),
    *((".", kind) for kind in ("ring", "pipe")),
]
WAYS = ((), ("--ensemble", "3"))
#: A ring of links in every place stays with the tests that everyone runs.
ODDITIES = [(*place, way) if place[1] == "ring" else long(*place, way) for place in PLACES for way in WAYS]


def spoilt(folder: Path, name: str, kind: str) -> Path:
    """A study of three runs, begun and not finished, with something odd in the folder of the second; its path."""
    path, out = write_study(folder, {"seeds": 3}), folder / "out"
    assert spoken("run", str(path), "--out", str(out), "--workers", "0")[0] == 0
    places = sorted(place for place in out.iterdir() if place.is_dir())
    for place in places:
        (place / "run.h5").unlink()
    odd = places[1] / name
    if odd.is_dir():
        shutil.rmtree(odd)
    odd.unlink(missing_ok=True)
    ODD[kind](odd)
    return path


@pytest.mark.parametrize(("name", "kind", "way"), ODDITIES)
def test_one_odd_folder_is_refused_and_the_others_go_on(
    tmp_path: Path, name: str, kind: str, way: tuple[str, ...]
) -> None:
    """Assert that the run is told in a sentence, nothing waits or breaks, and two of three runs are complete."""
    path = spoilt(tmp_path, name, kind)
    code, said, told = spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0", *way)
    assert code == 1 and "2 of 3 runs complete" in said
    assert told.count("Failed: ") == 1 and "Traceback" not in told and "Error:" not in told


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_note_on_the_study_is_refused(tmp_path: Path, kind: str) -> None:
    """Assert that a study.json that cannot be read ends the command in a sentence, and is left as it is."""
    path, out = write_study(tmp_path), tmp_path / "out"
    assert spoken("run", str(path), "--out", str(out), "--workers", "0")[0] == 0
    (out / "study.json").unlink()
    ODD[kind](out / "study.json")
    code, _, told = spoken("run", str(path), "--out", str(out), "--workers", "0")
    assert code == 2 and "study.json" in told and told.count("\n") == 1
    assert os.path.lexists(out / "study.json")


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_study_file_is_refused(tmp_path: Path, kind: str) -> None:
    """Assert that a folder, a ring of links and a pipe in its place are told, and nothing is waited for."""
    ODD[kind](tmp_path / "study.toml")
    code, _, told = spoken("run", str(tmp_path / "study.toml"))
    assert code == 2 and "study.toml" in told and told.count("\n") == 1


def during(act: Callable[[], object], out: Path, files: int) -> threading.Thread:
    """A thread that acts once so many runs are at work in a folder."""

    def wait() -> None:
        late = time.monotonic() + 30.0
        while len(list(out.glob("*/run.h5"))) < files and time.monotonic() < late:
            time.sleep(0.002)
        time.sleep(0.05)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


ACTS: dict[str, Callable[[Path], object]] = {
    "removed": shutil.rmtree,
    "moved": lambda out: out.rename(out.with_name("moved")),
    "one removed": lambda out: min(out.glob("*/run.h5"), key=lambda file: file.stat().st_ino).unlink(),
}


@pytest.mark.parametrize("act", long_after(1, ACTS))
@pytest.mark.parametrize("way", [(), ("--ensemble", "2")], ids=["alone", "ensemble"])
def test_what_is_not_there_is_not_complete(tmp_path: Path, act: str, way: tuple[str, ...]) -> None:
    """Assert that a folder or a file taken away from runs at work fails them, and as many are told as are there."""
    path, out = write_study(tmp_path, {"seeds": 2, "until": 60.0, "frames": {"steps": 10}}), tmp_path / "out"
    thread = during(lambda: ACTS[act](out), out, files=2 if way else 1)
    code, said, told = spoken("run", str(path), "--out", str(out), "--workers", "0", *way)
    thread.join()
    there = 0
    for file in out.glob("*/run.h5"):
        with Trajectory.open(file) as trajectory:
            there += trajectory.is_complete
    assert code == 1 and f"{there} of 2 runs complete" in said and "Traceback" not in told
    assert told.count("Failed: ") == 2 - there and there < 2
    assert "moved or removed while it was written" in told or "its file is not there any more" in told


@pytest.mark.parametrize("way", ["0", pytest.param("2", marks=pytest.mark.validation)])
def test_runs_taken_away_after_their_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Assert that runs that came to their end, one of them long ago, are not called complete where they are gone."""
    path, out = write_study(tmp_path), tmp_path / "out"
    run = ("run", str(path), "--out", str(out), "--workers", way, "--set")
    assert spoken(*run, "seeds=1")[0] == 0
    perform_all = study.perform_all

    def robbed(*jobs: Any, **how: Any) -> Any:
        outcomes = perform_all(*jobs, **how)
        shutil.rmtree(out)
        return outcomes

    with monkeypatch.context() as patch:
        patch.setattr(study, "perform_all", robbed)
        code, said, told = spoken(*run, "seeds=2")
    assert code == 1 and "0 of 2 runs complete" in said
    assert told.count("It came to its end, but its file is not there any more") == 2
    code, said, _ = spoken(*run, "seeds=2")
    assert code == 0 and "2 of 2 runs complete" in said
