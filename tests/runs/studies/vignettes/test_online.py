"""Online gradient descent is the paper's, whose loss has no 1/2."""

import torch

from runs.studies.vignettes.online import PAPERS, Task
from tests.runs.studies.vignettes.small import small
from tests.tolerances import assert_identical


def test_steps_are_the_papers() -> None:
    """Assert that particles move as theta <- theta - s N grad (y - f)^2 says, by autograd, over some fresh batches."""
    task = Task(small(online_until=0.06, online_step=0.02))
    positions = task.start(6, 3).positions.clone()
    for number in range(3):
        data = task.sample(3, number)
        positions.requires_grad_()
        outputs = (torch.tanh(data.inputs @ positions[:, :-1].T) @ positions[:, -1:]) / 6.0
        (gradient,) = torch.autograd.grad((data.targets - outputs).square().mean(), positions)
        positions = (positions - 0.02 * 6.0 * gradient).detach()
    assert_identical(task.trained(6, 3).positions, positions, operations=1e4)


def test_risk_is_half_of_the_papers_loss() -> None:
    """Assert that the loss of a cloud is E (y - f)^2 over the test inputs, without noise."""
    task = Task(small())
    cloud = task.start(6, 0)
    outputs = (torch.tanh(task.test.inputs @ cloud.positions[:, :-1].T) @ cloud.positions[:, -1:]) / 6.0
    assert_identical(PAPERS * task.risk(cloud), (task.target(task.test.inputs) - outputs).square().mean())


def test_data_and_starts_are_independent_and_addressed() -> None:
    """Assert that a batch is the same whenever it is asked for, and that batches, runs and teachers' noise differ."""
    task = Task(small())
    assert torch.equal(task.sample(1, 5).inputs, task.sample(1, 5).inputs)
    others = [task.sample(1, 6), task.sample(2, 5)]
    assert not any(torch.equal(task.sample(1, 5).inputs, other.inputs) for other in others)
    noise = torch.cat([task.sample(0, k).targets - task.target(task.sample(0, k).inputs) for k in range(200)])
    assert abs(float(noise.std()) - 0.05) < 0.005
    first, second = task.pair(4, 0)
    assert not torch.equal(first.positions, second.positions)
