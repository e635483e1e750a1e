"""Arcs and pieces: the quadratic form against its definition, and where floats alone lose it."""

from fractions import Fraction

import torch

from limits.mean_field.rectified.arcs import Pieces, arcs_of

INPUTS = [Fraction(-1), Fraction(1, 4), Fraction(2)]
PUSHES = [Fraction(1, 8), Fraction(-1, 4), Fraction(1, 16)]
STRENGTH = Fraction(1, 4)


def defined(direction: torch.Tensor) -> torch.Tensor:
    """c_w c_a |e|^2 - g(e)^2 of directions [places, 2], by its definition."""
    x, pushes = (torch.tensor([float(one) for one in row], dtype=torch.float64) for row in (INPUTS, PUSHES))
    g = torch.relu(direction @ torch.stack([x, torch.ones_like(x)])) @ pushes
    return float(STRENGTH) * direction.square().sum(dim=1) - g.square()


def test_form_is_its_definition_on_every_piece() -> None:
    """Assert that low + slope tau + bend tau^2 is c_w c_a |e|^2 - g^2 all along each piece, and that it rises."""
    pieces = Pieces.of(arcs_of(INPUTS, PUSHES, STRENGTH))
    for part in torch.linspace(0.0, 1.0, 7, dtype=torch.float64):
        tau = part * pieces.length
        form = pieces.low + tau * (pieces.slope + tau * pieces.bend)
        torch.testing.assert_close(form, defined(pieces.start + tau[:, None] * pieces.direction), rtol=1e-13, atol=0.0)
        assert bool((form >= pieces.low).all())
    assert bool((pieces.slope >= 0.0).all())


def test_pieces_go_around_once() -> None:
    """Assert that the angles of all pieces add up to a full turn."""
    pieces = Pieces.of(arcs_of(INPUTS, PUSHES, STRENGTH))
    one, other = pieces.start, pieces.end
    turns = torch.atan2(pieces.area * pieces.length, (one * other).sum(dim=1))
    assert abs(float(turns.sum()) - 2.0 * torch.pi) < 1e-13


def test_a_hundred_cells_of_rounding_above_zero() -> None:
    """Assert that the lowest Q is right to rounding where it is 1e-25, which the difference of floats has not."""
    gap = Fraction(1, 2**84)
    push = Fraction(1, 2) * (1 - gap)
    arc = arcs_of([Fraction(0)], [push], STRENGTH)[0]
    exact = STRENGTH - push**2
    assert arc.low == exact
    assert 0 < arc.least <= exact
    assert float(Pieces.of([arc]).low.min()) == float(arc.least)
    assert float(STRENGTH) - float(push) ** 2 == 0.0
