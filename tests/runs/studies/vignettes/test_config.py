"""The sizes of vignettes."""

from runs.studies.vignettes.study import STUDY
from tests.runs.studies.vignettes.small import small


def test_scales_grow_and_titles_say_the_seeds() -> None:
    """Assert that the larger scales have more seeds, and that one seed is called so."""
    seeds = [STUDY.configured(scale=scale, device="cpu").seeds for scale in ("smoke", "laptop", "paper")]
    assert seeds == sorted(set(seeds)) and small().about == "one seed" and small(seeds=3).about == "3 seeds"
