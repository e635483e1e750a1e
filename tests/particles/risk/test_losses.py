"""Every loss keeps the contract, is the formula it names, and refuses targets that make no sense for it."""

from collections.abc import Callable

import mpmath
import pytest
import torch
from torch import Tensor

import particles.risk.losses
from particles import CrossEntropy, Logistic, Loss
from tests.particles.risk.contracts import loss as contract
from tests.particles.risk.contracts.members import LOSSES, Map, name_of
from tests.particles.risk.contracts.planted.losses import PLANTED_LOSSES
from tests.tolerances import assert_identical

CASES = [(loss, make, outputs) for loss, _, make, counts in LOSSES for outputs in counts]


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize(("loss", "make", "outputs"), CASES, ids=name_of)
def test_loss_keeps_the_law(loss: Loss, make: Map, outputs: int, law: contract.Law) -> None:
    """Assert that the loss keeps this law of its family."""
    law(loss, make, outputs)


@pytest.mark.parametrize(("loss", "make", "outputs", "law", "claim"), PLANTED_LOSSES, ids=name_of)
def test_law_rejects_the_planted_loss(loss: Loss, make: Map, outputs: int, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted loss breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(loss, make, outputs)


@pytest.mark.parametrize(("loss", "plain", "make", "counts"), LOSSES, ids=name_of)
def test_value_is_the_formula(
    loss: Loss, plain: Callable[[Tensor, Tensor], Tensor], make: Map, counts: list[int]
) -> None:
    """Assert that the loss of every datum is the function it is named after."""
    for outputs in counts:
        f, y = contract.predictions(outputs), contract.targets(make, outputs)
        expected = torch.stack([plain(f_i, y_i) for f_i, y_i in zip(f, y, strict=True)])
        assert_identical(loss.value(f, y), expected, claim=repr(loss))


def test_every_loss_is_a_member() -> None:
    """Assert that no loss of the module is left out of the contract."""
    defined = {kind for kind in vars(particles.risk.losses).values() if hasattr(kind, "__dataclass_fields__")}
    assert {type(loss) for loss, *_ in LOSSES} == defined


@pytest.mark.parametrize("value", [0.0, 2.0, 0.5])
def test_logistic_refuses_targets_other_than_signs(value: float) -> None:
    """Assert that one target that is not -1 or +1 is refused with what to do."""
    with pytest.raises(ValueError, match=r"needs targets -1 or \+1, but others were given; map your classes"):
        Logistic().check(torch.tensor([[1.0], [value]]))


def test_cross_entropy_refuses_one_output() -> None:
    """Assert that one output is refused with the loss that fits it."""
    with pytest.raises(ValueError, match=r"needs two outputs or more, but targets have one; use Logistic\(\)"):
        CrossEntropy().check(torch.ones(3, 1))


@pytest.mark.parametrize("row", [[0.5, 0.6], [1.5, -0.5], [0.0, 0.0]])
def test_cross_entropy_refuses_rows_that_are_no_probabilities(row: list[float]) -> None:
    """Assert that a row that does not sum to one, or has a negative entry, is refused."""
    with pytest.raises(ValueError, match="targets whose rows are probabilities .*; these are not"):
        CrossEntropy().check(torch.tensor([[1.0, 0.0], row]))


@pytest.mark.parametrize("gap", [1.0, 40.0, 600.0])
def test_what_is_learned_keeps_its_digits(gap: float) -> None:
    """Assert that value, residual and curvature of cross-entropy are right to 1e-12 where a class is nearly certain."""
    f = torch.tensor([[gap, 0.0, -3.0]], dtype=torch.float64)
    y = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    with mpmath.workdps(400):
        powers = [mpmath.exp(each) for each in f[0].tolist()]
        q = [power / sum(powers) for power in powers]
        value = float(-mpmath.log(q[0]))
        residual = [float(each - target) for each, target in zip(q, y[0].tolist(), strict=True)]
        curvature = [[float((q[a] if a == b else 0) - q[a] * q[b]) for b in range(3)] for a in range(3)]
    loss = CrossEntropy()
    for found, expected in (
        (loss.value(f, y), [value]),
        (loss.residual(f, y), [residual]),
        (loss.curvature(f, y), [curvature]),
    ):
        torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=0.0)
