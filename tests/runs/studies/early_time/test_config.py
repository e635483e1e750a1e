"""The sizes of early-time."""

import pytest

from runs.studies.early_time.study import STUDY
from runs.system.refusal import Refusal
from tests.runs.studies.early_time.small import small


def test_sizes_are_the_published_ones() -> None:
    """Assert that figure 1 has n = 20,000, d = 50 and m = 256, figure 2 d = 30 and kernels d = 25 to 400."""
    config = STUDY.configured(scale="laptop", device="cpu")
    assert (config.rows, config.test_rows, config.dim, config.width) == (20_000, 2000, 50, 256)
    assert (config.norm_dim, config.norm_width, config.norm_rows) == (30, 8192, 3000)
    assert config.kernel_dims == (25, 50, 100, 200, 400) and config.kernel_rows == 10_000


def test_images_are_chosen_by_name() -> None:
    """Assert that smoke draws its images, whose checksum is kept, and that another name is told from the known ones."""
    assert small().images == "waves" and len(small().source().checksum) == 64
    with pytest.raises(Refusal, match="Unknown images 'cats': choose one of digits, cifar, waves"):
        small(images="cats")


@pytest.mark.parametrize(("field", "value"), [("width", 3), ("rate", 2.0), ("steps", 1), ("dims", (4, 8))])
def test_wrong_number_is_refused(field: str, value: object) -> None:
    """Assert that a value out of range is named with its field."""
    with pytest.raises(Refusal, match=rf"does not do for {field}: "):
        small(**{field: value})
