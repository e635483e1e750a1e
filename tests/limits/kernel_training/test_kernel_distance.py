"""Distances of kernels against eigenvalues of the whole difference."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from limits import LinearModel, early_time_model, kernel_distance, tangent_kernel
from limits.kernel_training import kernel_distance as measured
from particles import Erf, GaussianLaw, Identity, Perceptron, ShapeError
from tests.draws import normals
from tests.tolerances import SINGLE

MODEL, OTHER = LinearModel(1.0, 0.5, outputs=2), LinearModel(0.5, 0.9, 0.2, outputs=2)


@pytest.fixture(params=[(10, 1000, 1000), (10, 3, 1000), (10, 3, 5)], ids=["dense", "Lanczos", "float32"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of so many data, and from how many rows on Lanczos' method and float32 are taken."""
    for name, value in zip(("TILE", "DENSE", "DOUBLE"), request.param, strict=True):
        monkeypatch.setattr(measured, name, value)
    yield


@pytest.mark.usefixtures("sizes")
def test_norms_are_those_of_the_difference() -> None:
    """Assert that both norms are those of the matrices, whose own part on the diagonal is on no other tile."""
    x = normals(25, 3, seed=1)
    difference = MODEL(x) - OTHER(x)
    found = kernel_distance(MODEL, OTHER, x)
    assert abs(found.spectral / float(torch.linalg.matrix_norm(difference, 2)) - 1.0) < SINGLE
    assert abs(found.frobenius / float(difference.norm()) - 1.0) < 1e-12


def test_distance_of_many_data_is_the_measured_one() -> None:
    """Assert that for erf, first layer and n = 2000 it is that of the model from the Gram matrix."""
    neuron = Perceptron(Erf(), Identity(50), 1, "hidden")
    kernel, model = (make(neuron, GaussianLaw(neuron)) for make in (tangent_kernel, early_time_model))
    x = normals(2000, 50, seed=50)
    assert abs(kernel_distance(kernel, model, x).spectral / model.distance(kernel(x), x) - 1.0) < 1e-8


def test_kernels_of_different_outputs_are_refused() -> None:
    """Assert that one output against two is told in a sentence."""

    def two(x1: Tensor, x2: Tensor | None) -> Tensor:
        return MODEL(x1, x2)

    with pytest.raises(ShapeError, match="kernels have 2 and 1 outputs; compare kernels of equally many"):
        kernel_distance(two, LinearModel(1.0), normals(4, 3, seed=1))
    with pytest.raises(ShapeError, match=r"gave a matrix of shape \(2, 2\), but \(8, 8\) is needed, index i k \+ c"):
        kernel_distance(MODEL, lambda x1, x2: torch.eye(2).double(), normals(4, 3, seed=1))
