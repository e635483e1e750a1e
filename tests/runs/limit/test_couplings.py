"""The coupling that is taken where the user names none."""

import pytest
import torch

from limits import Coupling, Halves, Nested, Rotated
from particles import NTK, Lazy, MeanField, Scaling, Standard, masses
from particles.shapes import Masses
from runs.limit.couplings import fitting
from tests.problems import network_risk


@pytest.mark.parametrize(
    ("scaling", "weights", "symmetric", "expected"),
    [
        (MeanField(), masses.uniform(8), False, Halves),
        (Lazy(2.0), masses.uniform(8), False, Halves),
        (NTK(), masses.uniform(8), True, Halves),
        (NTK(), masses.uniform(8), False, Rotated),
        (Standard(), masses.uniform(8), False, Rotated),
        (NTK(), masses.zipf(8, 0.5), False, Nested),
        (MeanField(), masses.asymmetrical(8, 0.3, 0.5), False, Nested),
        (MeanField(), masses.beta(8, 1.0, 1.0, seed=0), False, Halves),
        (MeanField(), torch.ones(1, dtype=torch.float64), False, Halves),
    ],
)
def test_coupling_fits_scaling_and_masses(
    scaling: Scaling, weights: Masses, symmetric: bool, expected: type[Coupling]
) -> None:
    """Assert that falling masses are nested, random starts rotated, and everything else is halved."""
    assert type(fitting(network_risk(scaling), weights, symmetric)) is expected


def test_a_flow_without_a_risk_is_halved() -> None:
    """Assert that halves are taken where nothing is known of the network."""
    assert fitting(None, masses.uniform(8), False) == Halves()
    assert fitting(None, masses.zipf(8, 0.5), False, 0.3) == Nested(0.3)
