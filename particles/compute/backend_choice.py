"""The choice between fused kernels and plain torch for a cloud; kernels must first agree with plain torch.

On CUDA the kernels are Triton's, which comes with torch's CUDA build; on CPUs they are Numba's. Clouds keep their
dtype; float32 is faster.
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

from particles.neurons.activations import Erf, LeakyReLU, Linear, ReLU, Sigmoid, Softplus, Tanh
from particles.neurons.autonomous import Autonomous
from particles.neurons.embeddings import Identity
from particles.neurons.gated import GELU, SiLU
from particles.neurons.perceptron import Perceptron
from particles.neurons.protocols import Neuron
from particles.neurons.saturation import saturated_rows
from particles.numerics.randomness import generator
from particles.numerics.scratch import Lease, reusable
from particles.shapes import Features, PerParticle, Positions, StackedOutputs

LOGGER = logging.getLogger(__name__)
#: Largest numbers of features and outputs. With more, most of the work is plain products, which BLAS does best.
WIDEST, MOST_OUTPUTS = 128, 64
#: Number of entries of the matrices in which saturated particles are corrected.
CORRECTED = 2**19
#: Size of the problem on which the kernels must agree with plain torch; both are no multiples of block sizes.
PARTICLES, DATA = 200, 50
#: Activations that have formulas in the kernels.
ACTIVATIONS = (GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh)
#: Number of roundings inside one sigma, with an exponential that errs by two units in the last place.
SIGMA_ROUNDINGS = 16
#: Errors that a compiler, a driver or another version of its package may raise, beside its own error classes.
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError),
    *(TypeError, ValueError, subprocess.SubprocessError),
)


@dataclass(frozen=True)
class Backend:
    """Kernels for one kind of device: the package that compiles them, and what they support.

    `load` imports the kernels, and with them the package; `error` returns the base class of the package's errors.
    `activations` are the classes that have a formula here, without derived classes, which may compute something else.
    `stores` says whether sigma and sigma' can be kept between predictions and pull, and `ensembles` whether the members
    of an ensemble are computed in one call.
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
    ACTIVATIONS,
)
NUMBA = Backend(
    "numba",
    lambda: importlib.import_module("particles.compute.cpu.launch"),
    _numba_error,
    ACTIVATIONS,
    stores=True,
    ensembles=True,
)


@dataclass(frozen=True, eq=False)
class Fused:
    """Perceptrons at positions and embedded inputs, evaluated by the kernels; autograd cannot differentiate them.

    `keeps` says whether a CPU keeps sigma or sigma' of the predictions for the pull. `members` is the number of clouds
    whose particles are stacked here; predictions and cotangents are then stacked too, [members data, outputs].
    """

    neuron: Perceptron
    positions: Positions
    phi: Features
    backend: Backend
    keeps: bool = False
    members: int = 1

    @cached_property
    def _kept(self) -> dict[str, Lease]:
        if not self.keeps or not self.backend.stores:
            return {}
        return {"kept": self.backend.load().memory(self.neuron, self.positions, self.phi, self.members)}

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
        """Whether the kept sigma at the first input proves that no particle is saturated there; a cheap first test."""
        kept = self.__dict__.get("_kept", {}).get("kept")
        if kept is None:
            return False
        first = kept.matrix[:, : self.backend.load().LANES]
        return float(activation.derivative_at(first).amin()) > 2.0 * math.sqrt(torch.finfo(first.dtype).eps)

    def _corrected(self, pulled: Positions, factors: PerParticle, cotangents: StackedOutputs) -> Positions:
        """The pulled gradients, with those of saturated particles computed again.

        Kernels compute sigma' from sigma, which has no digits left where a particle is saturated at every input. For
        such particles sigma' is evaluated itself.
        """
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
                own = cotangents.reshape(self.members, len(self.phi), -1)[member]
                pulled[mine] = self.neuron.tangent(self.positions[mine], self.phi).pull(factors[mine], own)
        return pulled


def fused_for(
    neuron: Neuron,
    positions: Positions,
    phi: Features,
    wanted: bool | None,
    keeps: bool = False,
    members: int = 1,
) -> Fused | None:
    """The fused evaluation of these particles at these embedded inputs, or None where plain torch is to be used.

    With `wanted` None kernels are used where possible; if they fail their check, a warning is logged once and plain
    torch is used. With False they are never used. With True this raises ValueError where they cannot be used, and
    RuntimeError where the check fails. `keeps` and `members` are those of `Fused`. The check is made once for each
    device, dtype, activation, `trained`, number of features and number of outputs. It waits for the device, and for the
    compiler where nothing is cached.
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
    """The kernels for a device; TRITON_INTERPRET=1 selects Triton's interpreter on the CPU."""
    if device.type == "cpu":
        return TRITON if os.environ.get("TRITON_INTERPRET") == "1" else NUMBA
    return TRITON if device.type == "cuda" else None


def _obstacle(backend: Backend | None, neuron: Neuron, positions: Positions, phi: Features, members: int) -> str | None:
    """The reason why the kernels cannot be used, or None; numbers in tensors are not read."""
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
    """The reason why the kernels fail on a small problem, or None; plain torch in float64 on the CPU is the reference.

    The difference allowed, relative to the largest entry, is the rounding of one inner product, one sigma and one sum.
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
        return f"they failed with {in_a_line(error)}"
    except backend.error() as error:
        return f"they did not compile: {in_a_line(error)}"
    allowed = (neuron.dim + SIGMA_ROUNDINGS + PARTICLES) * torch.finfo(dtype).eps
    for name, difference in differences.items():
        relative = float(difference / expected[name].abs().max())
        if not relative <= allowed:
            return f"their {name} differ from plain torch by {relative:.1e} of the largest, {allowed:.1e} are allowed"
    return None


def in_a_line(error: BaseException) -> str:
    """The kind of an error, and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


@cache
def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@cache
def _warn(sentence: str) -> None:
    """Log a warning, once in a process."""
    LOGGER.warning(sentence)
