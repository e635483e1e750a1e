"""The limit of zero temperature: the piecewise linear network of least norm, by a convex program with a certificate.

For measures of neurons a (w x + b)_+ the least of R + (confinement / 2) E |theta|^2 is that of

    sum_i p_i (y_i - f(x_i))^2 / 2 + s sum_k |m_k|,   f(x) = sum_k m_k (e_k . (x, 1))_+,   s = sqrt(c_w c_a),

over unit vectors e_k, since a neuron of product |a| |(w, b)| = m costs s m where the two are balanced. Its dual is to
maximise sum_i p_i (R_i y_i - R_i^2 / 2) under |g(e)| <= s for every e, and g is maximal on an arc at its end, or where
e is parallel to v. So directions are added where g is too large, until it is nowhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from limits.mean_field.rectified.data import LineData, on_the_line, with_one
from particles import Risk, ShapeError
from particles.arguments.reals import non_negative
from particles.shapes import Inputs, Outputs

#: Rounds of added directions, at most; how much g may exceed its bound at the end; what is no neuron any more.
MOST_ROUNDS, EXCESS, NOTHING = 100, 1e-13, 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    """f(x) = sum_k m_k (e_k . (x, 1))_+, made by `piecewise_linear`.

    `directions` [neurons, 2] are e_k and `masses` [neurons] are m_k, with their signs. `predictions` [data, 1] are f at
    the data. `gap` is the `value` of this network less that of a feasible dual: no network is better by more, and the
    root mean square over the data of f less the f of the best is sqrt(2 gap) at most. Raises ShapeError for directions
    that are not a row of two for each mass.
    """

    directions: Float[Tensor, "neurons 2"]
    masses: Float[Tensor, " neurons"]
    predictions: Outputs
    value: float
    gap: float

    def __post_init__(self) -> None:
        if self.directions.shape != (self.masses.numel(), 2):
            raise ShapeError(
                f"There are directions of shape {list(self.directions.shape)} and {self.masses.numel()} masses; give a "
                "row of two numbers for each mass."
            )
        object.__setattr__(self, "directions", self.directions.double())
        object.__setattr__(self, "masses", self.masses.double())

    def __call__(self, inputs: Inputs) -> Outputs:
        """f at inputs [places, 1]: [places, 1]."""
        return torch.relu(with_one(on_the_line(inputs)) @ self.directions.T) @ self.masses[:, None]

    def turns(self, low: float, high: float, merged: float = 1e-6) -> dict[float, float]:
        """Its knots from low to high: places -b / w, in rising order, with their changes of slope m |w|.

        Neurons nearer to each other than `merged` are one. Raises ValueError for a `merged` below zero or infinite.
        """
        merged = non_negative(merged, "The distance of merging")
        w, b = self.directions.T
        kinks, changes = -b / w, self.masses * w.abs()
        found: dict[float, float] = {}
        for number in kinks.argsort().tolist():
            place, change = float(kinks[number]), float(changes[number])
            if not low - merged <= place <= high + merged:
                continue
            last = next(reversed(found), -math.inf)
            if place - last > merged:
                found[place] = change
            else:
                found[last] += change
        return found


def piecewise_linear(risk: Risk, confinement: float | Mapping[str, float]) -> PiecewiseLinear:
    """The minimiser of R + (confinement / 2) E |theta|^2 over measures, the limit of `ReLUGibbs` as T falls to zero.

    Raises as `ReLUGibbs` does, and ArithmeticError where directions are still missing after a hundred rounds.
    """
    data = LineData.of(risk, confinement)
    bound, roots = math.sqrt(data.hidden * data.output), data.weights.sqrt().numpy()
    directions = _ends(data)
    for _ in range(MOST_ROUNDS):
        features = roots[:, None] * np.maximum(data.rows.numpy() @ directions.T, 0.0)
        scaled, masses = _least(features, roots * data.targets.numpy(), bound)
        residuals = torch.from_numpy(scaled / roots)
        found, largest = _highest(data, residuals)
        fresh = found[np.abs(largest) > bound * (1.0 + EXCESS)]
        used = np.abs(masses) > NOTHING * np.abs(masses).max(initial=1.0)
        if not len(fresh):
            break
        fresh = fresh[[not any(np.array_equal(one, other) for other in directions) for one in fresh]]
        if not len(fresh):
            break
        directions = np.concatenate([directions, fresh])
    else:
        raise ArithmeticError(
            f"The piecewise linear limit was not found in {MOST_ROUNDS} rounds; raise the confinement."
        )
    return _certified(data, directions[used], masses[used], residuals, bound, float(np.abs(largest).max()))


def _least(features: Array, targets: Array, bound: float) -> tuple[Array, Array]:
    """The u nearest to the targets with |features^T u| <= bound, and multipliers with signs.

    z = u - targets is the shortest vector with G z >= h, which non-negative least squares give (Lawson and Hanson 1974,
    chapter 23).
    """
    both = np.concatenate([features, -features], axis=1)
    stacked = np.vstack([-both, both.T @ targets - bound])
    last = np.zeros(len(stacked))
    last[-1] = 1.0
    solution, _ = scipy.optimize.nnls(stacked, last, maxiter=50 * stacked.shape[1])
    left = stacked @ solution - last
    shares = -solution / left[-1]
    masses = shares[: features.shape[1]] - shares[features.shape[1] :]
    near: Array = targets - features @ masses
    return near, masses


def _ends(data: LineData) -> Array:
    """Unit vectors at the ends of all arcs."""
    x = torch.tensor(data.places, dtype=torch.float64)
    ahead = torch.stack([torch.ones_like(x), -x], dim=1)
    upward = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    every = torch.cat([upward, ahead, -upward, -ahead])
    unit: Array = (every / every.norm(dim=1, keepdim=True)).numpy()
    return unit


def _highest(data: LineData, residuals: Tensor) -> tuple[Array, Array]:
    """Where |g| is highest on every arc, and g there; directions with w = 0 have g from one side."""
    arcs = data.arcs(residuals.tolist())
    found, values = [], []
    for arc in arcs:
        first, last, v = (np.array([float(one) for one in pair]) for pair in (arc.first, arc.last, arc.v))
        inside = [s * v for s in (1.0, -1.0) if _between(first, s * v, last)]
        for one in (first, last, *inside):
            found.append(one / np.linalg.norm(one))
            values.append(float(found[-1] @ v))
    return np.array(found), np.array(values)


def _between(first: Array, one: Array, last: Array) -> bool:
    """Whether a vector lies strictly in the cone of two others."""

    def turn(a: Array, b: Array) -> float:
        return float(a[0] * b[1] - a[1] * b[0])

    way = turn(first, last)
    return turn(first, one) * way > 0.0 and turn(one, last) * way > 0.0


def _certified(
    data: LineData, directions: Array, masses: Array, residuals: Tensor, bound: float, largest: float
) -> PiecewiseLinear:
    """The network with its value and duality gap."""
    e, m = torch.from_numpy(directions), torch.from_numpy(masses)
    predictions = torch.relu(data.rows @ e.T) @ m
    value = 0.5 * float(data.weights @ (data.targets - predictions).square()) + bound * float(m.abs().sum())
    feasible = residuals * min(1.0, bound / largest)
    dual = float(data.weights @ (feasible * data.targets - 0.5 * feasible.square()))
    return PiecewiseLinear(e, m, predictions[:, None], value, max(value - dual, 0.0))
