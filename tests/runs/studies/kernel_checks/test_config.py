"""The sizes of kernel checks."""

from runs.studies.kernel_checks.study import STUDY


def test_laptop_has_the_sizes_that_were_published() -> None:
    """Assert that clouds, widths, seeds and dimensions are those behind the figures of the README."""
    config = STUDY.configured(scale="laptop", device="cpu")
    assert (config.means, config.clouds, config.seeds) == (400, 2000, 20)
    assert config.widths == (64, 256, 1024, 4096)
    assert config.data == "" and config.until == 10.0
