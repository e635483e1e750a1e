"""Completion: what is offered, in bash itself by the script that is installed, and in the form of zsh and fish."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runs.__main__ import main
from runs.cli.study_words import words_of
from runs.studies import STUDIES
from tests.house.source import ROOT
from tests.runs.inspect.recorded import recorded

BASH = shutil.which("bash")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and a program `meanfield` on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "meanfield"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m runs "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    return {**os.environ, "HOME": str(tmp_path), "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def in_bash(script: str, environment: dict[str, str], folder: Path) -> str:
    """What a bash prints that executes a script in a folder."""
    done = subprocess.run(
        [str(BASH), "--norc", "-c", script], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(BASH is None, reason="no bash is installed")
def test_bash_completes_what_the_script_says(environment: dict[str, str], tmp_path: Path) -> None:
    """Assert that a bash that loads the shown script offers commands, studies, experiments, options and values.

    Where nothing is offered bash completes files, which `complete -o default` stands for.
    """
    (tmp_path / "mine.toml").touch()
    typed = {
        "meanfield inf": ["info"],
        "meanfield run asym": ["asymmetric-scaling"],
        "meanfield run m": ["mean-field-laws", "mine.toml"],
        "meanfield run one-axis E4.1": ["E4.1", "E4.1-lazy", "E4.10"],
        "meanfield run asymmetric-scaling --inte": ["--integrator"],
        "meanfield run asymmetric-scaling --integrator ": ["adaptive", "descent"],
        "meanfield run one-axis --scale l": ["laptop"],
        "meanfield info run.h": [],
    }
    script = ['eval "$(meanfield --show-completion)"', "complete -p meanfield"]
    for line in typed:
        words = line.split(" ")
        quoted = " ".join(f"'{word}'" for word in words)
        script += [f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMPREPLY=()"]
        script += ["_meanfield_completion meanfield", 'echo "${COMPREPLY[@]}"']
    said, *offered = in_bash("\n".join(script), environment, tmp_path).splitlines()
    assert said == "complete -o default -F _meanfield_completion meanfield"
    assert [line.split() for line in offered] == list(typed.values())


@pytest.mark.skipif(BASH is None, reason="no bash is installed")
def test_installed_completion_is_loaded_by_the_next_bash(environment: dict[str, str], tmp_path: Path) -> None:
    """Assert that --install-completion writes to the home alone, and that its .bashrc brings the completion."""
    in_bash("meanfield --install-completion; true", environment, tmp_path)
    assert "_meanfield_completion" in (tmp_path / ".bash_completions" / "meanfield.sh").read_text()
    said = in_bash('source "$HOME/.bashrc"; complete -p meanfield', environment, tmp_path)
    assert said == "complete -o default -F _meanfield_completion meanfield\n"


def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str, typed: str) -> str:
    """What the program answers a shell in which this was typed."""
    monkeypatch.setenv("_MEANFIELD_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    with pytest.raises(SystemExit, match="0"):
        main([])
    return capsys.readouterr().out


def test_zsh_and_fish_are_told_what_each_word_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that both get words with what they are, and zsh its own completion of files where nothing is offered."""
    answer = asked(monkeypatch, capsys, "fish", "meanfield run asymmetric-scaling --rt")
    assert answer.splitlines() == ["--rtol\ttolerance of the adaptive integrator"]
    answer = asked(monkeypatch, capsys, "zsh", "meanfield run kernel-c")
    assert answer.startswith('_arguments \'*: :(("kernel-checks":"Clouds, sampled and trained')
    assert asked(monkeypatch, capsys, "zsh", "meanfield info ").strip() == "_files"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells_are_read_by_them(shell: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Assert that zsh and fish, where they are installed, find no fault in their script."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} is installed")
    said = subprocess.run(
        ["meanfield"], env={**environment, "_MEANFIELD_COMPLETE": f"source_{shell}"}, capture_output=True, check=True
    )
    (tmp_path / "script").write_bytes(said.stdout)
    assert subprocess.run([program, "-n", tmp_path / "script"], check=False).returncode == 0


def test_observables_of_the_first_file_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that numbers are offered by name, the last one of a list being completed, and arrays are not."""
    file = recorded(tmp_path / "a.h5")
    answer = asked(monkeypatch, capsys, "fish", f"meanfield plot {file} --observables r")
    assert answer.split() == ["risk"]
    answer = asked(monkeypatch, capsys, "fish", f"meanfield plot {file} --observables risk,")
    assert answer.split() == ["risk,risk"]
    assert asked(monkeypatch, capsys, "fish", f"meanfield plot {tmp_path}/none.h5 --observables r").split() == []


def test_every_study_is_offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that reproduce offers all studies, and run their experiments but those that were typed."""
    answer = asked(monkeypatch, capsys, "fish", "meanfield reproduce ")
    assert [line.split("\t")[0] for line in answer.splitlines()] == list(STUDIES)
    answer = asked(monkeypatch, capsys, "fish", "meanfield run asymmetric-scaling E0.1 ")
    words = [line.split("\t")[0] for line in answer.splitlines()]
    assert words == [name for name in words_of("asymmetric-scaling").experiments if name != "E0.1"]
