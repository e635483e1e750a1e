"""Stochastic gradient descent as a flow: the papers' step, its batches, its average, and its noise."""

import math

import pytest
import torch
from torch import Tensor

from flows import RK4, Draws, Epochs, Euler, Every, GradientFlow, MinibatchFlow, Online, Trace, evolve
from particles import NTK, Dataset, MeanField, ParticleCloud, Risk, Scaling
from tests.problems import network_cloud, network_risk, numbers, written_out_gradient
from tests.tolerances import Z, assert_identical, relative_error


def equal_cloud(count: int = 6) -> ParticleCloud:
    """Equal masses."""
    return ParticleCloud(numbers(3, count, 4))


def plain_risk(scaling: Scaling) -> Risk:
    """The network risk with data that count equally."""
    risk = network_risk(scaling)
    return risk.on(Dataset(risk.data.inputs, risk.data.targets))


def stochastic_descent(risk: Risk, cloud: ParticleCloud, rate: float, steps: int, draws: Draws) -> Tensor:
    """theta_i <- theta_i - rate grad_i of the batch's mean of |y - f|^2 / 2, by autograd, as papers write it."""
    for number in range(steps):
        batch = draws.batch(risk.data, number)
        cloud = cloud.moved(cloud.positions - rate * written_out_gradient(risk.on(batch), cloud))
    return cloud.positions


def test_mean_field_step_grows_with_the_width() -> None:
    """Assert that under MeanField Euler with step s is theta_i <- theta_i - s N grad_i, for two widths, and that the
    step without N is something else."""
    for count in (6, 24):
        risk, cloud, draws = plain_risk(MeanField()), equal_cloud(count), Draws(3, seed=4)
        end = evolve(MinibatchFlow(risk, draws, 0.05), cloud, Euler(0.05), until=0.5).positions
        assert_identical(end, stochastic_descent(risk, cloud, 0.05 * count, 10, draws))
        assert relative_error(end, stochastic_descent(risk, cloud, 0.05, 10, draws)) > 1e-3


def test_ntk_step_is_the_learning_rate() -> None:
    """Assert that under NTK Euler with step s is theta_i <- theta_i - s grad_i."""
    risk, cloud, draws = plain_risk(NTK()), equal_cloud(), Draws(3, seed=4)
    end = evolve(MinibatchFlow(risk, draws, 0.05), cloud, Euler(0.05), until=0.5).positions
    assert_identical(end, stochastic_descent(risk, cloud, 0.05, 10, draws))


def test_batches_change_with_the_step_and_not_within() -> None:
    """Assert that batch k is in force from k s to (k + 1) s, rounding of k s included."""
    flow = MinibatchFlow(plain_risk(NTK()), Draws(2, seed=1), 0.1)
    assert [flow.number(count * 0.1) for count in range(1000)] == list(range(1000))
    assert [flow.number(time) for time in (0.0, 0.05, 0.0999, 0.15, 0.7)] == [0, 0, 0, 1, 7]
    assert torch.equal(flow.velocity(equal_cloud(), 0.31), flow.velocity(equal_cloud(), 0.39))
    assert not torch.equal(flow.velocity(equal_cloud(), 0.31), flow.velocity(equal_cloud(), 0.41))


def test_velocity_is_that_of_the_batch() -> None:
    """Assert that the velocity is the gradient flow's of the batch's risk, regulariser included."""
    risk, draws = network_risk(strength=0.3), Draws(2, seed=1)
    flow = MinibatchFlow(risk, draws, 0.1)
    expected = GradientFlow(risk.on(draws.batch(risk.data, 4))).velocity(network_cloud())
    assert torch.equal(flow.velocity(network_cloud(), 0.4), expected)
    assert torch.equal(flow.risk_at(0.4)(network_cloud()), risk.on(draws.batch(risk.data, 4))(network_cloud()))


