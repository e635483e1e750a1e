"""When the kernels are taken, what is said where they cannot be, and that kernels that are wrong are not used."""

import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
import torch

from particles import Identity, MeanField, Neuron, Perceptron, Risk, SmoothLeakyReLU, Squared, Tanh, as_neuron
from particles.compute.backend_choice import MOST_OUTPUTS, NUMBA, WIDEST, Fused, fused_for
from particles.compute.cpu import launch
from tests.draws import normals
from tests.house.source import ROOT
from tests.particles.compute.programs import needs_triton, printed
from tests.particles.risk.contracts.members import WrittenBump
from tests.particles.risk.contracts.plain import cloud, dataset
from tests.tolerances import assert_identical

NEURON = Perceptron(Tanh(), Identity(3))


@dataclass(frozen=True)
class HalfTanh(Tanh):
    """An activation of a user, derived from one of ours."""

    def value(self, z: torch.Tensor) -> torch.Tensor:
        """tanh(z) / 2."""
        return 0.5 * torch.tanh(z)


def ask(neuron: Neuron, wanted: bool | None, *, data: int = 5, gradient: bool = False) -> object:
    """The choice for ten particles on the CPU."""
    positions = normals(10, neuron.dim, seed=1).requires_grad_(gradient)
    return fused_for(neuron, positions, normals(data, neuron.hidden, seed=2), wanted)


def test_who_wants_none_gets_none() -> None:
    """Assert that fused=False is plain torch, and that the kernels of the CPU are Numba's otherwise."""
    assert ask(NEURON, False) is None
    for wanted in (None, True):
        fused = ask(NEURON, wanted)
        assert isinstance(fused, Fused) and fused.backend is NUMBA


FOREIGN = "the neuron is no Perceptron with an activation that numba has here"


@pytest.mark.parametrize(
    ("neuron", "data", "gradient", "sentence"),
    [
        (as_neuron(WrittenBump()), 5, False, FOREIGN),
        (Perceptron(HalfTanh(), Identity(3)), 5, False, FOREIGN),
        (Perceptron(SmoothLeakyReLU(), Identity(3)), 5, False, FOREIGN),
        (
            Perceptron(Tanh(), Identity(WIDEST + 1)),
            5,
            False,
            "the neuron has 129 features and 1 outputs, above 128 and",
        ),
        (
            Perceptron(Tanh(), Identity(3), MOST_OUTPUTS + 1),
            5,
            False,
            "the neuron has 3 features and 65 outputs, above",
        ),
        (NEURON, 5, True, "autograd follows the positions or the inputs"),
        (NEURON, 0, False, "there are no particles or no inputs"),
    ],
)
def test_what_the_kernels_cannot_do_is_refused(neuron: Neuron, data: int, gradient: bool, sentence: str) -> None:
    """Assert that fused=True says why not, and that plain torch is taken in silence where nobody asked."""
    assert ask(neuron, None, data=data, gradient=gradient) is None
    with pytest.raises(ValueError, match=f"The fused kernels were asked for, but {sentence}.*; leave fused=True out"):
        ask(neuron, True, data=data, gradient=gradient)


