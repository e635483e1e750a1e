"""What every scaling keeps: one normalisation of the tangent kernel, and no division by a mass of zero."""

from collections.abc import Callable

import torch

from particles import Scaling
from tests.draws import unequal
from tests.tolerances import assert_identical

COUNT = 50


def kernel_has_mass_one(scaling: Scaling) -> None:
    """sum_j eta_j s_j^2 = 1, and eta_j s_j^2 = lambda_j for every particle, on unequal masses."""
    masses = unequal(COUNT)
    weights = scaling.mobility(masses) * scaling.factor(masses) ** 2
    total = weights.sum()
    assert_identical(total, torch.ones_like(total), claim="sum_j eta_j s_j^2 is not one.")
    assert_identical(weights, masses, claim="eta_j s_j^2 is not the mass.")


def massless_particles_neither_speak_nor_move(scaling: Scaling) -> None:
    """Mass zero has s = eta = 0 exactly; the other particles are none the wiser."""
    masses = unequal(COUNT)
    some = torch.cat([masses[:10], masses.new_zeros(3), masses[10:]])
    present = some > 0
    for function in (scaling.factor, scaling.mobility):
        result = function(some)
        assert bool((result[~present] == 0.0).all()), f"{function.__name__} of mass zero is not zero."
        assert torch.equal(result[present], function(masses)), f"{function.__name__} depends on the other particles."


def vanishing_masses_stay_finite(scaling: Scaling) -> None:
    """Down to the smallest number of the dtype, no factor and no mobility is NaN or infinite."""
    for dtype in (torch.float32, torch.float64):
        masses = torch.tensor([1.0, torch.finfo(dtype).tiny, torch.finfo(dtype).smallest_normal / 2**20], dtype=dtype)
        for function in (scaling.factor, scaling.mobility):
            assert bool(function(masses).isfinite().all()), f"{function.__name__} of a vanishing mass is not finite."


def dtype_is_kept(scaling: Scaling) -> None:
    """float32 in, float32 out, and nothing given is written into."""
    for dtype in (torch.float32, torch.float64):
        masses = unequal(COUNT, dtype)
        before = masses.clone()
        for function in (scaling.factor, scaling.mobility):
            assert function(masses).dtype == dtype, f"{function.__name__} does not keep {dtype}."
        assert torch.equal(masses, before), "The scaling writes into the masses."


Law = Callable[[Scaling], None]
LAWS: list[Law] = [
    kernel_has_mass_one,
    massless_particles_neither_speak_nor_move,
    vanishing_masses_stay_finite,
    dtype_is_kept,
]
