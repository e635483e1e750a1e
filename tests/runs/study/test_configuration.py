"""What all studies are told, validated."""

from pathlib import Path

import pytest
import torch

from runs.study.configuration import StudyConfig, resolved_device
from runs.system.refusal import Refusal

GOOD = {"data": "diabetes", "scale": "smoke", "device": "cpu", "seeds": 2, "out": Path("results")}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("data", "iris", r"Unknown data set 'iris': choose one of diabetes"),
        ("scale", "huge", r"Unknown scale 'huge': choose one of smoke, laptop, paper"),
        ("device", "tpu", r"Unknown device 'tpu': choose one of auto, cpu, cuda"),
        ("seeds", 0, r"The value 0 does not do for seeds: input should be greater than or equal to 1\."),
        ("seeds", 1.5, r"The value 1.5 does not do for seeds"),
        ("workers", -1, r"The value -1 does not do for workers"),
        ("sed", 3, r"The value 3 does not do for sed: extra inputs are not permitted\."),
    ],
)
def test_wrong_field_is_one_sentence(field: str, value: object, sentence: str) -> None:
    """Assert that a wrong value or an unknown field is refused in one sentence that names it."""
    with pytest.raises(Refusal, match=f"^{sentence}") as caught:
        StudyConfig.validated(**{**GOOD, field: value})
    assert "\n" not in str(caught.value)


def test_missing_field_is_named() -> None:
    """Assert that a field that is left out is named."""
    with pytest.raises(Refusal, match="for data: field required"):
        StudyConfig.validated(**{name: value for name, value in GOOD.items() if name != "data"})


def test_configuration_is_frozen() -> None:
    """Assert that a configuration cannot be changed after it was validated."""
    config = StudyConfig.validated(**GOOD)
    with pytest.raises(ValueError, match="Instance is frozen"):
        config.seeds = 3  # type: ignore[misc]


def test_identity_leaves_out_how_much_and_where() -> None:
    """Assert that more seeds, another folder or more workers are the same runs, and other data are not."""
    config = StudyConfig.validated(**GOOD)
    elsewhere = StudyConfig.validated(**{**GOOD, "seeds": 5, "out": Path("b"), "workers": 2})
    assert config.identity() == elsewhere.identity()
    assert config.identity() != StudyConfig.validated(**{**GOOD, "data": "plant"}).identity()


@pytest.mark.parametrize(("present", "device"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_cuda_where_there_is_one(present: bool, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that auto becomes the device that the numbers are computed on."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: present)
    assert resolved_device("auto") == device
    assert StudyConfig.validated(**{**GOOD, "device": "auto"}).device == device
