"""Theorems on runs of the study at small sizes."""

from limits.theorems import Verdict
from runs.studies.feature_learning.experiments.theorems import CHECKED, PARTS, STATEMENTS, VERDICTS, problem_of
from tests.runs.studies.feature_learning.small import Smoked


def test_no_theorem_is_violated_and_lemma_1_promises_once(smoked: Smoked) -> None:
    """Assert that every claim is proven, that those of the tame network hold, and that theorems 1 to 3 occur."""
    experiment, config, table = smoked.measured("theorems")
    claims = [*experiment.claims(config, table)]
    assert all(claim.proven and claim.verdict in (Verdict.HOLDS, Verdict.VACUOUS) for claim in claims)
    lemma = [claim for claim in claims if "lemma 1, our" in claim.source and "tanh" in claim.statement]
    assert [claim.verdict for claim in lemma] == [Verdict.HOLDS] * 3
    sources = {claim.source for claim in claims}
    assert len(sources & {said.source for said in STATEMENTS.values()}) == len({s.source for s in STATEMENTS.values()})


def test_a_verdict_is_what_was_found(smoked: Smoked) -> None:
    """Assert that a violation that was stored is one, with the numbers of its rows."""
    words = "leaky ReLU .3: R_t <= R_0 exp(-2 C K^2 eig_min(G) t)"
    right = smoked.claimed("theorems", words)
    _, _, table = smoked.measured("theorems")
    rows = {part: table.at("theorems", f"decay everywhere: {part}", "leaky ReLU .3") for part in PARTS}
    assert (right.bound, right.measured) == (float(rows["bound"].last[0]), float(rows["measured"].last[0]))
    assert VERDICTS[int(rows["verdict"].last[0])] is right.verdict is Verdict.HOLDS


def test_networks_are_those_of_the_study(smoked: Smoked) -> None:
    """Assert that frozen layers go with more rows than inputs, and the tame network has twice the particles."""
    _, config, _ = smoked.measured("theorems")
    for one in CHECKED:
        problem = problem_of(config, one)
        assert (problem.data > problem.risk.data.inputs.shape[1]) == (one.floors > 0)
        assert problem.count == config.theorem_count * (2 if one.tame else 1)
