"""The change of the Gram matrix at infinite width."""

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.asymmetric import LAZY, MOVING, Asymmetric
from runs.studies.infinite_width.problems.asymmetrical import CHANGE, SQUARE
from tests.runs.studies.infinite_width.small import estimates, scaled


def test_claims_tell_moving_random_and_lazy_limits_apart() -> None:
    """Assert that a limit that stands still, one that is not random and an NTK limit that moves are each seen."""
    right = {f"{MOVING}: {CHANGE}": (0.3, 0.01), f"{MOVING}: {SQUARE}": (0.14, 0.005), f"{LAZY}: {SQUARE}": (0.0, 1e-4)}
    wrong = (
        {f"{MOVING}: {CHANGE}": (-0.1, 0.01)},
        {f"{MOVING}: {SQUARE}": (0.06, 0.005)},
        {f"{LAZY}: {SQUARE}": (0.01, 1e-4)},
    )
    claims = [claim.verdict for claim in Asymmetric().claims(scaled(), estimates("asymmetric", right))]
    assert claims == [Verdict.HOLDS] * 3
    for place, change in enumerate(wrong):
        claims = [claim.verdict for claim in Asymmetric().claims(scaled(), estimates("asymmetric", right | change))]
        assert claims[place] is Verdict.VIOLATED
