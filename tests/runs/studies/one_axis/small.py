"""The smoke scale and the paper scale of the study."""

from runs.studies.one_axis.config import Config
from runs.studies.one_axis.study import STUDY


def small(**sizes: object) -> Config:
    """The smoke scale, with these sizes."""
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config


def paper(**sizes: object) -> Config:
    """The paper scale, with these sizes."""
    config = STUDY.configured(scale="paper", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config
