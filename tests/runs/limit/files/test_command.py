"""`meanfield limit STUDY.toml`: found, found again, continued after a kill, and refused with one sentence."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limits import Drawn, InfiniteWidth
from runs.limit.files import command
from runs.limit.files.kept_samples import KeptSamples
from runs.limit.files.network import StudyNetwork
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_data, write_study

#: An estimate of some tenths of a second.
SMALL = ("--workers", "0", "--first-width", "4", "--widest", "16", "--tolerance", "0.5")


def asked(folder: Path, *more: str, out: str = "out", changes: dict[str, Any] | None = None) -> tuple[int, str, str]:
    """What the command says of a small study, of which it draws no figure."""
    path = write_study(folder, {"scaling": "mean-field", "until": 0.25, **(changes or {})})
    return spoken("limit", str(path), "--out", str(folder / out), *SMALL, "--no-summary", *more)


def table(folder: Path, out: str = "out") -> list[dict[str, str]]:
    """The rows of limit.csv, without what it took."""
    with (folder / out / "limit.csv").open(newline="") as file:
        return [{key: cell for key, cell in row.items() if key != "seconds"} for row in csv.DictReader(file)]


def samples(folder: Path, out: str = "out") -> list[np.ndarray]:
    """All values that were measured, in the order of points and levels."""
    places = sorted(place for place in (folder / out).glob("*/samples") if place.is_dir())
    kept = [KeptSamples(place).kept(level) for place in places for level in range(3)]
    return [values for pair in kept if pair is not None for values in pair]


def test_a_limit_is_found_and_found_again(tmp_path: Path) -> None:
    """Assert that a limit is printed and written with its figure, and the second time nothing is measured."""
    path = write_study(tmp_path, {"scaling": "mean-field", "until": 0.25})
    code, said, _ = spoken("limit", str(path), "--out", str(tmp_path / "out"), *SMALL)
    assert code == 0 and "95 % interval" in said and f"figure: {tmp_path / 'out' / 'limit.png'}" in said
    (row,) = table(tmp_path)
    assert row["quantity"] == "risk" and float(row["low"]) < float(row["value"]) < float(row["high"])
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.npz")}
    code, _, told = asked(tmp_path)
    assert code == 0 and told == "limit: complete already.\n" and [row] == table(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.npz")} == before


def test_every_point_but_the_width_has_its_limit(tmp_path: Path) -> None:
    """Assert that a sweep over width and scale is one limit for each scale, and --set changes the network."""
    over = {"masses.count": [4, 8], "scaling": [{"kind": "lazy", "scale": 1.0}, {"kind": "lazy", "scale": 2.0}]}
    code, said, _ = asked(tmp_path, "--set", "until=0.125", changes={"sweep": {"over": over}, "seeds": 2})
    rows = table(tmp_path)
    assert code == 0 and [row["scaling.scale"] for row in rows] == ["1.0", "2.0"] and rows[0]["time"] == "0.125"
    assert [line.split()[0] for line in said.splitlines()[2:4]] == ["1", "2"]


def test_an_estimate_that_was_stopped_goes_on_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that after an interrupt the samples are kept, the same command measures the others, and the tables are
    those of one in one go; a smaller tolerance then begins with them."""
    assert asked(tmp_path, out="whole")[0] == 0
    plain, calls = StudyNetwork.__call__, list[int]()

    def interrupted(self: StudyNetwork, clouds: Sequence[Drawn]) -> torch.Tensor:
        calls.append(len(clouds))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return plain(self, clouds)

    with monkeypatch.context() as patch:
        patch.setattr(StudyNetwork, "__call__", interrupted)
        code, _, told = asked(tmp_path)
    assert code == 130 and "the same command continues from there" in told
    assert 0 < sum(map(len, samples(tmp_path))) < sum(map(len, samples(tmp_path, "whole")))
    assert asked(tmp_path)[0] == 0 and table(tmp_path) == table(tmp_path, "whole")
    first, whole = samples(tmp_path), samples(tmp_path, "whole")
    assert all(np.array_equal(one, other) for one, other in zip(first, whole, strict=True))
    code, _, told = asked(tmp_path, "--tolerance", "0.04")
    assert code == 0 and "complete already" not in told
    more = samples(tmp_path)
    assert len(more[0]) > len(first[0]) and np.array_equal(more[0][: len(first[0])], first[0])


