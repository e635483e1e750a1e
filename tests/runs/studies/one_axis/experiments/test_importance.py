"""Importance sampling in the study: the claims of a table that is known, and the smoke scale's."""

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.importance import DECAYS, EVEN, IMPORTANCE, L2, LAWS, NETWORK, Importance
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.one_axis.small import small

E47 = Importance()
CONFIG = small()


def known(gap: float = 0.3) -> Table:
    """A table as the paper's: importance ahead by a gap that grows under L2 alone, fewer features alive."""
    rows = []
    for decay in DECAYS:
        for step, share in ((5, 0.2), (20, 1.0)):
            here = gap * share if decay == L2 else 0.02
            rows.append(Row("E4.7", f"alive, {decay}", NETWORK, 0, step, 1.1 - share if decay == L2 else 1.0))
            for law, value in ((IMPORTANCE, 0.706), (EVEN, 0.706 - here)):
                rows += [
                    Row("E4.7", f"{name}, {decay}", law, 0, step, value, 0.005) for name in ("accuracy", "converged")
                ]
        for law, value in ((IMPORTANCE, 1.0), (EVEN, 2.0)):
            rows.append(Row("E4.7", f"variance, {decay}", law, 0, 20, value))
    return Table(tuple(rows))


def test_claims_of_a_table_as_the_papers_hold() -> None:
    """Assert that all hold where importance is ahead, but the published number of the even draws."""
    found = {claim.statement: claim.verdict for claim in E47.claims(CONFIG, known())}
    assert found.pop("accuracy of ten features, even: 0.241") is Verdict.VIOLATED
    assert set(found.values()) == {Verdict.HOLDS}, found
    assert verdicts(E47, CONFIG, known(0.465), "even: 0.241") == {Verdict.HOLDS}


def test_claims_can_fail() -> None:
    """Assert that a small gap, a gap without L2, features that stay alive and a larger variance are violations."""
    assert verdicts(E47, CONFIG, known(0.1), "by more than 15 points") == {Verdict.VIOLATED}
    assert verdicts(E47, CONFIG, known(-0.1), "gain by importance is smaller") == {Verdict.VIOLATED}
    alive = changed(known(), lambda row: 1.0 if row.quantity.startswith("alive") else row.value)
    assert verdicts(E47, CONFIG, alive, "fewer features are alive") == {Verdict.VIOLATED}
    assert verdicts(E47, CONFIG, known(0.0), "grows with the steps") != {Verdict.HOLDS}
    more = changed(known(), lambda row: 3.0 if row.curve == IMPORTANCE else row.value)
    assert verdicts(E47, CONFIG, more, "has the least") == {Verdict.VIOLATED}


def test_smoke_scale_draws_ten_features(axis_table: Table) -> None:
    """Assert that all laws are there, the theorem holds, and importance falls from one."""
    assert {claim.verdict for claim in said(E47, CONFIG, axis_table, "has the least")} == {Verdict.HOLDS}
    for decay in DECAYS:
        falling = axis_table.at("E4.7", f"sorted, {decay}", NETWORK)
        assert falling.values[0, 0] == 1.0 and bool((falling.values[1:] <= falling.values[:-1]).all())
        for law in LAWS:
            curve = axis_table.at("E4.7", f"accuracy, {decay}", law)
            assert curve.x[-1] == max(CONFIG.drawn_steps) and bool((curve.values >= 0.0).all())
