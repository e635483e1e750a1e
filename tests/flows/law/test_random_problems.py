"""Random problems: the same from the same number, representable in their dtype, and of every kind."""

import pytest
import torch

from tests.flows.law.random_problems import ACTIVATIONS, Problem, random_problem

pytestmark = pytest.mark.usefixtures("without_shape_checks")


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    """The first ones."""
    return [random_problem(seed) for seed in range(400)]


def test_number_says_all(problems: list[Problem]) -> None:
    """Assert that a number gives the same problem to the bit, and another one another."""
    for problem in problems[:20]:
        again = random_problem(problem.seed)
        assert again.described == problem.described
        assert torch.equal(again.cloud.positions, problem.cloud.positions)
        assert torch.equal(again.risk.data.inputs, problem.risk.data.inputs)
    assert len({problem.described for problem in problems}) == len(problems)


def test_numbers_are_those_of_the_dtype(problems: list[Problem]) -> None:
    """Assert that inputs and targets lose nothing in the dtype of the cloud."""
    for problem in problems:
        for values in (problem.risk.data.inputs, problem.risk.data.targets):
            assert torch.equal(values.to(problem.cloud.dtype).double(), values)


def test_every_kind_is_drawn(problems: list[Problem]) -> None:
    """Assert that the first 400 hold every kind that the law is about."""
    risks = [problem.risk for problem in problems]
    assert {risk.neuron.activation for risk in risks} == set(ACTIVATIONS)
    assert {type(risk.loss).__name__ for risk in risks} == {"Squared", "Logistic", "CrossEntropy"}
    assert {type(risk.scaling).__name__ for risk in risks} == {"MeanField", "NTK", "Lazy", "Power"}
    assert {type(risk.neuron.embedding).__name__ for risk in risks} == {
        "Identity",
        "Biased",
        "Quadratic",
        "RandomFeatures",
    }
    assert {risk.neuron.trained for risk in risks} == {"hidden", "output", "both"}
    assert {risk.neuron.outputs for risk in risks} == {1, 2, 3}
    assert {problem.cloud.dtype for problem in problems} == {torch.float32, torch.float64}
    assert {problem.start for problem in problems} == {"plain", "saturated", "tiny"}
    assert min(problem.cloud.count for problem in problems) == min(risk.data.count for risk in risks) == 1
    assert any(float(problem.cloud.masses.min()) == 0.0 for problem in problems)
    assert any(float(risk.data.weights.min()) == 0.0 for risk in risks)
    assert any(0.0 < risk.strength < 1.0 for risk in risks) and any(risk.strength > 100.0 for risk in risks)


def test_sizes_span_what_they_should(problems: list[Problem]) -> None:
    """Assert that times, tolerances, units and saturation reach towards the ends of their ranges."""
    untils = [problem.until for problem in problems]
    assert min(untils) < 2.0 and max(untils) > 5e5
    assert {problem.rtol for problem in problems} >= {1e-2, 1e-4, 1e-8}
    largest = [float(problem.risk.data.inputs.abs().max()) for problem in problems]
    assert min(largest) < 1e-2 and max(largest) > 1e5
    functions = [problem.risk.predictions(problem.cloud) for problem in problems if problem.start == "saturated"]
    assert any(float(f.min()) < -100.0 for f in functions) and any(float(f.max()) > 100.0 for f in functions)
    tiny = [problem.risk for problem in problems if problem.start == "tiny" and problem.risk.loss.value is not None]
    assert any(float(risk.data.targets.abs().max()) < 1e-8 for risk in tiny)
