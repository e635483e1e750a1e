"""The sizes of infinite width."""

import pytest

from runs.studies.infinite_width.config import Config
from runs.system.refusal import Refusal
from tests.runs.studies.infinite_width.small import scaled


def test_laptop_has_the_sizes_of_the_readme() -> None:
    """Assert that accuracies, repetitions and tolerances are those that the README tells."""
    config = scaled("laptop")
    assert (config.accuracy, config.small, config.seeds, config.repeats) == (0.01, 0.1, 200, 10)
    assert (config.tolerances, config.narrower, config.coarser, config.pilot) == ((0.12, 0.06, 0.03), 1, 1, 64)
    assert config.about == "standard errors of 1 %, 200 small estimates of each kind"


def test_pilots_that_say_nothing_are_refused() -> None:
    """Assert that fewer than eight samples of a level are refused."""
    with pytest.raises(Refusal, match="does not do for pilot"):
        Config.validated(**{**scaled().model_dump(), "pilot": 7})
