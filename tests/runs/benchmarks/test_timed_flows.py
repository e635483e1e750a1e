"""The benchmark problems are what the tables say they are."""

import math

import pytest
import torch

from flows import Chebyshev, evolve
from particles import NTK, ReLU, Softplus, Tanh, tangent_gram
from runs.benchmarks.timed_flows import mild_flow, stiff_flow
from tests.tolerances import assert_identical


def largest_rate_times_span(kind: str) -> float:
    """The largest eigenvalue of K P times the time of the run."""
    problem = stiff_flow() if kind == "stiff" else mild_flow()
    gram = tangent_gram(problem.flow.risk, problem.cloud)
    return float(torch.linalg.eigvalsh(gram)[-1]) / problem.flow.risk.data.count * problem.until


def test_sizes_are_those_of_the_tables() -> None:
    """Assert that n, d, m and sum-loss time are 60, 20, 1000, 2000 with softplus and 100, 50, 2000, 100 with tanh."""
    stiff, mild = stiff_flow(), mild_flow()
    assert (stiff.flow.risk.data.inputs.shape, stiff.cloud.count, stiff.until) == ((60, 20), 1000, 2000.0 * 60)
    assert (mild.flow.risk.data.inputs.shape, mild.cloud.count, mild.until) == ((100, 50), 2000, 100.0 * 100)
    assert (stiff.flow.risk.network.neuron.activation, mild.flow.risk.network.neuron.activation) == (Softplus(), Tanh())
    assert stiff.flow.risk.scaling == mild.flow.risk.scaling == NTK()
    assert mild_flow(10, 5, 4, activation=ReLU()).flow.risk.network.neuron.activation == ReLU()


def test_masses_are_asymmetrical() -> None:
    """Assert that masses are 0.5 / m + 0.5 zipf with index 0.7."""
    ranks = torch.arange(1, 1001, dtype=torch.float64) ** (-1.0 / 0.7)
    assert_identical(stiff_flow().cloud.masses, 0.5 / 1000 + 0.5 * ranks / ranks.sum())


@pytest.mark.parametrize("make", [stiff_flow, mild_flow])
def test_inputs_have_length_root_d_and_targets_are_a_sine(make: type) -> None:
    """Assert that |x_i| = sqrt(d) and that targets are between -1 and 1 and no constant."""
    data = make().flow.risk.data
    length = torch.full((data.count,), math.sqrt(data.inputs.shape[1]), dtype=torch.float64)
    assert_identical(data.inputs.norm(dim=1), length)
    assert float(data.targets.abs().max()) <= 1.0
    assert float(data.targets.std()) > 0.1


def test_coordinates_decay_in_the_stiff_problem_only() -> None:
    """Assert that the root mean square of coordinate k falls about as 1/k there, and not at all in the mild one."""
    for problem, ratio in ((stiff_flow(data=5000), 10.0), (mild_flow(data=5000, count=10), 1.0)):
        sizes = problem.flow.risk.data.inputs.square().mean(dim=0).sqrt()
        assert float(sizes[1] / sizes[10]) == pytest.approx(ratio * (0.5 if ratio > 1.0 else 1.0), rel=0.2)


def test_stiffness_is_as_documented() -> None:
    """Assert that the largest rate times the span is about 10^4 in the stiff problem and below 10^3 in the mild one."""
    assert 8e3 < largest_rate_times_span("stiff") < 2e4
    assert largest_rate_times_span("mild") < 1e3


def test_same_seed_gives_the_same_problem() -> None:
    """Assert that problems are drawn from their seed."""
    assert torch.equal(stiff_flow().cloud.positions, stiff_flow().cloud.positions)
    assert torch.equal(stiff_flow().flow.risk.data.inputs, stiff_flow().flow.risk.data.inputs)
    assert not torch.equal(stiff_flow(seed=1).flow.risk.data.inputs, stiff_flow().flow.risk.data.inputs)


def test_flow_fits_its_data() -> None:
    """Assert that a reduced stiff problem can be run and that the risk falls by a factor of a thousand."""
    problem = stiff_flow(count=40, data=6, dim=5)
    end = evolve(problem.flow, problem.cloud, Chebyshev(1e-2), until=problem.until / 4.0)
    assert float(problem.flow.risk(end)) < 1e-3 * float(problem.flow.risk(problem.cloud))
