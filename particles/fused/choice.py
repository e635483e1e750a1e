"""Whether a cloud goes through the fused kernels; before they are trusted with one, they must agree with plain torch.

On CUDA every large cloud of perceptrons does where triton is installed (torch's CUDA build brings it), all others only
on request. Clouds stay in their dtype: give one in float32 for speed.
"""

import importlib
import importlib.util
import logging
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from particles.activations import GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from particles.embeddings import Identity
from particles.neurons import Perceptron
from particles.randomness import generator
from particles.shapes import Features, Outputs, PerParticle, Positions
from particles.tangents import Neuron

LOGGER = logging.getLogger(__name__)
#: Activations with a formula in `sigma.py`; a class derived from one of them may compute something else.
KNOWN = (GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh)
#: Most features and outputs. The pull computes z anew for every 64 features, and with more of them the plain products
#: are bound by arithmetic, not by writing the matrix.
WIDEST, MOST_OUTPUTS = 128, 64
#: Devices on which nobody need ask for the kernels.
AUTOMATIC = ("cuda",)
#: Size of the problem on which the kernels must agree with plain torch before they are used: no multiples of blocks.
PARTICLES, DATA = 200, 50
#: Roundings inside one sigma, an exponential of two units in the last place included.
SIGMA_ROUNDINGS = 16
#: What a compiler, a driver or another version of triton may raise; its own errors come under a name we cannot import.
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError),
    *(TypeError, ValueError, subprocess.SubprocessError),
)


@dataclass(frozen=True, eq=False)
class Fused:
    """Perceptrons at positions and embedded inputs, evaluated by the kernels. Not differentiable by autograd."""

    neuron: Perceptron
    positions: Positions
    phi: Features

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]."""
        result: Outputs = _kernels().predict(self.neuron, self.positions, factors, self.phi)
        return result

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim], zero in coordinates that are not trained."""
        result: Positions = _kernels().pull(self.neuron, self.positions, factors, self.phi, cotangents)
        return result


def fused_for(neuron: Neuron, positions: Positions, phi: Features, wanted: bool | None) -> Fused | None:
    """The fused evaluation of these particles at these embedded inputs, or None where plain torch is to be taken.

    `wanted` None: on CUDA if it can be, and plain torch with one logged warning where the kernels do not pass their
    check. True: anywhere it can be, else ValueError, or RuntimeError where the check fails. False: never. The check is
    made once for each device, dtype, activation, `trained`, number of features and of outputs; it waits for the device.
    """
    if wanted is False or (wanted is None and positions.device.type not in AUTOMATIC):
        return None
    obstacle = _obstacle(neuron, positions, phi)
    if obstacle is not None or not isinstance(neuron, Perceptron):
        if wanted:
            raise ValueError(f"The fused kernels were asked for, but {obstacle}; leave fused=True out.")
        return None
    small = Perceptron(neuron.activation, Identity(neuron.hidden), neuron.outputs, neuron.trained)
    failure = failure_of(small, positions.dtype, positions.device)
    if failure is None:
        return Fused(neuron, positions, phi)
    if wanted:
        raise RuntimeError(f"The fused kernels were asked for, but {failure}; leave fused=True out.")
    _warn(f"Plain torch instead of the fused kernels: {failure}.")
    return None


def _obstacle(neuron: Neuron, positions: Positions, phi: Features) -> str | None:
    """Why the kernels cannot be taken, if so; without looking into a tensor."""
    if not isinstance(neuron, Perceptron) or type(neuron.activation) not in KNOWN:
        return "the neuron is no Perceptron with an activation of this library"
    if neuron.hidden > WIDEST or neuron.outputs > MOST_OUTPUTS:
        return (
            f"the neuron has {neuron.hidden} features and {neuron.outputs} outputs, above {WIDEST} and {MOST_OUTPUTS}"
        )
    if positions.requires_grad or phi.requires_grad:
        return "autograd follows the positions or the inputs"
    if len(positions) == 0 or len(phi) == 0:
        return "there are no particles or no inputs"
    if not _has_triton():
        return "triton is not installed"
    if positions.device.type != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        return f"the cloud is on {positions.device}, not on a CUDA device"
    return None


@cache
def failure_of(neuron: Perceptron, dtype: torch.dtype, device: torch.device) -> str | None:
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
        fused = Fused(neuron, there[0], there[2])
        found = {"predictions": fused.predict(there[1]), "velocities": fused.pull(there[1], there[3])}
        differences = {name: (found[name].cpu().double() - expected[name]).abs().max() for name in expected}
    except FAILURES as error:
        return f"they failed with {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    except _triton_error() as error:
        return f"they did not compile: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    allowed = (neuron.dim + SIGMA_ROUNDINGS + PARTICLES) * torch.finfo(dtype).eps
    for name, difference in differences.items():
        relative = float(difference / expected[name].abs().max())
        if not relative <= allowed:
            return f"their {name} differ from plain torch by {relative:.1e} of the largest, {allowed:.1e} are allowed"
    return None


@cache
def _kernels() -> Any:
    """The module that imports triton, when it is first needed."""
    return importlib.import_module("particles.fused.kernels")


@cache
def _has_triton() -> bool:
    return importlib.util.find_spec("triton") is not None


def _triton_error() -> type[Exception]:
    """The base of triton's own errors."""
    error: type[Exception] = importlib.import_module("triton.errors").TritonError
    return error


@cache
def _warn(sentence: str) -> None:
    """Logged once a process."""
    LOGGER.warning(sentence)
