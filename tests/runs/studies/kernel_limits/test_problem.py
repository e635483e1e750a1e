"""Clouds of the study's law, and their distances."""

import math

import torch

from runs.studies.kernel_limits.config import KERNELS
from runs.studies.kernel_limits.problem import BLOCK, Problem
from tests.runs.studies.kernel_limits.problems import small


def test_clouds_of_a_seed_lie_in_its_block() -> None:
    """Assert that the distance of a seed is the mean over its own block of clouds, and that none is shared."""
    problem = Problem.of(small(clouds=3))
    weights, mean = KERNELS[1].masses(8), problem.kernel(problem.train.inputs)
    clouds = [problem.cloud(weights, BLOCK * 2 + number) for number in range(3)]
    squares = [float((problem.kernel.sampled(each, problem.train.inputs) - mean).square().sum()) for each in clouds]
    assert math.isclose(problem.squared_distance(weights, mean, 2), math.fsum(squares) / 3.0, rel_tol=1e-12)
    assert not torch.equal(problem.cloud(weights, 0).positions, problem.cloud(weights, BLOCK).positions)
    assert problem.train.count == problem.test.count == 10
