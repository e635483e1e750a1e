"""E3.4 at smoke scale: what holds there, and planted numbers that are found."""

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.displacement import DisplacementConvexity, mode_rate
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.vignettes.small import small

EXPERIMENT = DisplacementConvexity()
HOLDS = {Verdict.HOLDS}


def test_limit_keeps_the_bound_and_modes_their_rates(vignettes_table: Table) -> None:
    """Assert that displacement convexity holds in one dimension and in balls, and modes decay at 3, 9 and 18."""
    config = small()
    bounds = said(EXPERIMENT, config, vignettes_table, "frames s < t of the limit")
    assert len(bounds) == 2 and {claim.verdict for claim in bounds} == HOLDS and all(claim.proven for claim in bounds)
    assert verdicts(EXPERIMENT, config, vignettes_table, "of Legendre decays") == HOLDS


def test_a_planted_rate_of_a_mode_is_found(vignettes_table: Table) -> None:
    """Assert that a mode that is 6 % too slow is a violation."""
    table = changed(vignettes_table, lambda row: 0.94 if row.quantity == "mode" else row.value)
    assert verdicts(EXPERIMENT, small(), table, "of Legendre decays") == {Verdict.VIOLATED}
    assert abs(mode_rate(60, 1) - 1.0) < 0.01


def test_bumps_stay_below_the_bound_and_a_planted_delay_is_found(vignettes_table: Table) -> None:
    """Assert that all runs without noise are below the bound and their floor, and not where L stays half-way up."""
    config = small()
    assert verdicts(EXPERIMENT, config, vignettes_table, "along the particles") == HOLDS

    def late(row: Row) -> float:
        first = row.x == 0.0 or row.x > 0.74 * config.convex_until
        return row.value if row.quantity != "excess" or row.seed is None or first else 1.0

    table = changed(vignettes_table, late)
    assert Verdict.VIOLATED in verdicts(EXPERIMENT, config, table, "along the particles")


def test_means_of_bumps_decay_at_the_rate_in_every_dimension(vignettes_table: Table) -> None:
    """Assert that a planted mean that decays twice as fast is found."""
    table = changed(vignettes_table, lambda row: 2.0 if row.quantity == "mean" else row.value)
    assert verdicts(EXPERIMENT, small(), table, "while no bump feels a wall") == {Verdict.VIOLATED}


def test_orders_are_those_of_means(vignettes_table: Table) -> None:
    """Assert that a gap to the limit that does not fall is found, and one of a single seed is undecided."""
    config = small()
    one = said(EXPERIMENT, config, vignettes_table, "|L_N - L| over L_0 falls")
    assert one[0].verdict is Verdict.UNDECIDED

    def planted(row: Row) -> float:
        return 9.0 if row.quantity == "excess" and row.curve == "N = 60, δ = 0.2" and row.x > 0.0 else row.value

    rows = [Row(r.experiment, r.quantity, r.curve, 1, r.x, r.value * 1.01) for r in vignettes_table if r.seed == 0]
    both = Table((*vignettes_table, *rows))
    assert said(EXPERIMENT, config, changed(both, planted), "over L_0 falls")[0].verdict is Verdict.VIOLATED
