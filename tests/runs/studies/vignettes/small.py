"""The smoke scale of the study."""

from runs.studies.vignettes.config import Config
from runs.studies.vignettes.study import STUDY


def small(**sizes: object) -> Config:
    """The smoke scale, with these sizes."""
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config
