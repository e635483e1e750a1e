"""Random problems whose path is known in closed form, so that they may be harder than a solver is to be trusted with.

`logistic` is the logistic regression of one datum from a start that may be saturated on either side; `linear` are
neurons without activation, or with only their output weights trained, under the squared loss, with every input column
in units of its own and targets of any size; `linearised` are these as flows of a linear model. Paths are evaluated in
60 digits.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from mpmath import mp

from particles import (
    GELU,
    NTK,
    Biased,
    Dataset,
    Erf,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    MeanField,
    ParticleCloud,
    Perceptron,
    Power,
    ReLU,
    Risk,
    Scaling,
    Sigmoid,
    SiLU,
    Softplus,
    Squared,
    Tanh,
)
from tests.flows.law.plain_flow import Array, PlainFlow
from tests.flows.law.random_problems import ACTIVATIONS, Problem
from tests.flows.law.reference_path import ReferencePath, moments

#: Digits of the closed forms.
DIGITS = 60


def logistic(seed: int) -> tuple[Problem, ReferencePath]:
    """f = a, a' = y / (1 + e^(y a)) for one datum and one neuron with phi = 1: b = y a has b + e^b = t + constant."""
    numbers = np.random.default_rng([seed, 1])
    dtype, rtols = _dtype(numbers)
    start = float(np.float32(numbers.choice([-1.0, 1.0]) * 10.0 ** numbers.uniform(-1.0, 2.7)))
    target = float(numbers.choice([-1.0, 1.0]))
    one = torch.ones(1, 1, dtype=torch.float64)
    neuron = Perceptron(Linear(), Identity(1), 1, "output")
    risk = Risk(neuron, MeanField(), Logistic(), Dataset(one, target * one))
    cloud = ParticleCloud(torch.tensor([[1.0, start]], dtype=dtype))
    problem = Problem(
        seed, risk, cloud, _until(numbers), float(numbers.choice(rtols)), f"b={target * start:.3g}", "one"
    )
    times = moments(problem.until)
    with mp.workdps(DIGITS):
        path = [[float(target * _logistic_way(mp.mpf(target * start), mp.mpf(time)))] for time in times]
    return problem, ReferencePath(PlainFlow(problem), times, np.array(path), np.array(path))


def _logistic_way(start: mp.mpf, time: mp.mpf) -> mp.mpf:
    """The d >= 0 with d + e^start (e^d - 1) = t, by Newton's method from the right, where it cannot overshoot."""
    way = min(time, mp.log1p(time * mp.exp(-start)))
    for _ in range(200):
        step = (way + mp.exp(start) * mp.expm1(way) - time) / (1 + mp.exp(start + way))
        way -= step
        if abs(step) <= mp.mpf(10) ** (10 - DIGITS) * abs(way):
            return way
    raise ArithmeticError(f"Newton's method did not end at {way} for the start {start} and the time {time}.")


def linear(seed: int) -> tuple[Problem, ReferencePath]:
    """A function that is linear in what is trained, columns in units from 10^-6 to 10^8 and targets down to 10^-12."""
    numbers = np.random.default_rng([seed, 2])
    dtype, rtols = _dtype(numbers)
    m, n, d = (int(numbers.integers(1, most + 1)) for most in (4, 5, 3))
    trained = str(numbers.choice(["hidden", "output"]))
    activation = Linear() if trained == "hidden" else ACTIVATIONS[int(numbers.integers(len(ACTIVATIONS)))]
    units = 10.0 ** (numbers.uniform(-6, 8, size=d) if numbers.random() < 0.5 else np.zeros(d))
    size = 10.0 ** (numbers.uniform(-12, -6) if numbers.random() < 0.3 else 0.0)
    embedding = Biased(Identity(d)) if numbers.random() < 0.5 else Identity(d)
    scaling: Scaling = (MeanField(), NTK(), Lazy(5.0), Power(0.7))[int(numbers.integers(4))]
    neuron = Perceptron(activation, embedding, 1, trained)
    theta = numbers.normal(size=(m, neuron.dim))
    if size < 1.0:
        theta[:, slice(0, neuron.hidden) if trained == "hidden" else slice(neuron.hidden, None)] = 0.0
    x, y = (
        torch.from_numpy(values).to(dtype).double()
        for values in (numbers.normal(size=(n, d)) * units, numbers.normal(size=(n, 1)) * size)
    )
    risk = Risk(neuron, scaling, Squared(), Dataset(x, y))
    cloud = ParticleCloud(torch.from_numpy(theta).to(dtype))
    described = "one" if (units == 1.0).all() else " ".join(f"{unit:.2g}" for unit in units)
    rtol = float(numbers.choice(rtols))
    problem = Problem(seed, risk, cloud, _until(numbers), rtol, f"targets {size:.2g}", described)
    flow, times = PlainFlow(problem), moments(problem.until)
    path = _linear_ways(flow, activation, times)
    return problem, ReferencePath(flow, times, path, path)


