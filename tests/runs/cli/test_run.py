"""The command `run`: which options go with which kind of study."""

import pytest

from runs.cli.run import OF_FILES, OF_NAMED, option_of, refuse_options, refuse_rest
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
