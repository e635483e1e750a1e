"""The sizes of the study."""

import pytest

from runs.studies.feature_learning.study import STUDY
from runs.system.refusal import Refusal


def test_laptop_has_the_sizes_of_the_readme() -> None:
    """Assert that draws, widths, rows and times are those behind the figures of the README."""
    config = STUDY.configured(scale="laptop", device="cpu")
    assert (config.seeds, config.widths, config.rows) == (8, (128, 256, 512), (50, 100, 200))
    assert (config.label_count, config.label_rows, config.taught_rows) == (1024, (10, 20, 40, 80), (100, 400, 1600))
    assert (config.until, config.data, config.dtype) == (12_000.0, "", "float32")
    paper = STUDY.configured(scale="paper", device="cpu")
    assert (paper.label_count, paper.taught_count, paper.until, paper.early) == (2048, 8192, 50_000.0, 50_000.0)


def test_wrong_sizes_are_refused() -> None:
    """Assert that no particles and a data set are one sentence."""
    with pytest.raises(Refusal, match="does not do for taught_count"):
        STUDY.configured(taught_count=0)
    with pytest.raises(Refusal, match="The study has data of its own"):
        STUDY.configured(data="diabetes")
