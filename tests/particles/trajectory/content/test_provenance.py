"""A file knows what wrote it: versions, the commit of our own source and nobody else's, device, command, resumes."""

import platform
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.trajectory import Trajectory
from particles.trajectory.content import provenance
from particles.trajectory.content.provenance import distribution_version, git_state, utc_now
from tests.particles.trajectory.plays import at_step, played


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder as somebody."""
    somebody = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *somebody, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The package folder of a git checkout with one commit."""
    folder = tmp_path / "checkout" / "particles"
    folder.mkdir(parents=True)
    (folder / "cloud.py").write_text("one\n")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "--message", "One")
    git_state.cache_clear()
    yield folder
    git_state.cache_clear()


def test_provenance_says_what_wrote_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that versions, device, command line and start are in the file."""
    monkeypatch.setattr(sys, "argv", ["meanfield", "run", "study"])
    with Trajectory.open(played(tmp_path / "run.h5", 2)) as reader:
        known = reader.provenance
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    assert known["libraries"] == {**versions, "numpy": np.__version__, "h5py": h5py.__version__}
    assert known["version"] == distribution_version()
    assert known["command"] == ["meanfield", "run", "study"]
    assert (known["device"], known["resumes"]) == ("cpu", [])
    assert abs(datetime.now(UTC) - datetime.fromisoformat(known["started"])) < timedelta(minutes=5)
    assert "git" in known


def test_resumes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that each append adds its time in order, and that a file without a cloud has no device."""
    path = tmp_path / "run.h5"
    Trajectory.create(path).close()
    moments = ["2030-01-01T00:00:00+00:00", "2030-01-02T00:00:00+00:00"]
    for moment in moments:
        monkeypatch.setattr(provenance, "utc_now", lambda moment=moment: moment)
        Trajectory.append(path).close()
    with Trajectory.open(path) as reader:
        assert reader.provenance["resumes"] == moments and reader.provenance["device"] is None


@pytest.mark.parametrize("killed", [True, False])
def test_a_resume_that_was_not_written_is_left_out(tmp_path: Path, killed: bool) -> None:
    """Assert that room made for a resume by a killed process is no resume."""
    path = played(tmp_path / "run.h5", 2)
    with h5py.File(path, "r+") as file:
        opened = file["h5md/modules/meanfield_particles/opened"]
        opened.resize(2, axis=0)
        if not killed:
            opened[1] = b"then"
    with Trajectory.open(path) as reader:
        assert reader.provenance["resumes"] == ([] if killed else ["then"])


def test_version_is_unknown_without_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that source used without being installed says so instead of failing."""
    monkeypatch.setattr(provenance, "DISTRIBUTION", "no-such-distribution-anywhere")
    assert distribution_version() == "unknown"


def test_time_is_utc_in_iso_form() -> None:
    """Assert that times are of the form 2030-01-01T00:00:00+00:00, whose order is that of time."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", utc_now())


def test_commit_and_changes_of_a_checkout(source: Path) -> None:
    """Assert that the commit is HEAD, and that only changes of tracked files make it dirty."""
    commit = git(source, "rev-parse", "HEAD")
    assert git_state(source) == (commit, False)
    (source / "notes.txt").write_text("untracked\n")
    git_state.cache_clear()
    assert git_state(source) == (commit, False)
    (source / "cloud.py").write_text("two\n")
    git_state.cache_clear()
    assert git_state(source) == (commit, True)


def test_a_checkout_around_us_is_not_ours(source: Path) -> None:
    """Assert that a package installed inside somebody's repository does not get that repository's commit."""
    installed = source.parent / "venv" / "particles"
    installed.mkdir(parents=True)
    (installed / "cloud.py").write_text("installed\n")
    assert git_state(installed) is None


def test_without_a_checkout_or_git_nothing_is_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Assert that neither a plain folder nor a machine without git is an error or prints a word."""
    assert git_state(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    git_state.cache_clear()
    assert git_state(source) is None
    assert capfd.readouterr() == ("", "")


def test_device_of_the_first_cloud(tmp_path: Path, device: torch.device) -> None:
    """Assert that the file names the device the run was on, and holds its numbers."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        writer(0, 0.0, at_step(0).to(device=device))
    with Trajectory.open(path) as reader:
        assert reader.provenance["device"].startswith(device.type)
        assert torch.equal(reader[0].positions, at_step(0).positions)
