"""The benchmark of the mild flow: both activations are measured, at tolerances that suit them."""

import pytest

from particles import ReLU, Tanh
from runs.benchmarks.integrators import mild_flow
from runs.benchmarks.integrators.work_precision import Method
from runs.benchmarks.timed_flows import TimedFlow


def test_smooth_and_kinked_neurons_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that tanh is run with the methods of the stiff flow, ReLU with the implicit ones."""
    seen: list[tuple[object, list[str]]] = []

    def run(problem: TimedFlow, reference: object, methods: list[Method], **options: object) -> list[object]:
        seen.append((problem.flow.risk.neuron.activation, [method.name for method in methods]))
        return []

    monkeypatch.setattr(mild_flow, "run", run)
    monkeypatch.setattr(mild_flow, "reference", lambda problem: problem.cloud)
    monkeypatch.setattr(mild_flow, "Ours", lambda make: lambda problem, rtol: problem)
    assert mild_flow.main() == []
    assert [activation for activation, _ in seen] == [Tanh(), ReLU()]
    assert seen[1][1] == ["Adaptive", "CVODE", "gradient descent"]
    assert set(seen[1][1]) < set(seen[0][1])
