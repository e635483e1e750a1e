"""Every scaling keeps the contract, and the named ones are members of each other's families."""

import math

import pytest
import torch

import particles.risk.scaling
from particles import NTK, Lazy, MeanField, Power, Scaling, Standard, masses
from tests.draws import unequal
from tests.particles.contracts import scaling as contract
from tests.particles.contracts.members import SCALINGS, STANDARD, Map, name_of
from tests.particles.contracts.planted.scalings import PLANTED_SCALINGS
from tests.tolerances import assert_identical

ALL = [*SCALINGS, STANDARD]
MEMBERS = [member for member, _, _ in ALL]
EQUAL = masses.uniform(16)


#: The kernel of `Standard` has as much mass as there are particles.
MASS_ONE = contract.kernel_has_mass_one
KEPT = [(law, one) for law in contract.LAWS for one in MEMBERS if (law, one) != (MASS_ONE, Standard())]


@pytest.mark.parametrize(("law", "scaling"), KEPT, ids=name_of)
def test_scaling_keeps_the_law(law: contract.Law, scaling: Scaling) -> None:
    """Assert that the scaling keeps this law of its family."""
    law(scaling)


@pytest.mark.parametrize(("scaling", "law", "claim"), PLANTED_SCALINGS, ids=name_of)
def test_law_rejects_the_planted_scaling(scaling: Scaling, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted scaling breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(scaling)


@pytest.mark.parametrize(("scaling", "factor", "mobility"), ALL, ids=name_of)
def test_vectors_are_the_formulas(scaling: Scaling, factor: Map, mobility: Map) -> None:
    """Assert that output factors and mobilities are those of the table in the design."""
    lam = unequal(20)
    assert_identical(scaling.factor(lam), factor(lam))
    assert_identical(scaling.mobility(lam), mobility(lam))


@pytest.mark.parametrize(
    ("one", "other", "lam"),
    [
        (Power(1.0), MeanField(), unequal(20)),
        (Power(0.5), NTK(), unequal(20)),
        (Lazy(scale=1.0), MeanField(), unequal(20)),
        (Lazy(scale=math.sqrt(16)), NTK(), EQUAL),
    ],
    ids=["power-1", "power-half", "lazy-1", "lazy-root-m"],
)
def test_two_names_are_one_scaling(one: Scaling, other: Scaling, lam: torch.Tensor) -> None:
    """Assert that the families meet where their docstrings say."""
    assert_identical(one.factor(lam), other.factor(lam))
    assert_identical(one.mobility(lam), other.mobility(lam))


def test_lazy_is_not_ntk_for_unequal_masses() -> None:
    """Assert that the identity above needs equal masses, so that the test of it can fail."""
    assert not torch.allclose(Lazy(scale=math.sqrt(20)).factor(unequal(20)), NTK().factor(unequal(20)))


def test_every_scaling_is_a_member() -> None:
    """Assert that no scaling of the module is left out of the contract."""
    kinds = {name: kind for name, kind in vars(particles.risk.scaling).items() if hasattr(kind, "__dataclass_fields__")}
    defined = {kind for name, kind in kinds.items() if not name.startswith("_")}
    assert {type(member) for member in MEMBERS} == defined


@pytest.mark.parametrize("number", [0.0, -1.0, math.inf, math.nan])
def test_parameters_that_are_no_positive_number_are_refused(number: float) -> None:
    """Assert that Lazy and Power say what came and what is needed."""
    with pytest.raises(ValueError, match="scale of Lazy is .*, but a positive finite number is needed"):
        Lazy(scale=number)
    with pytest.raises(ValueError, match="power of a scaling is .*, but a positive finite number is needed"):
        Power(number)
