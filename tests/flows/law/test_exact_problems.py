"""Problems with a closed form: their paths are those of the stiff solvers where these can be trusted."""

import numpy as np
import pytest
import torch

from tests.flows.law.exact_problems import FAMILIES
from tests.flows.law.reference_path import reference
from tests.long import long_after

pytestmark = pytest.mark.usefixtures("without_shape_checks")


@pytest.mark.parametrize("seed", long_after(5, range(25)))
@pytest.mark.parametrize("family", FAMILIES)
def test_closed_form_is_what_solvers_find(family: str, seed: int) -> None:
    """Assert that formula and solvers agree to 1e-7 of the way, but for what the solvers differ by among themselves."""
    problem, exact = FAMILIES[family](seed)
    solved = reference(problem)
    if solved is None:
        pytest.skip("no solver comes to the end of this one")
    off = np.linalg.norm(solved.path - exact.path, axis=1).max()
    way = max(exact.moved.positions, 1e-9 * float(np.linalg.norm(exact.flow.start)))
    assert off <= 1e-7 * way + 3.0 * solved.doubt.positions, f"off by {off / way:.2e} of the way: {problem.described}"


def test_families_reach_far() -> None:
    """Assert that starts are saturated on both sides, columns 10^8 and more apart, targets tiny, and dtypes both."""
    starts = [FAMILIES["logistic"](seed)[0].cloud.positions[0, 1].item() for seed in range(60)]
    assert min(starts) < -100.0 and max(starts) > 100.0
    problems = [FAMILIES["linear"](seed)[0] for seed in range(60)]
    inputs = [problem.risk.data.inputs.abs().amax(dim=0) for problem in problems]
    assert max(float(columns.max() / columns.min()) for columns in inputs) > 1e8
    assert min(float(problem.risk.data.targets.abs().max()) for problem in problems) < 1e-10
    assert {problem.cloud.dtype for problem in problems} == {torch.float32, torch.float64}
