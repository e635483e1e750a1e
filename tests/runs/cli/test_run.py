"""The command `run`: which options go with which kind of study."""

import sys

import pytest

from runs.batch import fork_server
from runs.cli.run import OF_FILES, OF_NAMED, begin_workers, option_of, refuse_options, refuse_rest, tell_loading
from runs.system.refusal import Refusal


def test_options_are_named_as_they_are_written() -> None:
    """Assert that parameters have the names of their options."""
    assert [option_of(name) for name in ("dry_run", "settings", "data")] == ["--dry-run", "--set", "--data"]


def test_options_of_the_other_kind_are_refused() -> None:
    """Assert that the first of them is named, and nothing is said where there is none."""
    refuse_options(set(), "a study by name", "use --set")
    with pytest.raises(Refusal, match="The option --data is for a study by name: leave it out, or use --set"):
        refuse_options(OF_NAMED, "a study by name", "use --set")
    with pytest.raises(Refusal, match="The option --dry-run is for a study file"):
        refuse_options(OF_FILES, "a study file", "name a file STUDY.toml")


def test_words_behind_a_file_are_refused() -> None:
    """Assert that a second file is named, with what is possible instead."""
    refuse_rest([])
    with pytest.raises(Refusal, match=r"The study file is followed by 'b.toml': name one file, and values of its keys"):
        refuse_rest(["b.toml"])


def test_what_takes_seconds_is_said_before_it_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that a line comes before torch is imported, and none where it is there."""
    tell_loading("study.toml")
    assert capsys.readouterr().err == ""
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "torch")
        tell_loading("study.toml")
    assert capsys.readouterr().err == "study.toml: loading the libraries ...\n"


@pytest.mark.parametrize(
    ("scale", "device", "workers", "begun"),
    [
        *(("laptop", "auto", None, True), ("smoke", "auto", None, False), ("paper", "cuda", None, False)),
        *(("laptop", "auto", 0, False), ("smoke", "auto", 2, True), ("laptop", "cuda", 1, True)),
    ],
)
def test_processes_begin_where_there_will_be_some(
    scale: str, device: str, workers: int | None, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that their server imports the study unless this process is to do everything."""
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(fork_server, "begin", told.append)
    begin_workers("a.study", scale, device, workers)
    assert told == [("a.study",)] * begun