def test_a_missing_package_is_named_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a machine without numba says so where it was asked for, and takes plain torch otherwise."""
    monkeypatch.setattr("particles.compute.backend_choice._installed", lambda package: package != "numba")
    assert ask(NEURON, None) is None
    with pytest.raises(ValueError, match="numba is not installed; leave fused=True out"):
        ask(NEURON, True)


def test_other_dtypes_and_transforms_are_done_without() -> None:
    """Assert that a cloud in half precision and one inside a transform of torch.func go through plain torch."""
    positions, phi = normals(10, NEURON.dim, seed=1), normals(5, 3, seed=2)
    with pytest.raises(ValueError, match="the cloud is in torch.float16"):
        fused_for(NEURON, positions.half(), phi.half(), True)
    chosen = []

    def seen(rows: torch.Tensor) -> torch.Tensor:
        chosen.append(fused_for(NEURON, rows, phi, None))
        return rows.sum()

    torch.func.grad(seen)(positions)
    torch.func.vmap(seen)(positions[None])
    assert chosen == [None, None]


def test_numbers_that_go_through_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that predictions and velocities of large clouds and of whoever asks do, and come out the same.

    Whatever was asked before, so that a resumed run gives the same bits; whoever needs all tangents has them serve.
    """
    calls: list[str] = []
    for name in ("predict", "pull"):
        kernel = getattr(launch, name)
        monkeypatch.setattr(launch, name, lambda *given, name=name, kernel=kernel, **more: (
            calls.append(name), kernel(*given, **more))[1])  # fmt: skip
    risk = Risk(Perceptron(Tanh(), Identity(3), 2, "both"), MeanField(), Squared(), dataset(Squared(), 2))
    start = cloud(risk.data.inputs, 2)
    fused_for(risk.network.neuron, start.positions, risk.prepared(start).phi, True)
    plain = replace(risk, fused=False).velocity(start)
    entries = start.count * risk.data.count * 2
    for asked, threshold, expected in ((None, entries + 1, []), (None, entries, ["predict", "pull"]),
                                       (True, entries + 1, ["predict", "pull"]), (False, 0, [])):  # fmt: skip
        monkeypatch.setattr("particles.compute.tiles.FUSED_ENTRIES", threshold)
        calls.clear()
        velocity = replace(risk, fused=asked).velocity(start)
        assert calls == expected
        assert_identical(velocity, plain)
    monkeypatch.setattr("particles.compute.tiles.FUSED_ENTRIES", entries)
    at = risk.at(start)
    at.gram()
    calls.clear()
    assert_identical(at.velocity, plain)
    assert calls == ["predict", "pull"]
    assert_identical(risk.linearised.velocity(start), plain)
    assert calls == ["predict", "pull"]
    assert risk.linearised is risk.linearised and replace(risk, fused=True).linearised.fused


@needs_triton
def test_large_clouds_and_who_asks_go_through_the_kernels() -> None:
    """Assert that the right kernels ran for each number, and that every number is that of plain torch to rounding."""
    one, both = ["predict"], ["predict", "pull"]
    runs = {
        "risk": one,
        "predictions": one,
        "predictions elsewhere": one,
        "velocity": both,
        "push": [],
        "gram": [],
    }
    found = printed("dispatched", "routes", interpret=True)
    expected = {f"{setting} {name}": ran for setting in ("asked", "large") for name, ran in runs.items()}
    expected |= {f"{setting} {name}": [] for setting in ("small", "never") for name in runs}
    assert {name: ran for name, ran, _ in found} == expected
    assert max(error for _, _, error in found) < 1e-14  # some fifty roundings of 1e-16


@needs_triton
def test_kernels_that_are_wrong_are_not_used() -> None:
    """Assert that TF32, a wrong factor, NaN and a failure are seen before first use, warned of once and refused."""
    found = {name: (logged, refusal) for name, logged, refusal in printed("dispatched", "broken", interpret=True)}
    said = {
        "TF32": "their predictions differ from plain torch by ",
        "scale": "their velocities differ from plain torch by 1.0e-03 of the largest",
        "nan": "their velocities differ from plain torch by nan of the largest",
        "raises": "they failed with RuntimeError: out of resource: shared memory",
    }
    assert found.keys() == said.keys()
    for name, (logged, refusal) in found.items():
        (warning,) = logged
        assert warning.startswith(f"Plain torch instead of the fused kernels: {said[name]}")
        assert refusal.startswith(f"The fused kernels were asked for, but {said[name]}")
        assert "and more" not in warning


def test_compilers_are_not_imported_before_they_are_needed() -> None:
    """Assert that the library and a velocity of few particles leave triton and numba alone."""
    program = (
        "import sys, torch; from particles import *; "
        "risk = Risk(Perceptron(Tanh(), Identity(2)), NTK(), Squared(), Dataset(torch.ones(3, 2), torch.ones(3))); "
        "risk.velocity(ParticleCloud(torch.ones(4, 3))); print({'triton', 'numba'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device to run the kernels outside of Triton")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("neuron", [NEURON, Perceptron(Tanh(), Identity(3), 2, "both")])
def test_velocity_on_a_gpu_is_that_of_the_cpu(neuron: Perceptron, dtype: torch.dtype) -> None:
    """Assert that the kernels agree with plain torch on the CPU, and give the same bits twice."""
    risk = Risk(neuron, MeanField(), Squared(), dataset(Squared(), neuron.outputs))
    at = cloud(risk.data.inputs, neuron.outputs).to(dtype=dtype)
    fused, there = replace(risk, fused=True), at.to(device="cuda")
    assert_identical(fused.velocity(there).cpu(), risk.velocity(at))
    assert torch.equal(fused.velocity(there), fused.velocity(there))
