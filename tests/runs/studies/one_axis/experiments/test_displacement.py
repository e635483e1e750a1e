"""Equation (9): movement by one over alpha."""

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.displacement import Displacement
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

ALPHAS = (1.0, 3.0, 10.0, 30.0, 100.0)


def table(power: float = -1.0, approach: float = -2.0) -> Table:
    """Movement as a power of alpha for two seeds, the gap to the kernel flow as another, squares half their bound."""
    rows = []
    for seed in (0, 1):
        for alpha in ALPHAS:
            moved = (1.0 + 0.01 * seed) * alpha**power
            for letter in ("theta", "u"):
                rows.append(Row("E4.1-lazy", letter, "network", seed, alpha, moved))
            rows.append(Row("E4.1-lazy", "gap", "root mean square", seed, alpha, (1.0 + 0.01 * seed) * alpha**approach))
            rows.append(Row("E4.1-lazy", "sum of squares", "network", seed, alpha, 0.5))
            rows.append(Row("E4.1-lazy", "sum of squares", "bound", seed, alpha, 1.0))
    return Table(tuple(rows))


def test_movement_is_as_one_over_alpha() -> None:
    """Assert that a slope of minus one holds for theta and u, and one of minus .8 is found out."""
    for words in ("movement of theta", "movement of u"):
        assert verdicts(Displacement(), small(), table(), words) == {Verdict.HOLDS}
        assert verdicts(Displacement(), small(), table(power=-0.8), words) == {Verdict.VIOLATED}


def test_constant_is_reached_to_second_order() -> None:
    """Assert that a gap as alpha^-2 holds, and one as alpha^-1 is found out."""
    words = "goes to that of the kernel flow"
    assert verdicts(Displacement(), small(), table(), words) == {Verdict.HOLDS}
    assert verdicts(Displacement(), small(), table(approach=-1.0), words) == {Verdict.VIOLATED}


def test_a_movement_beyond_the_theorem_is_an_alarm() -> None:
    """Assert that squares above their bound violate a theorem."""
    (claim,) = [claim for claim in Displacement().claims(small(), table()) if claim.proven]
    far = changed(table(), lambda row: 3.0 * row.value if row.curve == "network" else row.value)
    (found,) = [claim for claim in Displacement().claims(small(), far) if claim.proven]
    assert (claim.verdict, found.verdict) == (Verdict.HOLDS, Verdict.VIOLATED)


def test_measured_movement_has_the_constant_of_the_kernel_flow(axis_table: Table) -> None:
    """Assert that at smoke scale movement times alpha is the linearised flow's at alpha = 100 to three digits."""
    for letter in ("theta", "u"):
        found, linear = (
            axis_table.at("E4.1-lazy", f"{letter} times alpha", curve) for curve in ("network", "linearised")
        )
        assert abs(found.mean[-1] / linear.mean[-1] - 1.0) < 1e-3
    gap = axis_table.at("E4.1-lazy", "gap", "root mean square")
    assert gap.mean[-1] < 1e-3 < gap.mean[0]
    assert [len(panel.lines) for panel in Displacement().panels(small(), axis_table)] == [2, 4, 1]
