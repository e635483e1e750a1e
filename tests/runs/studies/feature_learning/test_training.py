"""One network of the three scalings in training."""

import torch

from flows import Euler, GradientFlow, evolve
from runs.studies.feature_learning.networks import SCALINGS
from runs.studies.feature_learning.training import Network, pair, times
from tests.runs.studies.feature_learning.small import small


def network(**sizes: object) -> Network:
    """Ours, 16 particles, 20 rows."""
    return Network(small(until=40.0, records=5, dtype="float64", **sizes), SCALINGS[0], 16, 20, 0)


def test_training_is_gradient_descent() -> None:
    """Assert that with short steps all the way it has the bits of plain descent, and is watched at the times asked."""
    net, seen = network(early=40.0), []
    end = net.train(lambda time, cloud: seen.append(time), lambda time: None)
    plain = evolve(GradientFlow(net.risk), net.start, Euler(1.0), until=40.0)
    assert torch.equal(end.positions, plain.positions)
    assert seen == times(net.config) == [0.0, 1.0, 3.0, 6.0, 16.0, 40.0]


def test_later_steps_are_longer() -> None:
    """Assert that steps of eight follow those of one, with times that go on and reach the end."""
    net, alive = network(early=8.0), []
    seen: list[float] = []
    end = net.train(lambda time, cloud: seen.append(time), alive.append)
    middle = evolve(GradientFlow(net.risk), net.start, Euler(1.0), until=8.0)
    plain = evolve(GradientFlow(net.risk), middle, Euler(8.0), until=32.0)
    assert torch.allclose(end.positions, plain.positions, rtol=1e-12)
    assert seen == [0.0, 1.0, 3.0, 6.0, 16.0, 40.0] and alive[0] == 0.0


def test_what_is_seen_begins_at_nothing_and_keeps_the_lower_bound() -> None:
    """Assert that movement starts at zero, that outputs move no farther than features, and that x_1, x_2 differ."""
    net = network(early=40.0)
    first, end = net.seen(net.start), net.train(lambda time, cloud: None, lambda time: None)
    last = net.seen(end)
    assert first["movement"] == 0.0 < last["movement"] and last["train"] < first["train"]
    assert net.at_end(end)["looseness"] >= 1.0 - 1e-12
    x = pair(net)
    signs = x[:, 0].square() - x[:, 1].square()
    assert float(signs.prod()) == -1.0 and torch.equal(x[0], net.data[0].inputs[0])
