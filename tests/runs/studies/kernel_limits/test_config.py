"""The study's sizes, masses and scalings."""

from pathlib import Path

import pytest

from particles import NTK, Lazy, MeanField
from runs.studies.kernel_limits.config import KERNELS, NETWORKS, Config
from runs.studies.kernel_limits.study import STUDY
from runs.system.refusal import Refusal


def test_settings_are_those_of_the_readme() -> None:
    """Assert that masses and scalings are the documented ones, each with a colour of its own."""
    assert [(setting.gamma, setting.alpha) for setting in KERNELS] == [(1.0, None), (0.5, 0.7), (0.2, 0.5), (0.0, 0.4)]
    assert [setting.scaling for setting in NETWORKS] == [NTK(), NTK(), MeanField(), Lazy(scale=10.0)]
    assert [(setting.gamma, setting.alpha) for setting in NETWORKS] == [
        (1.0, None),
        (0.5, 0.7),
        (1.0, None),
        (1.0, None),
    ]
    assert all(len({setting.colour for setting in settings}) == 4 for settings in (KERNELS, NETWORKS))
    assert float(KERNELS[0].masses(8)[3]) == 0.125


@pytest.mark.parametrize(
    ("scale", "sizes"),
    [
        ("smoke", ((16, 64), 10, 5.0, 10, 2)),
        ("laptop", ((64, 256, 1024, 4096), 40, 100.0, 50, 5)),
        ("paper", ((64, 256, 1024, 4096, 16384), 100, 1000.0, 100, 10)),
    ],
)
def test_scales_have_the_sizes_of_the_readme(scale: str, sizes: tuple[object, ...]) -> None:
    """Assert that widths, rows, time, clouds and seeds of each scale are the promised ones."""
    config = STUDY.configured(data="simulated", scale=scale, device="cpu")
    assert (config.widths, config.rows, config.until, config.clouds, config.seeds) == sizes
    assert config.out == Path("results") / f"kernel-limits-simulated-{scale}"


def test_rows_are_no_more_than_there_are() -> None:
    """Assert that on diabetes, with 90 test rows, the published scale takes fewer than a hundred."""
    assert STUDY.configured(data="diabetes", scale="paper", device="cpu").rows == 90


@pytest.mark.parametrize(("field", "value"), [("until", 0.0), ("frames", 1), ("clouds", 1), ("widths", ())])
def test_wrong_number_is_refused(field: str, value: object) -> None:
    """Assert that a value out of range is named with its field."""
    good = STUDY.configured(data="simulated", scale="smoke", device="cpu").model_dump()
    with pytest.raises(Refusal, match=rf"does not do for {field}: "):
        Config.validated(**{**good, field: value})
