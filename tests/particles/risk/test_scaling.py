"""Every scaling keeps the contract, and the named ones are members of each other's families."""

import math
from dataclasses import replace

import pytest
import torch

import particles.risk.scaling
from particles import NTK, Lazy, MeanField, Power, Scaling, Standard, masses
from tests.draws import unequal
from tests.particles.risk.contracts import scaling as contract
from tests.particles.risk.contracts.members import SCALINGS, STANDARD, Map, name_of
from tests.particles.risk.contracts.planted.scalings import PLANTED_SCALINGS
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


def test_standard_is_the_plain_sum() -> None:
    """Assert that every particle with mass counts and moves alike, whatever its mass is."""
    lam = torch.tensor([0.0, 0.9, 0.1], dtype=torch.float64)
    assert torch.equal(Standard().factor(lam), torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))
    assert torch.equal(Standard().mobility(lam), Standard().factor(lam))


@pytest.mark.parametrize("scaling", MEMBERS, ids=name_of)
def test_rates_of_groups_are_kept_and_said(scaling: Scaling) -> None:
    """Assert that a scaling with rates is another one, equal to itself, that says them; one without says none."""
    rated = replace(scaling, rates={"output": 0.1})
    assert rated != scaling and rated == replace(scaling, rates={"output": 0.1}) and hash(rated) != hash(scaling)
    assert "rates={'output': 0.1}" in repr(rated) and "rates" not in repr(scaling)
    assert torch.equal(rated.mobility(EQUAL), scaling.mobility(EQUAL))


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_rates_that_are_no_non_negative_number_are_refused(rate: float) -> None:
    """Assert that the sentence names the group, what came and what is needed."""
    with pytest.raises(ValueError, match="The rate of 'output' is .*, but a finite non-negative number is needed"):
        MeanField(rates={"output": rate})


@pytest.mark.parametrize("number", [0.0, -1.0, math.inf, math.nan])
def test_parameters_that_are_no_positive_number_are_refused(number: float) -> None:
    """Assert that Lazy and Power say what came and what is needed."""
    with pytest.raises(ValueError, match="scale of Lazy is .*, but a positive finite number is needed"):
        Lazy(scale=number)
    with pytest.raises(ValueError, match="power of a scaling is .*, but a positive finite number is needed"):
        Power(number)
