"""Whether a cloud goes through fused kernels; before they are trusted with one, they must agree with plain torch.

On CUDA they are Triton's, which torch's CUDA build brings, on CPUs Numba's. Clouds stay in their dtype: give one in
float32 for speed.
"""

import importlib
import importlib.util
import logging
import math
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import torch
from torch.nn import functional

from particles.neurons.activations import GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from particles.neurons.autonomous import Autonomous
from particles.neurons.embeddings import Identity
from particles.neurons.perceptron import Perceptron
from particles.neurons.protocols import Neuron
from particles.neurons.saturation import saturated_rows
from particles.numerics.randomness import generator
from particles.numerics.scratch import Lease, reusable
from particles.shapes import Features, PerParticle, Positions, StackedOutputs

LOGGER = logging.getLogger(__name__)
#: Most features and outputs: with more of them the plain products, which BLAS does best, are most of the work.
WIDEST, MOST_OUTPUTS = 128, 64
#: Entries of the matrices in which saturated particles are looked at.
CORRECTED = 2**19
#: Size of the problem on which the kernels must agree with plain torch before they are used: no multiples of blocks.
PARTICLES, DATA = 200, 50
#: Roundings inside one sigma, an exponential of two units in the last place included.
SIGMA_ROUNDINGS = 16
#: What a compiler, a driver or another version of its package may raise; its own errors come under names we look up.
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError),
    *(TypeError, ValueError, subprocess.SubprocessError),
)


@dataclass(frozen=True)
class Backend:
    """Kernels for one kind of device: the package that compiles them and what they can do.

    load imports the kernels and with them the package, `error` gives the base of its own errors. activations: those
    with a formula of their own; a class derived from one of them may compute something else. stores: whether they can
    keep sigma between predictions and pull; ensembles: whether they take the members of one in one call.
    """

    package: str
    load: Callable[[], Any]
    error: Callable[[], type[Exception]]
    activations: tuple[type, ...]
    stores: bool = False
    ensembles: bool = False


def _triton_error() -> type[Exception]:
    error: type[Exception] = importlib.import_module("triton.errors").TritonError
    return error


def _numba_error() -> type[Exception]:
    error: type[Exception] = importlib.import_module("numba.core.errors").NumbaError
    return error


TRITON = Backend(
    "triton",
    lambda: importlib.import_module("particles.compute.triton_kernels"),
    _triton_error,
    (GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh),
)
NUMBA = Backend(
    "numba",
    lambda: importlib.import_module("particles.compute.numba_launch"),
    _numba_error,
    (LeakyReLU, ReLU, Sigmoid, Tanh),
    stores=True,
    ensembles=True,
)


@dataclass(frozen=True, eq=False)
class Fused:
    """Perceptrons at positions and embedded inputs, evaluated by the kernels. Not differentiable by autograd.

    keeps: whether a CPU keeps what the predictions computed for the pull. members: of how many clouds these are the
    particles, stacked member by member, as then are the predictions and cotangents [members data, outputs].
    """

    neuron: Perceptron
    positions: Positions
    phi: Features
    backend: Backend
    keeps: bool = False
    members: int = 1

    @cached_property
    def _kept(self) -> dict[str, Lease]:
        if not self.keeps or not self.backend.stores or not isinstance(self.neuron.activation, Autonomous):
            return {}
        return {"kept": self.backend.load().memory(self.positions, self.phi, self.members)}

    @property
    def _members(self) -> dict[str, int]:
        return {"members": self.members} if self.backend.ensembles else {}

    def predict(self, factors: PerParticle) -> StackedOutputs:
        """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]."""
        given = self.neuron, self.positions, factors, self.phi
        result: StackedOutputs = self.backend.load().predict(*given, **self._kept, **self._members)
        return result

    def pull(self, factors: PerParticle, cotangents: StackedOutputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim], zero in coordinates that are not trained."""
        given = (self.neuron, self.positions, factors, self.phi, cotangents)
        left = self.__dict__.get("_kept", {})
        result: Positions = self.backend.load().pull(*given, **left, **self._members)
        return self._corrected(result, factors, cotangents) if self.backend.stores else result

    def _shows_slopes(self, activation: Autonomous) -> bool:
        """Whether what predictions kept of the first input says that nobody is saturated there; it is at hand."""
        kept = self.__dict__.get("_kept", {}).get("kept")
        if kept is None:
            return False
        first = kept.matrix[:, : self.backend.load().LANES]
        return float(activation.derivative_at(first).amin()) > 2.0 * math.sqrt(torch.finfo(first.dtype).eps)

    def _corrected(self, pulled: Positions, factors: PerParticle, cotangents: StackedOutputs) -> Positions:
        """What was pulled, with particles that are saturated at every input from sigma' itself: kernels take it from
        sigma."""
        activation = self.neuron.activation
        w = self.positions[:, : self.neuron.hidden]
        if not isinstance(activation, Autonomous) or self.neuron.trained == "output":
            return pulled
        limit = activation.unsaturated(w.dtype)
        if math.isinf(limit) or self._shows_slopes(activation):
            return pulled
        here = (self.positions @ functional.pad(self.phi[0], (0, self.neuron.outputs))).abs_()
        if float(here.max()) <= limit:
            return pulled
        rows = (here > limit).nonzero()[:, 0]
        each = len(w) // self.members
        for some in torch.split(rows, max(CORRECTED // len(self.phi), 1)):
            found = saturated_rows(activation, w[some] @ self.phi.T)
            for member in () if found is None else torch.unique(some[found] // each).tolist():
                mine = some[found][some[found] // each == member]
                heard = cotangents.reshape(self.members, len(self.phi), -1)[member]
                pulled[mine] = self.neuron.tangent(self.positions[mine], self.phi).pull(factors[mine], heard)
        return pulled


def fused_for(
    neuron: Neuron,
    positions: Positions,
    phi: Features,
    wanted: bool | None,
    keeps: bool = False,
    members: int = 1,
) -> Fused | None:
    """The fused evaluation of these particles at these embedded inputs, or None where plain torch is to be taken.

    `wanted` None: if it can be, and plain torch with one logged warning where the kernels do not pass their check.
    True: if it can be, else ValueError, or RuntimeError where the check fails. False: never. `keeps` and `members` as
    in `Fused`. The check is made once for each device, dtype, activation, `trained`, number of features and of outputs;
    it waits for the device, and where nothing is cached yet, for the compiler.
    """
    if wanted is False:
        return None
    backend = _backend(positions.device)
    obstacle = _obstacle(backend, neuron, positions, phi, members)
    if obstacle is not None or backend is None or not isinstance(neuron, Perceptron):
        if wanted:
            raise ValueError(f"The fused kernels were asked for, but {obstacle}; leave fused=True out.")
        return None
    small = Perceptron(neuron.activation, Identity(neuron.hidden), neuron.outputs, neuron.trained)
    failure = failure_of(backend, small, positions.dtype, positions.device)
    if failure is None:
        return Fused(neuron, positions, phi, backend, keeps, members)
    if wanted:
        raise RuntimeError(f"The fused kernels were asked for, but {failure}; leave fused=True out.")
    _warn(f"Plain torch instead of the fused kernels: {failure}.")
    return None


def _backend(device: torch.device) -> Backend | None:
    """The kernels for a device; Triton's interpreter runs on the CPU, where it is asked for."""
    if device.type == "cpu":
        return TRITON if os.environ.get("TRITON_INTERPRET") == "1" else NUMBA
    return TRITON if device.type == "cuda" else None


