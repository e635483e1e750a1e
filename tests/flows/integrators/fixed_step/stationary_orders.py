"""How fast the stationary bias of an integrator vanishes with its step, in rippled wells, computed without sampling."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from flows import Integrator
from tests.flows.problems.transition import Basis, Rippled, expectation, overdamped, stationary_moments
from tests.tolerances import ORDER

#: E x, E x^2 and E cos 2x see location, width and shape.
OBSERVABLES: list[Callable[[Tensor], Tensor]] = [lambda x: x, lambda x: x.square(), lambda x: torch.cos(2.0 * x)]
#: The law is close to N(0.2, 0.6^2): a wider reference measure, with polynomials enough for eight digits.
POSITIONS = Basis(48, 96, 0.85)
#: The normal that two steps may share: polynomials of degree 5, integrated exactly.
SHARED = Basis(6, 12)


#: Nodes for (the next step's normal, another stream's): of schemes whose steps share normals, and of the others.
SHARING, FRESH = (12, 1), (3, 8)


@cache
def overdamped_biases(
    make: Callable[[float], Integrator[Any]], step: float, draws: tuple[int, int], flow: Rippled = Rippled()
) -> list[float]:
    """E - truth of each observable."""
    chain = overdamped(make(step), flow, step)
    moments = stationary_moments(chain, (POSITIONS, SHARED), draws)[:, 0]
    return [expectation(moments, POSITIONS, observable) - flow.mean(observable) for observable in OBSERVABLES]


def check_stationary_order(
    make: Callable[[float], Integrator[Any]], claimed: float, draws: tuple[int, int] = FRESH
) -> None:
    """Every observable's bias vanishes with the claimed order from h = 0.1 to 0.05."""
    far, near = overdamped_biases(make, 0.1, draws), overdamped_biases(make, 0.05, draws)
    orders = [math.log2(abs(a / b)) for a, b in zip(far, near, strict=True)]
    told = f"stationary orders {', '.join(f'{order:.3f}' for order in orders)}, but {claimed} is claimed"
    assert all(abs(order - claimed) < ORDER for order in orders), told
