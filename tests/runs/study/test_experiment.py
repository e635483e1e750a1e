"""What an experiment is by default, and which cases it has."""

from pathlib import Path

from runs.study.experiment import PREDICTED, Case, Experiment, planned
from tests.runs.study.toy import Plain, Squares, configured


def test_the_least_experiment_has_a_case_for_every_seed(tmp_path: Path) -> None:
    """Assert that seeds are cases, nothing is predicted, claimed or drawn, and nothing has begun."""
    config = configured(tmp_path, seeds=3)
    plain = Plain()
    assert isinstance(plain, Experiment)
    assert planned(plain, config) == [Case(f"seed{seed}", seed) for seed in range(3)]
    assert plain.about(config) == "3 seeds"
    assert plain.begun(config, Case("seed0"), tmp_path) == 0
    assert [*plain.predicted(config), *plain.claims(config, None), *plain.panels(config, None)] == []


def test_what_is_predicted_is_a_case(tmp_path: Path) -> None:
    """Assert that it comes first."""
    assert planned(Squares(), configured(tmp_path))[0] == PREDICTED
    assert len(planned(Squares(), configured(tmp_path))) == 3
