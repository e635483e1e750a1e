"""The sizes of vignettes."""

from runs.studies.vignettes.config import Config
from runs.studies.vignettes.study import STUDY
from tests.runs.studies.vignettes.small import small


def test_scales_grow_and_titles_say_the_seeds() -> None:
    """Assert that the larger scales have more seeds, and that one seed is called so."""
    seeds = [STUDY.configured(scale=scale, device="cpu").seeds for scale in ("smoke", "laptop", "paper")]
    assert seeds == sorted(set(seeds)) and small().about == "one seed" and small(seeds=3).about == "3 seeds"


def test_eigenvalues_are_asked_at_the_published_sizes() -> None:
    """Assert that N goes up to 1600 and the wide layer of row 3g to 8 N and beyond, for three d."""
    config = STUDY.configured(scale="laptop", device="cpu")
    assert isinstance(config, Config)
    assert max(config.eigen_rows) == 1600 and len(config.eigen_dims) == 3 and max(config.eigen_multiples) >= 8
    assert config.pyramid_draws == 200