@pytest.mark.validation
def test_processes_find_the_same_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that two processes measure what this one does, to the bit."""
    monkeypatch.setattr("runs.limit.spread.PARTICLES", 64)
    assert asked(tmp_path, out="one")[0] == 0
    assert asked(tmp_path, "--workers", "2", out="two")[0] == 0
    assert table(tmp_path, "one") == table(tmp_path, "two")


def test_a_limit_that_is_not_found_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that where an estimate has not converged the exit code is 1, with its reason, and the tables say so."""
    plain = command.infinite_width

    def narrow(*given: Any, **named: Any) -> InfiniteWidth:
        return replace(plain(*given, **named), verdict="not converged", reason="The widest are too narrow.")

    monkeypatch.setattr(command, "infinite_width", narrow)
    code, said, _ = asked(tmp_path)
    assert code == 1 and "study: not converged. The widest are too narrow." in said
    assert table(tmp_path)[0]["verdict"] == "not converged"


def test_a_network_that_diverges_fails_alone(tmp_path: Path) -> None:
    """Assert that one point that diverges is told with its sentence, the other has its row, and the exit code is 1."""
    sweep = {"sweep": {"over": {"regulariser": [0.0, 1e30]}}, "until": 2.0, "neuron.trained": "both"}
    code, _, told = asked(tmp_path, changes=sweep)
    assert code == 1 and "Failed: regulariser = 1e+30" in told and "diverged at step" in told
    assert [row["regulariser"] for row in table(tmp_path)] == ["0.0"]


@pytest.mark.parametrize(
    ("more", "changes", "sentence"),
    [
        (["--tolerance", "0"], {}, "--tolerance is 0.0, but a positive number is needed"),
        (["--tolerance", "nan"], {}, "--tolerance is nan, but a positive number is needed"),
        (["--widest", "8"], {}, "--widest is 8 and --first-width 4, but three widths are needed"),
        (["--confidence", "1"], {}, "--confidence is 1.0, but a number between 0 and 1 is needed"),
        (["--coupling", "half"], {}, "Unknown value of --coupling 'half': choose one of auto, halves, rotated"),
        (["--set", "neuron=1"], {}, "neuron is 1, but one of"),
        ([], {"stop_below": 0.1}, "stop_below ends clouds of one network at different times"),
        ([], {"flow": {"kind": "langevin", "temperature": 0.1}}, "Euler handles transport, but LangevinFlow also has"),
        ([], {"observables": ["preactivations"]}, "preactivations has more entries in a wider network"),
        (["--coupling", "rotated"], {"neuron": {"kind": "bump", "width": 1.0}}, "this neuron has none"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, more: list[str], changes: dict[str, Any], sentence: str) -> None:
    """Assert that what cannot be estimated is refused before anything is written."""
    code, said, told = asked(tmp_path, *more, changes=changes)
    assert code == 2 and said == "" and sentence in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_samples_of_other_data_are_refused(tmp_path: Path) -> None:
    """Assert that after the data changed the old samples are neither used nor touched, and other seeds are refused."""
    assert asked(tmp_path)[0] == 0
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    path = tmp_path / "study.toml"
    write_data(tmp_path, seed=1)
    code, _, told = spoken("limit", str(path), "--out", str(tmp_path / "out"), *SMALL)
    assert code == 2 and "data.npz has changed since the samples in" in told
    write_data(tmp_path)
    code, _, told = spoken("limit", str(path), "--out", str(tmp_path / "out"), *SMALL, "--seed", "1")
    assert code == 2 and "of another configuration (seed: there 0, here 1)" in told
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()} == before


def test_seconds_of_all_calls_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that limit.csv has the seconds of work of this call and of the one before."""
    now = iter(np.arange(0.0, 1000.0, 2.0).tolist())
    monkeypatch.setattr(command.time, "monotonic", lambda: next(now))
    assert asked(tmp_path)[0] == 0
    assert asked(tmp_path, "--tolerance", "0.04")[0] == 0
    with (tmp_path / "out" / "limit.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["seconds"]) >= 4.0
