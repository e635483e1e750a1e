"""The benchmark of many data: its flow, its methods, its reference, and the memory of its steps."""

from dataclasses import replace

import pytest
import torch

from flows import Chebyshev, evolve
from particles import NTK, CrossEntropy, MeanField, Tanh
from runs.benchmarks.integrators.large_flow import DATA, images_flow, large_flow, methods, reference, stepped
from runs.benchmarks.integrators.work_precision import PEER
from runs.benchmarks.memory import CLEAR, MEBIBYTE, STATUS, resident


def test_flow_is_that_of_the_issue() -> None:
    """Assert that it has 8000 inputs on the sphere of radius sqrt(20), tanh, NTK scaling of 500 unequal masses."""
    problem = large_flow()
    risk = problem.flow.risk
    assert (problem.cloud.count, risk.data.count, problem.until) == (500, DATA, 2e4)
    assert torch.allclose(risk.data.inputs.norm(dim=1), torch.tensor(20.0).double().sqrt())
    assert risk.scaling == NTK() and risk.neuron.activation == Tanh()
    assert float(problem.cloud.masses.max()) > 10.0 * float(problem.cloud.masses.min())


def test_peer_and_default_are_compared_in_as_many_rounds() -> None:
    """Assert that Adaptive and CVODE are there at several tolerances, with as many repetitions."""
    repeats = {method.name: method.repeats for method in methods(3) if len(method.tolerances) > 2}
    assert repeats == {"Adaptive": 3, PEER: 3}


def test_reference_is_tight() -> None:
    """Assert that the reference is near the end of another method at a tight tolerance."""
    problem = replace(large_flow(30, 450), until=50.0)
    tight = evolve(problem.flow, problem.cloud, Chebyshev(1e-8), until=50.0).positions
    assert float((reference(problem).positions - tight).norm() / (tight - problem.cloud.positions).norm()) < 1e-6


@pytest.mark.skipif(not (STATUS.exists() and CLEAR.exists()), reason="this system has no /proc")
def test_steps_are_taken_and_their_memory_seen() -> None:
    """Assert that as many steps as asked for go on in time and lower the risk, without an n k by n k matrix.

    That would be 288 MB for 600 data of 10 outputs.
    """
    problem = images_flow(20, 600, 8, 10)
    assert problem.flow.risk.loss == CrossEntropy() and problem.flow.risk.scaling == MeanField()
    before = resident("VmHWM")
    found = stepped(problem, 1e-3, 6)
    assert len(found.seconds) == 6 and 0.0 < found.reached < problem.until
    assert found.risk < float(problem.flow.risk(problem.cloud))
    assert 0 <= found.peak - before < 100 * MEBIBYTE
    assert found.line.startswith("6 steps until ") and found.line.endswith("MiB resident")
