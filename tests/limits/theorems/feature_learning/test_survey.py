"""Every theorem of the paper at once."""

from limits.theorems import Verdict
from limits.theorems.feature_learning import every_feature_theorem
from particles import LeakyReLU
from tests.limits.theorems.feature_learning.wide import deeper, moving, moving_run
from tests.limits.theorems.networks import run


def test_none_is_violated_on_runs_of_gradient_flow() -> None:
    """Assert that a shallow and a deeper network violate nothing, and that each statement occurs once."""
    shallow = every_feature_theorem(moving(LeakyReLU(0.3)), moving_run(LeakyReLU(0.3)), seeds=range(30))
    deep = every_feature_theorem(deeper(), run(deeper(), step=0.5, until=50.0), seeds=range(30))
    assert (len(shallow), len(deep)) == (11, 12)
    for results in (shallow, deep):
        assert len({result.statement for result in results}) == len(results)
        assert all(result.verdict is not Verdict.VIOLATED and result.proven for result in results)
        assert sum(result.verdict is Verdict.HOLDS for result in results) >= 5