@pytest.mark.parametrize("batches", [Epochs(2, seed=5), Draws(3, seed=5)], ids=str)
def test_observers_and_resumption_change_no_bit(batches: Epochs | Draws) -> None:
    """Assert that a run with observers, and one cut in the middle of an epoch and resumed, end at the same bits."""
    flow, start = MinibatchFlow(plain_risk(MeanField()), batches, 0.1), equal_cloud()
    whole = evolve(flow, start, Euler(0.1), until=1.6)
    trace = Trace(risk=flow.risk)
    seen = evolve(flow, start, Euler(0.1), until=1.6, observers=[Every(3, trace)])
    half = evolve(flow, start, Euler(0.1), until=0.7)
    resumed = evolve(flow, half, Euler(0.1), until=1.6, time=0.7, index=7)
    assert torch.equal(seen.positions, whole.positions)
    assert torch.equal(resumed.positions, whole.positions)
    other = evolve(MinibatchFlow(plain_risk(MeanField()), type(batches)(2, seed=6), 0.1), start, Euler(0.1), until=1.6)
    assert not torch.equal(other.positions, whole.positions)


def test_velocity_is_unbiased() -> None:
    """Assert that weighted data drawn with their weights give on average the velocity of the full risk, within five
    standard errors in every coordinate over a thousand batches."""
    risk, cloud = network_risk(), network_cloud()
    flow = MinibatchFlow(risk, Draws(4, seed=2), 1.0)
    drawn = torch.stack([flow.velocity(cloud, float(number)) for number in range(1000)])
    scores = (drawn.mean(dim=0) - risk.velocity(cloud)) / (drawn.std(dim=0) / math.sqrt(1000))
    assert float(scores.abs().max()) < Z


@pytest.mark.validation
def test_small_steps_average_to_the_gradient_flow() -> None:
    """Assert that the distance to the gradient flow falls as the root of the step, as d theta = v dt + sqrt(s) C^(1/2)
    dW has it: twice for a step four times smaller, neither four times nor not at all, over sixteen seeds."""
    risk, start = network_risk(NTK()), network_cloud()
    truth = evolve(GradientFlow(risk), start, RK4(0.1), until=1.0).positions
    distances = []
    for step in (0.1, 0.025):
        flows = [MinibatchFlow(risk, Draws(1, seed=seed), step) for seed in range(100, 116)]
        ends = [evolve(flow, start, Euler(step), until=1.0) for flow in flows]
        distances.append(math.sqrt(sum(float((end.positions - truth).square().sum()) for end in ends)))
    assert 1.4 < distances[0] / distances[1] < 2.8


@pytest.mark.validation
def test_noise_has_the_covariance_of_one_batch() -> None:
    """Assert that one step's displacement has variance s^2 C, C that of one batch: |g|^2 averaged over data minus the
    square of the average, divided by the size."""
    risk, cloud, size, step = network_risk(NTK()), network_cloud(), 4, 0.1
    flow = MinibatchFlow(risk, Draws(size, seed=9), step)
    single = torch.stack([risk.on(datum(risk.data, i)).velocity(cloud) for i in range(risk.data.count)])
    mean = torch.einsum("i,ijq->jq", risk.data.weights, single)
    covariance = torch.einsum("i,ijq->jq", risk.data.weights, (single - mean).square()) / size
    displaced = [
        evolve(flow, cloud, Euler(step), until=step * (k + 1), time=step * k, index=k).positions for k in range(1000)
    ]
    squares = (torch.stack(displaced) - cloud.positions - step * mean).square()
    scores = (squares.mean(dim=0) - step**2 * covariance) / (squares.std(dim=0) / math.sqrt(1000))
    assert float(scores.abs().max()) < Z


def datum(data: Dataset, number: int) -> Dataset:
    """One datum alone."""
    return Dataset(data.inputs[number : number + 1], data.targets[number : number + 1])


def test_online_descent_learns_a_teacher() -> None:
    """Assert that one fresh datum a step brings a network of the papers' step close to its teacher."""

    def sample(seed: int, number: int) -> Dataset:
        x = numbers(1000 * seed + number, 8, 3)
        return Dataset(x, torch.tanh(x[:, 0]))

    risk, start = network_risk(MeanField()), ParticleCloud(numbers(3, 50, 4))
    flow = MinibatchFlow(risk, Online(sample, seed=1), 0.1)
    test = risk.on(sample(999, 0))
    assert float(test(evolve(flow, start, Euler(0.1), until=30.0))) < 0.05 * float(test(start))


@pytest.mark.parametrize("step", [0.0, -0.1, math.inf, math.nan])
def test_impossible_step_is_refused(step: float) -> None:
    """Assert that a step that is not positive and finite is refused."""
    with pytest.raises(ValueError, match="The step is .*, but a positive finite number is needed"):
        MinibatchFlow(network_risk(), Draws(2), step)
