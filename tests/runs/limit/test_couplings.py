"""The coupling that is taken where the user names none."""

from functools import partial

import pytest

from limits import Coupling, Halves, Nested, Rotated
from particles import NTK, Lazy, MeanField, Scaling, Standard, masses
from runs.limit.couplings import MassesOf, are_falling, fitting
from tests.problems import network_risk


@pytest.mark.parametrize(
    ("scaling", "weights", "symmetric", "expected"),
    [
        (MeanField(), masses.uniform, False, Halves),
        (Lazy(2.0), masses.uniform, False, Halves),
        (NTK(), masses.uniform, True, Halves),
        (NTK(), masses.uniform, False, Rotated),
        (Standard(), masses.uniform, False, Rotated),
        (NTK(), partial(masses.zipf, alpha=0.5), False, Nested),
        (MeanField(), partial(masses.asymmetrical, gamma=0.3, alpha=0.5), False, Nested),
        (MeanField(), partial(masses.beta, a=1.0, b=1.0, seed=0), False, Halves),
    ],
)
def test_coupling_fits_scaling_and_masses(
    scaling: Scaling, weights: MassesOf, symmetric: bool, expected: type[Coupling]
) -> None:
    """Assert that falling masses are nested, random starts rotated, and everything else is halved."""
    assert type(fitting(network_risk(scaling), are_falling(weights), symmetric)) is expected


def test_a_flow_without_a_risk_is_halved() -> None:
    """Assert that halves are taken where nothing is known of the network."""
    assert fitting(None, False, False) == Halves() and fitting(None, True, False, 0.3) == Nested(0.3)
