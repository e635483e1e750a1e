"""The sizes of one-axis."""

import pytest

from runs.studies.one_axis.config import Config
from runs.studies.one_axis.study import STUDY
from runs.system.refusal import Refusal
from tests.runs.studies.one_axis.small import paper, small


def test_images_are_chosen_by_name() -> None:
    """Assert that smoke draws its images, whose checksum is kept, and that another name is told from the known ones."""
    data = small().source()
    assert small().images == "drawn" and len(data.checksum) == 64 and data.train.targets.shape[1] == 10
    with pytest.raises(Refusal, match="Unknown images 'cats': choose one of digits, mnist, drawn"):
        small(images="cats")


def test_paper_scale_has_whole_images() -> None:
    """Assert that at paper scale no image is pooled, and at laptop scale the five thousand digits are taken."""
    laptop = STUDY.configured(scale="laptop", device="cpu")
    assert isinstance(laptop, Config) and (laptop.images, laptop.image_test) == ("digits", 1000)
    assert paper().pool == 1


@pytest.mark.parametrize(("field", "value"), [("image_rows", 1), ("pool", 0), ("seeds", 0)])
def test_wrong_number_is_refused(field: str, value: object) -> None:
    """Assert that a value out of range is named with its field."""
    with pytest.raises(Refusal, match=rf"does not do for {field}: "):
        small(**{field: value})
