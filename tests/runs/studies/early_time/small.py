"""The smoke scale of the study."""

from runs.studies.early_time.config import Config
from runs.studies.early_time.study import STUDY


def small(**sizes: object) -> Config:
    """The smoke scale, with these sizes."""
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config
