"""Networks side by side are those one by one, and what is linear in features is what it says."""

import pytest
import torch

from flows import Adam
from particles import Accuracy
from runs.studies.one_axis.reuse import Reuse
from tests.runs.studies.one_axis.small import small
from tests.tolerances import SINGLE

REUSE = Reuse.of(small(image_rows=40, image_test=30), 2)
RATE, STEPS = 1e-2, 7


def test_networks_side_by_side_are_those_of_torch() -> None:
    """Assert that each has the theta and u of torch.optim.Adam on the same batches, with weight decay of both kinds."""
    for decoupled in (False, True):
        method = Adam(RATE, weight_decay=0.1, decoupled=decoupled)
        starts = [REUSE.start(6, seed) for seed in range(2)]
        found = REUSE.descended(REUSE.risk(), starts, method, STEPS, seed=3)
        for start, end in zip(starts, found, strict=True):
            alone = REUSE.descended(REUSE.risk(), [start], method, STEPS, seed=3)[0]
            torch.testing.assert_close(end.positions, alone.positions, rtol=0.0, atol=SINGLE)
            torch.testing.assert_close(alone.positions, written(start.positions, decoupled), rtol=0.0, atol=SINGLE)


def written(positions: torch.Tensor, decoupled: bool) -> torch.Tensor:
    """The same by torch alone."""
    from flows import Epochs

    theta, u = (part.clone().requires_grad_() for part in positions.split([REUSE.inputs, 10], dim=1))
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimiser = kind([theta, u], lr=RATE, weight_decay=0.1)
    for step in range(STEPS):
        batch = Epochs(REUSE.batch, 3).batch(REUSE.train, step)
        optimiser.zero_grad()
        f = torch.tanh(batch.inputs @ theta.T) @ u
        torch.nn.functional.cross_entropy(f, batch.targets.argmax(dim=1)).backward()
        optimiser.step()
    return torch.cat([theta, u], dim=1).detach()


def test_features_that_stand_still_are_inputs() -> None:
    """Assert that output weights trained alone, and a linear network on the features, are one network."""
    start = REUSE.start(6, 0)
    silent = start.moved(torch.cat([start.positions[:, : REUSE.inputs], torch.zeros(6, 10)], dim=1))
    (end,) = REUSE.descended(REUSE.risk("output"), [silent], Adam(RATE), STEPS, seed=3)
    seen = REUSE.through(start.positions[:, : REUSE.inputs])
    (linear,) = seen.descended(seen.linear, [seen.nothing], Adam(RATE), STEPS, seed=3)
    torch.testing.assert_close(linear.positions[:, :6].T, end.positions[:, REUSE.inputs :], rtol=0.0, atol=SINGLE)
    assert torch.equal(end.positions[:, : REUSE.inputs], start.positions[:, : REUSE.inputs])
    assert float(seen.accuracies(seen.linear, [linear])) == float(REUSE.accuracies(REUSE.risk(), [end]))


def test_accuracy_is_that_of_test_images() -> None:
    """Assert that it is `Accuracy` of the risk on them, and that a look sees every step."""
    clouds, steps = [REUSE.start(6, seed) for seed in range(3)], []
    found = REUSE.accuracies(REUSE.risk(), clouds)
    tested = REUSE.risk().on(REUSE.test)
    assert found.tolist() == pytest.approx([float(Accuracy(tested)(cloud)) for cloud in clouds])
    REUSE.descended(REUSE.risk(), clouds, Adam(RATE), 3, 0, lambda step, seen: steps.append((step, len(seen))))
    assert steps[-3:] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(ValueError, match="give Adam a step"):
        REUSE.descended(REUSE.risk(), clouds, Adam(), 3, 0)
