"""Words after a study's name, read from its source: they are those that its code has when it is imported."""

from typing import Literal, get_args, get_origin

import pytest

from runs.cli.study_words import words_of
from runs.studies import STUDIES, named


@pytest.mark.parametrize("name", list(STUDIES))
def test_words_are_those_of_the_imported_study(name: str) -> None:
    """Assert that experiments, options, their choices and their descriptions are those of the code itself."""
    study, words = named(name), words_of(name)
    assert words.experiments == [experiment.name for experiment in study.experiments]
    fields = study.config.model_fields
    options = {f"--{field.replace('_', '-')}" for field in (*fields, *study.config.switches)}
    assert set(words.options) == options - (set() if study.config.data_sets else {"--data"})
    for field, held in fields.items():
        option = f"--{field.replace('_', '-')}"
        if option in words.options:
            literal = get_args(held.annotation) if get_origin(held.annotation) is Literal else ()
            assert words.options[option] == literal
            assert words.helps[option] == (held.description or "")


def test_unknown_studies_have_no_words() -> None:
    """Assert that a file, or a name of no study, has none."""
    assert not words_of("study.toml").options and not words_of("study.toml").experiments
