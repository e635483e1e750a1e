"""Sends risks through the kernels in Triton's interpreter, sound and broken, and prints what came of it, as JSON."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from particles import L2, NTK, Identity, ParticleCloud, Perceptron, Risk, Squared, Tanh
from particles.compute import backend_choice, tiles, triton_kernels
from tests.draws import normals, unequal
from tests.particles.risk.contracts.plain import dataset

NEURON = Perceptron(Tanh(), Identity(3), 2, "both")
RISK = Risk(NEURON, NTK(), Squared(), dataset(Squared(), 2), L2(0.3))
CLOUD = ParticleCloud(normals(70, NEURON.dim, seed=1), unequal(70))

#: What asks for a number of the cloud.
ASKED: dict[str, Callable[[Risk], Tensor]] = {
    "risk": lambda risk: risk(CLOUD),
    "predictions": lambda risk: risk.predictions(CLOUD),
    "predictions elsewhere": lambda risk: risk.predictions(CLOUD, normals(4, 3, seed=2)),
    "velocity": lambda risk: risk.velocity(CLOUD),
    "push": lambda risk: risk.at(CLOUD).push(CLOUD.positions),
    "gram": lambda risk: risk.at(CLOUD).gram(),
}

predict, pull = triton_kernels.predict, triton_kernels.pull


def counted(kernel: Callable[..., Tensor], calls: list[str], name: str) -> Callable[..., Tensor]:
    """The kernel, writing its name down."""

    def call(*given: object) -> Tensor:
        calls.append(name)
        return kernel(*given)

    return call


def routes() -> Iterator[tuple[str, list[str], float]]:
    """(setting and number, kernels that ran, difference from plain torch relative to the largest entry).

    Settings: fused is asked for; left to the library for a large cloud; for a small one; refused.
    """
    calls: list[str] = []
    backend_choice.failure_of(backend_choice.TRITON, NEURON, torch.float64, CLOUD.device)
    triton_kernels.predict, triton_kernels.pull = counted(predict, calls, "predict"), counted(pull, calls, "pull")
    kept, tiles.KEPT_SHARE = tiles.KEPT_ENTRIES, 0
    for setting, fused, entries in (
        ("asked", True, kept),
        ("large", None, 0),
        ("small", None, kept),
        ("never", False, 0),
    ):
        tiles.KEPT_ENTRIES = tiles.FUSED_ENTRIES = entries
        for name, ask in ASKED.items():
            calls.clear()
            expected, found = ask(replace(RISK, fused=False)), ask(replace(RISK, fused=fused))
            yield f"{setting} {name}", list(calls), float((found - expected).abs().max() / expected.abs().max())


def broken() -> Iterator[tuple[str, list[str], str]]:
    """(what is broken, the warnings logged in two velocities of a large cloud, what is said where fused was asked for).

    The velocity must be that of plain torch, or the program fails.
    """
    tiles.FUSED_ENTRIES = tiles.KEPT_ENTRIES = tiles.KEPT_SHARE = 0
    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    backend_choice.LOGGER.addHandler(handler)
    backend_choice.LOGGER.propagate = False
    cloud = CLOUD.to(dtype=torch.float32)

    def rounded(neuron: Perceptron, positions: Tensor, factors: Tensor, phi: Tensor) -> Tensor:
        """Inputs with the ten bits of TF32."""
        return predict(neuron, positions, factors, (phi.view(torch.int32) & ~0x1FFF).view(torch.float32))

    def failing(*given: object) -> Tensor:
        raise RuntimeError("out of resource: shared memory\nand more")

    faults: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
        "TF32": (rounded, pull),
        "scale": (predict, lambda *given: 1.001 * pull(*given)),
        "nan": (predict, lambda *given: torch.nan * pull(*given)),
        "raises": (failing, pull),
    }
    for name, (triton_kernels.predict, triton_kernels.pull) in faults.items():
        backend_choice.failure_of.cache_clear()
        logged.clear()
        velocity, again = (RISK.velocity(cloud.moved(cloud.positions)) for _ in range(2))
        if not torch.equal(velocity, again) or not torch.equal(velocity, replace(RISK, fused=False).velocity(cloud)):
            raise SystemExit("A velocity did not fall back to plain torch.")
        try:
            replace(RISK, fused=True).velocity(cloud)
        except RuntimeError as error:
            yield name, list(logged), str(error)


if __name__ == "__main__":
    print(json.dumps(list({"routes": routes, "broken": broken}[sys.argv[1]]())))
