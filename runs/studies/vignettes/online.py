"""Online gradient descent as the paper has it: fresh data for every step, a teacher of five neurons, any network.

The paper's loss L = E (y - f)^2 has no 1/2 and is twice our risk. So its step s and its time T = s k are 2 s and 2 T of
flow time: theta_i <- theta_i - s N grad_i (y - f)^2 is `Euler(2 s)` of our risk under `MeanField`.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows import Euler, MinibatchFlow, Online, evolve
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    MeanField,
    ParticleCloud,
    Perceptron,
    Plain,
    Risk,
    Squared,
    Tanh,
    generator,
    masses,
)
from runs.studies.vignettes.config import Config

#: Neurons of the teacher, their output weight up to its sign, and the standard deviation of the noise of targets.
TEACHERS, SIZE, NOISE = 5, 0.5, 0.05
#: Output weights at the start.
OUTPUTS = GaussianOutputs()
#: The paper's loss in units of our risk.
PAPERS = 2.0


@dataclass(frozen=True, eq=False)
class Task:
    """y = (1/2) sum_k (-1)^k tanh(v_k . x) + noise, |v_k| = 1, x ~ N(0, I), and the network that learns it.

    f(x) = (1/N) sum_i a_i tanh(w_i . x) with w ~ N(0, I / d), a ~ N(0, 1), both trained. The risk is that of the
    targets without noise at inputs of its own.
    """

    config: Config

    @cached_property
    def directions(self) -> Tensor:
        """v_k [teachers, inputs]."""
        numbers = torch.from_numpy(generator(0, "teacher").standard_normal((TEACHERS, self.config.online_inputs)))
        return torch.nn.functional.normalize(numbers, dim=1)

    def target(self, inputs: Tensor) -> Tensor:
        """The teacher [data, 1]."""
        signs = torch.tensor([(-1.0) ** k for k in range(TEACHERS)], dtype=torch.float64)
        return (torch.tanh(inputs @ self.directions.T) @ (SIZE * signs))[:, None]

    def sample(self, seed: int, number: int) -> Dataset:
        """The batch of this number."""
        draw, shape = generator(seed, f"batch {number}"), (self.config.online_batch, self.config.online_inputs)
        inputs = torch.from_numpy(draw.standard_normal(shape))
        noise = torch.from_numpy(draw.standard_normal((len(inputs), 1)))
        return Dataset(inputs, self.target(inputs) + NOISE * noise)

    @cached_property
    def test(self) -> Dataset:
        """Data of which the risk is taken."""
        shape = (self.config.online_test, self.config.online_inputs)
        inputs = torch.from_numpy(generator(0, "test").standard_normal(shape))
        return Dataset(inputs, self.target(inputs))

    @cached_property
    def risk(self) -> Risk:
        """L / 2, without the noise of targets."""
        neuron = Perceptron(Tanh(), Plain(self.config.online_inputs), trained="both")
        return Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=self.test)

    def start(self, count: int, seed: int) -> ParticleCloud:
        """A cloud of so many particles before training."""
        law = GaussianLaw(self.risk.neuron, outputs=OUTPUTS, variance=1.0 / self.config.online_inputs)
        return law.sample(masses=masses.uniform(count), seed=seed).to(self.config.device)

    def trained(self, count: int, seed: int) -> ParticleCloud:
        """The same after training, with data of its own."""
        return descended(self.risk, Online(self.sample, seed), self.start(count, seed), self.config)

    def pair(self, count: int, seed: int) -> tuple[ParticleCloud, ParticleCloud]:
        """Two independent runs."""
        return self.trained(count, 2 * seed), self.trained(count, 2 * seed + 1)


def descended(
    risk: Risk, batches: Online, start: ParticleCloud, config: Config, step: float | None = None, until: float = 0.0
) -> ParticleCloud:
    """A cloud after online gradient descent, with the step and until the time of the configuration by default.

    Both are the paper's.
    """
    step = PAPERS * (config.online_step if step is None else step)
    with torch.no_grad():
        flow = MinibatchFlow(risk, batches, step)
        return evolve(flow, start, Euler(step), until=PAPERS * (until or config.online_until))