def linearised(seed: int) -> tuple[Problem, ReferencePath]:
    """The same as a linear model around the start, which is the same function: a flow of another kind."""
    problem, path = linear(seed)
    return replace(problem, linearised=True), path


def _linear_ways(flow: PlainFlow, activation: object, times: Array) -> Array:
    """-M J^T B V (1 - e^(-t Lambda)) / Lambda V^T B r(0) with B = P^(1/2), B J M J^T B = V Lambda V^T; no rate is
    negative, and the limit of the quotient at zero is t. Nothing is rounded after the embedding: directions in which
    nothing moves would otherwise move a little, for a long time."""
    with mp.workdps(DIGITS):
        rows, j = _features(flow, activation)
        mobility = mp.diag([mp.mpf(float(rate)) for rate in flow.rate.reshape(-1)[flow.free]])
        root = mp.diag([mp.sqrt(mp.mpf(float(weight))) for weight in flow.weights])
        values, vectors = mp.eigsy(root * j * mobility * j.T * root)
        modes, ways = vectors.T * root * (rows - mp.matrix(flow.targets[:, 0].tolist())), []
        for time in times:
            spread = mp.matrix(len(values), 1)
            for number, value in enumerate(values):
                small = value <= mp.mpf(10) ** (15 - DIGITS) * max(values)
                spread[number] = modes[number] * (time if small else -mp.expm1(-value * time) / value)
            ways.append([float(-way) for way in mobility * j.T * root * vectors * spread])
    return np.array(ways)


def _features(flow: PlainFlow, activation: object) -> tuple[mp.matrix, mp.matrix]:
    """f(x_i) [data] and its derivatives [data, moving coordinates] at the start."""
    value, theta, phi = _sigma(activation), mp.matrix(flow.start.tolist()), mp.matrix(flow.phi.tolist())
    function, slopes = mp.matrix(phi.rows, 1), mp.matrix(phi.rows, flow.start.size)
    for i in range(phi.rows):
        for j in range(theta.rows):
            speaks, a = mp.mpf(float(flow.speaks[j])), theta[j, flow.split]
            sigma = value(mp.fsum(theta[j, d] * phi[i, d] for d in range(flow.split)))
            function[i] += speaks * a * sigma
            for d in range(flow.split):
                slopes[i, j * theta.cols + d] = speaks * a * phi[i, d]
            slopes[i, j * theta.cols + flow.split] = speaks * sigma
    moving = mp.matrix(phi.rows, flow.size)
    for column, coordinate in enumerate(flow.free):
        moving[:, column] = slopes[:, int(coordinate)]
    return function, moving


def _sigma(activation: object) -> Callable[[mp.mpf], mp.mpf]:
    """sigma of one number in many digits."""
    known: dict[type, Callable[[mp.mpf], mp.mpf]] = {
        Linear: lambda z: z,
        ReLU: lambda z: max(z, mp.mpf(0)),
        Erf: mp.erf,
        Tanh: mp.tanh,
        Sigmoid: lambda z: 1 / (1 + mp.exp(-z)),
        Softplus: lambda z: mp.log1p(mp.exp(-abs(z))) + max(z, mp.mpf(0)),
        GELU: lambda z: z * mp.ncdf(z),
        SiLU: lambda z: z / (1 + mp.exp(-z)),
    }
    if isinstance(activation, LeakyReLU):
        return lambda z: z if z > 0 else mp.mpf(activation.slope) * z
    return known[type(activation)]


def _dtype(numbers: np.random.Generator) -> tuple[torch.dtype, list[float]]:
    single = numbers.random() < 0.3
    return (torch.float32, [1e-2, 1e-3, 1e-4]) if single else (torch.float64, [1e-2, 1e-4, 1e-6, 1e-8])


def _until(numbers: np.random.Generator) -> float:
    return float(10.0 ** numbers.uniform(0.0, 6.0))


#: By name: from a number to a problem with its exact path.
FAMILIES = {"logistic": logistic, "linear": linear, "linearised": linearised}
