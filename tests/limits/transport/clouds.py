"""Clouds to compare, and an oracle for their distance: the transport linear program, solved by HiGHS."""

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor

from particles import ParticleCloud
from tests.draws import normals, uniforms
from tests.tolerances import DERIVATIVE


def cloud(count: int, dim: int, seed: int, *, shift: float = 0.0, equal: bool = False) -> ParticleCloud:
    """Normal particles around (shift, 0, ...), with masses that differ at random unless equal."""
    positions = normals(count, dim, seed=seed)
    positions[:, 0] += shift
    values = 0.05 + uniforms(count, seed=seed + 1000)
    return ParticleCloud(positions) if equal else ParticleCloud(positions, values / values.sum())


def prices(first: Tensor, second: Tensor, p: float) -> np.ndarray:
    """|x_i - y_j|^p, written out."""
    return ((first[:, None, :] - second[None, :, :]) ** 2).sum(dim=2).sqrt().pow(p).numpy()


def cheapest(cost: np.ndarray, masses1: Tensor, masses2: Tensor) -> float:
    """min <P, cost> over plans, as a linear program."""
    rows, columns = cost.shape
    sums = np.vstack([np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))])
    found = linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([masses1.numpy(), masses2.numpy()]))
    assert found.status == 0
    return float(found.fun)


def oracle(first: ParticleCloud, second: ParticleCloud, p: float) -> float:
    """W_p by the linear program."""
    cost = cheapest(prices(first.positions, second.positions, p), first.masses, second.masses)
    return float(cost ** (1.0 / p))


def slopes(distance: object, first: ParticleCloud, second: ParticleCloud, step: float = 1e-5) -> Tensor:
    """Central differences of a distance in every coordinate of the first cloud [particles, dim]."""
    result = torch.zeros_like(first.positions)
    for index in np.ndindex(*first.positions.shape):
        ends = []
        for side in (step, -step):
            moved = first.positions.clone()
            moved[index] += side
            ends.append(float(distance(first.moved(moved), second)))
        result[index] = (ends[0] - ends[1]) / (2.0 * step)
    return result


def assert_derivatives(distance: object, *arguments: Tensor, total: bool = True, step: float = 1e-6) -> None:
    """Assert that autograd agrees with central differences in a random direction of every argument, to 1e-6.

    Directions in masses [particles] keep their total unless told otherwise.
    """
    held = [argument.detach().clone().requires_grad_() for argument in arguments]
    gradients = torch.autograd.grad(distance(*held), held)
    for number, (argument, gradient) in enumerate(zip(arguments, gradients, strict=True)):
        direction = normals(*(argument.shape if argument.ndim == 2 else (argument.shape[0], 1)), seed=number)
        direction = direction.reshape(argument.shape)
        if total and argument.ndim == 1:
            direction -= direction.mean()
        ends = []
        for side in (step, -step):
            moved = list(arguments)
            moved[number] = argument + side * direction
            ends.append(float(distance(*moved)))
        expected = (ends[0] - ends[1]) / (2.0 * step)
        assert abs(float((gradient * direction).sum()) - expected) < DERIVATIVE * (1.0 + abs(expected)), number
