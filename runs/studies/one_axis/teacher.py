"""The teacher of figure 6, four directions in the plane, and students that learn from it by fresh batches.

    F4(x) = (1/4) sum_i sigmoid(theta*_i . x),   f(x) = (1/m) sum_j u_j sigmoid(theta_j . x),   x ~ N(0, 100^2 I_2)

The student is `MeanField` with equal masses. The paper takes steps of gradient descent on E (f - y)^2 + 1e-2 |u|^2 / m,
of rate 10 and without a mobility m. With R half of that, m grad_j R = (m/2) grad_j E, so a step is one of length
h = 20 / m along our flow, whose L2 has strength 1e-2 on u: sum_j (1/m) (1e-2 / 2) u_j^2. N(0, (1e-2)^2) added to theta
in each step is sqrt(2 T h) xi with T = 1e-4 m / 40, which is 1e-3 for m = 400 (2e-3 where the loss has no 1/2).
"""

from dataclasses import dataclass

import torch

from flows import EulerMaruyama, LangevinFlow, Minibatches, Online
from particles import (
    L2,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    MeanField,
    ParticleCloud,
    Perceptron,
    Plain,
    Risk,
    Sigmoid,
    Squared,
    TeacherAngle,
    masses,
)
from particles.cloud import Stacked, members_of
from particles.ensemble.risk import EnsembleRisk
from particles.numerics.randomness import generator
from particles.shapes import AnyFloat, Inputs, Outputs, Teacher

#: theta*, standard deviations of inputs and of labels, and the learning rate of the paper.
TEACHER: Teacher = torch.tensor([[2.0, 0.0], [1.0, 2.0], [2.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
SPREAD, LABELS, RATE = 100.0, 0.1, 10.0
#: Strength of L2 on u and the noise on theta in every step, where there is some.
STRENGTH, NOISE = 1e-2, 1e-2
#: Inputs at which a student is compared with the teacher itself.
TESTED = 20_000
#: An output weight is wasted below, and has found something from.
WASTED, FOUND = 0.1, 1.0


def taught(inputs: Inputs) -> Outputs:
    """F4(x) [data, 1]."""
    return torch.sigmoid(inputs @ TEACHER.to(inputs).T).mean(dim=1, keepdim=True)


@dataclass(frozen=True)
class FreshBatches:
    """Batches of so many inputs with noisy labels, each drawn for its number."""

    size: int

    def __call__(self, seed: int, number: int) -> Dataset:
        """Batch `number` of a seed."""
        drawn = generator(seed, f"batch {number}").standard_normal((self.size, 3), dtype="float32")
        x, noise = torch.from_numpy(drawn[:, :2]), torch.from_numpy(drawn[:, 2:])
        return Dataset(SPREAD * x, taught(SPREAD * x) + LABELS * noise)


def clean_data(seed: int = 0) -> Dataset:
    """Inputs with the teacher's labels, without noise."""
    x = SPREAD * torch.from_numpy(generator(seed, "test data").standard_normal((TESTED, 2)))
    return Dataset(x, taught(x))


@dataclass(frozen=True)
class Kind:
    """How a student is trained: with L2 on u or not, with noise on theta or not."""

    name: str
    strength: float = 0.0
    noise: float = 0.0


PLAIN, RIDGED, NOISY = Kind("plain"), Kind("L2", STRENGTH), Kind("L2 + noise", STRENGTH, NOISE)


@dataclass(frozen=True, eq=False)
class Students:
    """Students of one width and kind, one for each seed, side by side on the same batches.

    `evolve_all` has no batches, since it lets members differ in their data; here all of them see the same one.
    """

    kind: Kind
    count: int
    seeds: tuple[int, ...]
    batch: int

    @property
    def step(self) -> float:
        """h = 2 rate / m, the flow time of a step."""
        return 2.0 * RATE / self.count

    @property
    def risk(self) -> Risk:
        """That of one of them, on the first batch."""
        neuron = Perceptron(Sigmoid(), Plain(2), trained="both")
        regulariser = L2({"output": self.kind.strength}) if self.kind.strength > 0.0 else None
        return Risk(neuron, MeanField(), Squared(), FreshBatches(self.batch)(self.seeds[0], 0), regulariser)

    @property
    def flow(self) -> LangevinFlow:
        """Stochastic gradient descent of all of them, with the noise of their kind."""
        batches = Minibatches(Online(FreshBatches(self.batch), self.seeds[0]), self.step)
        heat = {"hidden": self.kind.noise**2 / (2.0 * self.step), "output": 0.0}
        return LangevinFlow(EnsembleRisk.of([self.risk] * len(self.seeds)), heat, batches=batches)

    @property
    def descent(self) -> EulerMaruyama:
        """Its steps."""
        return EulerMaruyama(self.step)

    def start(self) -> Stacked:
        """theta_j and u_j from N(0, 1), in float32."""
        law = GaussianLaw(self.risk.neuron, GaussianOutputs())
        equal = masses.uniform(self.count)
        return Stacked([law.sample(masses=equal, seed=seed).to(dtype=torch.float32) for seed in self.seeds])


def apart(cloud: ParticleCloud) -> list[ParticleCloud]:
    """The students of a stacked cloud, in float64."""
    return [student.to(dtype=torch.float64) for student in members_of(cloud)]


def clean_error(risk: Risk, cloud: ParticleCloud) -> float:
    """E (f - F4)^2 over the inputs of the risk, without L2."""
    f = risk.predictions(cloud)
    return float(risk.data.weights @ (f - risk.data.targets).square()[:, 0])


def fractions(cloud: ParticleCloud) -> dict[str, float]:
    """Of the particles: |u| < .1, u >= 1, and those between 0.1 and 1 or below -0.1."""
    u: AnyFloat = cloud.positions[:, -1]
    wasted, found = (float(part.double().mean()) for part in (u.abs() < WASTED, u >= FOUND))
    return {"wasted": wasted, "found": found, "between": 1.0 - wasted - found}


def angle(risk: Risk, cloud: ParticleCloud) -> float:
    """The median angle of particles of u >= 1 to the nearest theta*, in degrees; NaN where there are none."""
    found = cloud.positions[cloud.positions[:, -1] >= FOUND]
    if not len(found):
        return float("nan")
    return float(torch.rad2deg(TeacherAngle(risk, TEACHER)(ParticleCloud(found))))
