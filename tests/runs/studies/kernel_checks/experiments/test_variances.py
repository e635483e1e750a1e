"""Total variances against their closed form."""

from runs.studies.kernel_checks.experiments.variances import MASSES, Variances
from tests.runs.studies.kernel_checks.small import measured, small
from tests.tolerances import Z


def test_sampled_variances_are_the_closed_form() -> None:
    """Assert that 200 asymmetrical clouds are within five standard errors of it, which are a tenth of it."""
    found = measured(Variances(), small(clouds=200), "Erf-gamma0.2")
    seen = found.at("variance", "variance", "Erf")
    exact = found.at("variance", "variance", "Erf", predicted=True)
    assert seen.x.tolist() == [0.2] and exact.x.tolist() == [gamma for gamma, _ in MASSES]
    error = float(seen.errors[0, 0])
    assert abs(float(seen.mean[0] - exact.mean[1])) < Z * error and error < 0.1 * exact.mean[1]


def test_every_case_is_claimed_and_drawn() -> None:
    """Assert that each activation and masses has a claim with its prediction, and that all are in the panel."""
    config = small()
    found = measured(Variances(), config)
    claims = [*Variances().claims(config, found)]
    assert len(claims) == len(Variances().cases(config)) == 15
    exact = found.at("variance", "variance", "Tanh", predicted=True).mean
    assert [claim.bound for claim in claims if "Tanh" in claim.statement] == exact.tolist()
    (panel,) = Variances().panels(config, found)
    assert len(panel.lines) == 5 and not panel.log_y