def _obstacle(backend: Backend | None, neuron: Neuron, positions: Positions, phi: Features, members: int) -> str | None:
    """Why the kernels cannot be taken, if so; without looking into a tensor."""
    if backend is None:
        return f"the cloud is on {positions.device}, neither on a CUDA device nor on the CPU"
    if members > 1 and not backend.ensembles:
        return f"those of {backend.package} take no ensembles"
    if not isinstance(neuron, Perceptron) or type(neuron.activation) not in backend.activations:
        return f"the neuron is no Perceptron with an activation that {backend.package} has here"
    if neuron.hidden > WIDEST or neuron.outputs > MOST_OUTPUTS:
        return (
            f"the neuron has {neuron.hidden} features and {neuron.outputs} outputs, above {WIDEST} and {MOST_OUTPUTS}"
        )
    if not reusable(positions, phi):
        return "autograd follows the positions or the inputs"
    if len(positions) == 0 or len(phi) == 0:
        return "there are no particles or no inputs"
    if positions.dtype not in (torch.float32, torch.float64):
        return f"the cloud is in {positions.dtype}"
    return None if _installed(backend.package) else f"{backend.package} is not installed"


@cache
def failure_of(backend: Backend, neuron: Perceptron, dtype: torch.dtype, device: torch.device) -> str | None:
    """What is wrong with the kernels on a small problem, None if nothing; plain torch in float64 on the CPU judges.

    They may differ, relative to the largest entry, by the roundings of one inner product, one sigma and one sum.
    """
    numbers = generator(0, "fused")
    shapes = (PARTICLES, neuron.dim), (PARTICLES,), (DATA, neuron.hidden), (DATA, neuron.outputs)
    given = [torch.from_numpy(numbers.standard_normal(shape)).to(dtype) for shape in shapes]
    given[2] /= neuron.hidden**0.5
    exact = [tensor.double() for tensor in given]
    tangent = neuron.tangent(exact[0], exact[2])
    expected = {"predictions": tangent.predict(exact[1]), "velocities": tangent.pull(exact[1], exact[3])}
    there = [tensor.to(device) for tensor in given]
    try:
        fused = Fused(neuron, there[0], there[2], backend, keeps=True)
        found = {"predictions": fused.predict(there[1]), "velocities": fused.pull(there[1], there[3])}
        differences = {name: (found[name].cpu().double() - expected[name]).abs().max() for name in expected}
    except FAILURES as error:
        return f"they failed with {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    except backend.error() as error:
        return f"they did not compile: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    allowed = (neuron.dim + SIGMA_ROUNDINGS + PARTICLES) * torch.finfo(dtype).eps
    for name, difference in differences.items():
        relative = float(difference / expected[name].abs().max())
        if not relative <= allowed:
            return f"their {name} differ from plain torch by {relative:.1e} of the largest, {allowed:.1e} are allowed"
    return None


@cache
def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@cache
def _warn(sentence: str) -> None:
    """Logged once a process."""
    LOGGER.warning(sentence)
