"""Shape aliases say what crosses a border, and this test run checks them."""

import jaxtyping
import pytest
import torch

from particles import Squared, shapes
from particles.risk.dataset import Prepared

RANKS = {
    1: ["Masses", "PerParticle", "PerDatum", "StackedPerDatum", "PerTeacher", "PerClass"],
    2: [
        *("Positions", "Velocity", "Inputs", "OtherInputs", "Features", "Outputs", "Gram"),
        *("Hidden", "MemberMasses", "StackedOutputs", "PerParticleAndGroup", "Teacher"),
    ],
    3: ["Curvature", "ParticleFeatures", "MemberPositions", "PreActivations"],
    4: ["ParticleGradients"],
    0: ["Scalar"],
}
#: Aliases with a leading axis or without, by their rank without.
MANY = {
    1: ["ManyPerParticle", "Images"],
    2: ["ManyPositions", "ManyOutputs", "ManyParticleOutputs", "ManyHidden", "ManyOtherHidden", "Grams"],
}


@pytest.mark.parametrize(("rank", "name"), [(rank, name) for rank, names in RANKS.items() for name in names])
def test_alias_asks_for_floats_of_its_rank(rank: int, name: str) -> None:
    """Assert that an alias accepts float tensors of its rank and neither another rank nor integers."""
    alias = getattr(shapes, name)
    assert isinstance(torch.zeros((2,) * rank), alias)
    assert isinstance(torch.zeros((2,) * rank, dtype=torch.float64), alias)
    assert not isinstance(torch.zeros((2,) * (rank + 1)), alias)
    assert not isinstance(torch.zeros((2,) * rank, dtype=torch.int64), alias)


def test_every_alias_is_tested() -> None:
    """Assert that the lists above name every alias; AnyFloat takes any rank, those of MANY theirs and more."""
    aliases = {name for name, value in vars(shapes).items() if name[0].isupper() and name not in ("Float", "Tensor")}
    listed = [name for names in (*RANKS.values(), *MANY.values()) for name in names]
    assert aliases == {*listed, "AnyFloat"}
    for least, name in ((least, name) for least, names in MANY.items() for name in names):
        taken = [isinstance(torch.zeros((2,) * rank), getattr(shapes, name)) for rank in range(4)]
        assert taken == [rank >= least for rank in range(4)]
    assert all(isinstance(torch.zeros((2,) * rank), shapes.AnyFloat) for rank in range(4))


def test_this_run_checks_shapes() -> None:
    """Assert that a word that stands for two numbers in one call is caught: the hook of setup.cfg is on."""
    with pytest.raises(jaxtyping.TypeCheckError, match="data"):
        Squared().residual(torch.zeros(3, 1), torch.zeros(4, 1))


def test_values_are_checked_as_well_as_functions() -> None:
    """Assert that constructors are checked, fields included."""
    with pytest.raises(jaxtyping.TypeCheckError, match="phi"):
        Prepared(torch.zeros(3), torch.zeros(3, 1), torch.zeros(3))


@pytest.mark.usefixtures("without_shape_checks")
def test_fixture_switches_the_checks_off() -> None:
    """Assert that the fixture lets a wrong shape through to the library's own refusals."""
    assert Squared().residual(torch.zeros(3, 1), torch.zeros(1, 1)).shape == (3, 1)
