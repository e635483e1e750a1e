"""Noisy integrators at equal cost: the error of a known stationary law against seconds, beside torchsde.

The problem is the minimiser of the free energy of a mean-field network of ReLUs with bias, with all weights trained,
inputs (-1, 0, 1), targets (0.5, -0.3, 0.4), confinement 0.3 and temperature 1/4. In the limit the particles are
independent, and E a^2 = 0.8929000 and E |w|^2 = 1.7262334 are known by quadrature to seven digits.

Run as `python -m runs.benchmarks.integrators.langevin`.
"""

import importlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from flows import (
    EulerMaruyama,
    Every,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    Observer,
    StepNoise,
    evolve,
)
from particles import Biased, Dataset, Identity, MeanField, ParticleCloud, Perceptron, ReLU, Risk, Squared

TEMPERATURE, CONFINEMENT = 0.25, 0.3
#: E a^2 and E |w|^2, where w are the two hidden weights.
TRUTH = torch.tensor([0.8929000, 1.7262334], dtype=torch.float64)


@dataclass(frozen=True)
class Scale:
    """The number of particles, the flow times of equilibration, averaging and between two samples, and the steps."""

    count: int = 10_000
    before: float = 30.0
    during: float = 120.0
    apart: float = 0.4
    steps: tuple[float, ...] = (0.4, 0.2, 0.1, 0.05)


@dataclass(frozen=True)
class Line:
    """The result of one method with one step."""

    method: str
    step: float
    velocities: int
    seconds: float
    errors: Tensor
    spread: Tensor

    @property
    def line(self) -> str:
        """One line of the table, with errors in percent and the standard error of the average over time."""
        pairs = zip(self.errors, self.spread, strict=True)
        shown = "  ".join(f"{100 * float(error):+7.2f} +- {100 * float(spread):4.2f}" for error, spread in pairs)
        rate = self.velocities / self.seconds
        return f"{self.method:22}{self.step:6.3f}{self.velocities:11,}{self.seconds:9.1f}{rate:9.0f}   {shown}"


#: A function that runs a flow from a cloud with a step until a time, and observes it at multiples of another time.
Runner = Callable[[LangevinFlow, ParticleCloud, float, float, float, Observer], None]


def problem(count: int) -> tuple[LangevinFlow, ParticleCloud]:
    """The flow, and a cloud of particles from a standard normal law."""
    data = Dataset(torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64), torch.tensor([0.5, -0.3, 0.4]).double())
    neuron = Perceptron(ReLU(), Biased(Identity(1)), trained="both")
    risk = Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data)
    places = StepNoise(0, 0, stream=7).normals(torch.zeros(count, neuron.dim, dtype=torch.float64))
    return LangevinFlow(risk, TEMPERATURE, CONFINEMENT), ParticleCloud(places)


def ours(make: Callable[[float], Integrator[Any]]) -> Runner:
    """The runner of one of our integrators in our loop."""

    def run(
        flow: LangevinFlow, cloud: ParticleCloud, step: float, until: float, apart: float, observer: Observer
    ) -> None:
        evolve(flow, cloud, make(step), until=until, seed=1, observers=[Every(time=apart, observer=observer)])

    return run


@dataclass(frozen=True)
class Equation:
    """The flow in the form of torchsde, with drift f and diagonal diffusion g of the positions."""

    flow: LangevinFlow
    cloud: ParticleCloud
    noise_type: str = "diagonal"
    sde_type: str = "ito"

    def f(self, moment: Tensor, positions: Tensor) -> Tensor:
        """The velocity at these positions [particles, dim]."""
        return self.flow.velocity(self.cloud.moved(positions))

    def g(self, moment: Tensor, positions: Tensor) -> Tensor:
        """The diffusion [particles, dim]."""
        return self.flow.diffusion(self.cloud)


def torchsde_euler(
    flow: LangevinFlow, cloud: ParticleCloud, step: float, until: float, apart: float, observer: Observer
) -> None:
    """Run torchsde's Euler-Maruyama, with a Brownian interval of its own between two samples."""
    torchsde = importlib.import_module("torchsde")
    ends = torch.tensor([0.0, apart], dtype=torch.float64)
    for number in range(round(until / apart)):
        brownian = torchsde.BrownianInterval(
            t0=0.0, t1=apart, size=cloud.positions.shape, dtype=cloud.dtype, entropy=number, dt=step
        )
        path = torchsde.sdeint(Equation(flow, cloud), cloud.positions, ends, bm=brownian, method="euler", dt=step)
        cloud = cloud.moved(path[-1])
        observer(number + 1, (number + 1) * apart, cloud)


#: The methods by name, each with its number of velocities a step.
METHODS: dict[str, tuple[Runner, int]] = {
    "EulerMaruyama": (ours(EulerMaruyama), 1),
    "LeimkuhlerMatthews": (ours(LeimkuhlerMatthews), 1),
    "LinearSplitting": (ours(LinearSplitting), 2),
    "torchsde euler": (torchsde_euler, 1),
}


def moments(cloud: ParticleCloud) -> Tensor:
    """The averages of a^2 and |w|^2 over particles [2]."""
    squares = cloud.positions.square()
    return torch.stack([squares[:, 2].mean(), squares[:, :2].sum(dim=1).mean()])


def measured(method: str, step: float, scale: Scale) -> Line:
    """Run one method with one step; the standard error is computed from ten blocks of time."""
    flow, start = problem(scale.count)
    run, evaluations = METHODS[method]
    seen: list[Tensor] = []

    def observer(number: int, time: float, cloud: ParticleCloud) -> None:
        if time > scale.before:
            seen.append(moments(cloud))

    until = scale.before + scale.during
    began = perf_counter()
    with torch.no_grad():
        run(flow, start, step, until, scale.apart, observer)
    seconds = perf_counter() - began
    blocks = torch.stack([block.mean(dim=0) for block in torch.stack(seen).tensor_split(10)])
    errors = blocks.mean(dim=0) / TRUTH - 1.0
    spread = blocks.std(dim=0) / math.sqrt(10) / TRUTH
    return Line(method, step, evaluations * round(until / step), seconds, errors, spread)


def main(scale: Scale = Scale()) -> list[Line]:
    """Measure every method at every step and print the table; torchsde only where it is installed."""
    until = scale.before + scale.during
    print(f"{scale.count:,} neurons, {until:g} units of time, {torch.get_num_threads()} thread(s)")
    print(f"{'method':22}{'step':>6}{'velocities':>11}{'seconds':>9}{'per s':>9}   errors of E a^2 and E |w|^2 in %")
    results = []
    for method in METHODS:
        if method.startswith("torchsde") and importlib.util.find_spec("torchsde") is None:
            print("torchsde is not installed; pip install torchsde to compare with it.")
            continue
        for step in scale.steps:
            results.append(measured(method, step, scale))
            print(results[-1].line, flush=True)
    return results


if __name__ == "__main__":
    main()
