"""The command line: good commands, and one sentence with exit code 2 for every bad one."""

import re
from pathlib import Path

import pytest
import torch

from runs.__main__ import main
from runs.system.refusal import WorkerLost
from tests.runs.study.smoke import spoken

STUDY = ("run", "asymmetric-scaling")

#: Arguments, and what the sentence must say.
REFUSED = [
    (
        ("run", "asymetric-scaling"),
        r"Unknown study 'asymetric-scaling': choose one of asymmetric-scaling, .*; did you mean",
    ),
    (("run", "xyz"), r"Unknown study 'xyz': choose one of asymmetric-scaling, .*\."),
    (
        (*STUDY, "--data", "concret"),
        r"Unknown data set 'concret': choose one of diabetes, .*; did you mean 'concrete'\?",
    ),
    (
        (*STUDY, "--scale", "labtop"),
        r"Unknown scale 'labtop': choose one of smoke, laptop, paper; did you mean 'laptop'",
    ),
    ((*STUDY, "--device", "gpu"), r"Unknown device 'gpu': choose one of auto, cpu, cuda"),
    ((*STUDY, "--integrator", "adaptiv"), r"Unknown integrator 'adaptiv': choose one of adaptive, descent"),
    (
        ("run", "kernel-limits", "--integrator", "adaptive"),
        r"kernel-limits: Unknown option '--integrator': choose one of --data, --scale, .*--widths, .*--clouds",
    ),
    (
        ("run", "study.toml", "--code-conventions"),
        r"The option --code-conventions is for a study by name: leave it out, or use --set",
    ),
    ((*STUDY, "--seeds", "0"), r"The value 0 does not do for seeds: input should be greater than or equal to 1\."),
    ((*STUDY, "--seeds", "-3"), r"The value -3 does not do for seeds"),
    (
        (*STUDY, "--seeds", "two"),
        r"Invalid value for '--seeds': Input should be a valid integer.* \(see meanfield --help\)",
    ),
    (
        (*STUDY, "--sedes", "2"),
        r"asymmetric-scaling: Unknown option '--sedes': choose one of .*; did you mean '--seeds'",
    ),
    ((*STUDY, "E0.9"), r"Unknown experiment 'E0\.9': choose one of E0\.1, variance, widths"),
    (("run", "study.toml", "E0.1"), r"The study file is followed by 'E0\.1': name one file"),
    (("reproduce", "kernel"), r"Unknown study 'kernel': choose one of asymmetric-scaling"),
    (("reproduce", "--scale", "labtop"), r"Unknown scale 'labtop': choose one of smoke, laptop, paper"),
    (("run",), r"Missing argument 'study' \(see meanfield --help\)"),
    (("walk",), r"No such command 'walk'"),
    (("list", "all"), r"Got unexpected extra argument"),
    (("info", "missing.h5"), r"There is no file missing.h5"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_bad_input_is_one_sentence_and_exit_code_two(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a bad command says its sentence on one line of standard error, exits with 2 and writes nothing."""
    monkeypatch.chdir(tmp_path)
    code, out, err = spoken(*arguments)
    assert code == 2 and out == ""
    assert re.fullmatch(rf"meanfield: {sentence}.*\n", err)
    assert list(tmp_path.iterdir()) == []


def test_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """Assert that a file given as --out, or on the way to it, is named, kept, and exits with 2."""
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    for out in (file, file / "deeper"):
        code, _, err = spoken(*STUDY, "--scale", "smoke", "--out", str(out))
        assert code == 2 and f"{file} is a file; name a folder with --out" in err
    assert file.read_text() == "mine"


def test_absent_cuda_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Assert that asking for CUDA without a device says which devices there are."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, _, err = spoken(*STUDY, "--device", "cuda", "--out", str(tmp_path / "a"))
    assert code == 2 and "The device 'cuda' is not available here: choose auto or cpu." in err


def test_help_is_shown_without_arguments() -> None:
    """Assert that the bare command shows all commands and exits with 0."""
    code, out, _ = spoken()
    assert code == 0
    assert all(word in out for word in ("run", "list", "info"))


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (
            KeyboardInterrupt(),
            130,
            "Interrupted: everything written so far is kept; the same command continues from there.",
        ),
        (WorkerLost("A worker died."), 1, "meanfield: A worker died."),
    ],
)
def test_an_end_from_outside_is_one_sentence(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that Ctrl-C exits with 130 and a lost worker with 1, each with its sentence."""

    def fail(*arguments: object) -> bool:
        raise error

    monkeypatch.setattr("runs.study.command.command", fail)
    assert spoken("run", "kernel-limits") == (code, "", f"{sentence}\n")


def test_a_failed_run_exits_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a study that ends with a failed run exits with 1."""
    monkeypatch.setattr("runs.study.command.command", lambda *arguments: False)
    assert main(["run", "kernel-limits"]) == 1
