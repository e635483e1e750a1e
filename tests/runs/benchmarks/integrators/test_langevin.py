"""The benchmark of noisy integrators: its known law, its table, and that our integrators meet that law."""

import importlib.util

import pytest
import torch

from runs.benchmarks.integrators.langevin import (
    CONFINEMENT,
    METHODS,
    TEMPERATURE,
    TRUTH,
    Scale,
    main,
    measured,
    problem,
)
from tests.tolerances import assert_identical

TINY = Scale(count=20, before=0.8, during=8.0, steps=(0.4, 0.2))
#: Installed as a peer only where benchmarks are run.
PEER = importlib.util.find_spec("torchsde") is not None


def test_known_law_satisfies_the_virial_identity() -> None:
    """Assert that the two numbers differ by T / confinement, as E theta . grad V = (dim theta) T says of each group."""
    assert abs(float(TRUTH[1] - TRUTH[0]) - TEMPERATURE / CONFINEMENT) < 1e-6


def test_problem_is_the_published_one() -> None:
    """Assert that under mean-field scaling the drift is -grad V and the noise sqrt(2 T) for every particle."""
    flow, cloud = problem(5)
    w, b, a = cloud.positions[:, 0], cloud.positions[:, 1], cloud.positions[:, 2]
    x, y = torch.tensor([-1.0, 0.0, 1.0]).double(), torch.tensor([0.5, -0.3, 0.4]).double()
    active = torch.relu(w[:, None] * x + b[:, None])
    residual = (a @ active) / 5.0 - y
    expected = torch.stack(
        [
            -a * ((active > 0) * residual * x).mean(dim=1) - CONFINEMENT * w,
            -a * ((active > 0) * residual).mean(dim=1) - CONFINEMENT * b,
            -(active * residual).mean(dim=1) - CONFINEMENT * a,
        ],
        dim=1,
    )
    assert_identical(flow.velocity(cloud), expected)
    assert_identical(flow.diffusion(cloud), torch.full_like(cloud.positions, (2.0 * TEMPERATURE) ** 0.5))


def test_table_has_a_line_for_every_method_and_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that each method is run at each step, that velocities are counted, and that errors are finite."""
    results = main(TINY)
    expected = [method for method in METHODS if PEER or not method.startswith("torchsde")]
    assert [(result.method, result.step) for result in results] == [(m, s) for m in expected for s in TINY.steps]
    assert [result.velocities for result in results[:6]] == [22, 44, 22, 44, 44, 88]
    assert all(bool(torch.isfinite(result.errors).all()) and result.seconds > 0.0 for result in results)
    printed = capsys.readouterr().out
    assert all(printed.count(method) >= len(TINY.steps) for method in expected)


@pytest.mark.validation
@pytest.mark.parametrize("method", ["LeimkuhlerMatthews", "LinearSplitting"])
def test_our_integrators_meet_the_known_law(method: str) -> None:
    """Assert that two thousand neurons have the known second moments to 5 %, five standard errors of thirty units of
    time, ten correlation times."""
    result = measured(method, 0.2, Scale(count=2000, before=15.0, during=30.0))
    assert float(result.errors.abs().max()) < 0.05
