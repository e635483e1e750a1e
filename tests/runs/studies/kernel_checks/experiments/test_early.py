"""The early-time model as the number of inputs grows."""

from limits.theorems import Verdict
from runs.studies.kernel_checks.experiments.early import PLACES, Early, training_gaps
from tests.runs.studies.kernel_checks.small import measured, small


def test_training_parts_from_the_early_model_less_in_higher_dimension() -> None:
    """Assert that the relative gap at t = 4 d, at the data and elsewhere, is a percent at d = 20 and falls with d."""
    for gaps in zip(*(training_gaps(dim, 600) for dim in (10, 20, 40)), strict=True):
        assert gaps[2] < 0.7 * gaps[1] < 0.7 * 0.7 * gaps[0] and gaps[1] < 0.02


def test_distances_fall_faster_than_the_inverse_dimension() -> None:
    """Assert that the model of erf networks comes near the kernel so, and that no prediction is made beside it."""
    config = small(dims=(20, 40, 80), rows=400)
    found = measured(Early(), config, "Erf-both")
    curve = found.at("early", "distance", "Erf, both")
    assert curve.x.tolist() == [20.0, 40.0, 80.0] and curve.slope.value < -1.0


def test_every_kernel_and_place_is_claimed_and_drawn() -> None:
    """Assert that there are six claims on distances, two on training, and a line for each."""
    config = small()
    found = measured(Early(), config)
    claims = [*Early().claims(config, found)]
    assert len(claims) == 8 and not any(claim.verdict is Verdict.ASSUMPTION_FAILS for claim in claims)
    distances, training = Early().panels(config, found)
    assert len(distances.lines) == 6 and [line.label for line in training.lines] == list(PLACES)
