"""The sizes of mean-field laws."""

import pytest

from runs.studies.mean_field_laws.config import Config
from runs.studies.mean_field_laws.study import STUDY
from runs.system.refusal import Refusal


def test_laptop_has_the_sizes_that_were_published() -> None:
    """Assert that counts, clouds, cells and times are those behind the figure."""
    config = STUDY.configured(scale="laptop", device="cpu")
    assert (config.counts[0], config.counts[-1], config.seeds) == (250, 16_000, 12)
    assert (config.cells, config.refinements, config.rest) == (400, (50, 100, 200, 400), 15.0)
    assert (config.steps, config.tolerance, config.data) == ((0.02, 0.025), 1e-6, "")
    assert config.about == "250 to 16,000 particles, 12 clouds of each"


def test_wrong_time_is_refused() -> None:
    """Assert that rest cannot be before clouds are looked at on the way."""
    good = STUDY.configured(scale="smoke", device="cpu").model_dump()
    with pytest.raises(Refusal, match="does not do for rest"):
        Config.validated(**{**good, "rest": 0.5})
