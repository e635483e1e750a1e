"""Public names and where they are defined."""

import particles
from docs.building.public_names import definitions, links, public
from particles.risk.risk import Risk


def test_names_lead_to_what_they_name() -> None:
    """Assert that a name, a definition and the pages agree, and that modules are left out."""
    assert public()["particles.Risk"] is particles.Risk
    assert public()["particles.masses.zipf"] is particles.masses.zipf
    assert "particles.masses" not in public()
    assert links()["Risk"] == "particles.Risk"
    assert links()["masses.zipf"] == links()["particles.masses.zipf"] == "particles.masses.zipf"
    assert definitions()[f"{Risk.__module__}.Risk"] == "particles.Risk"


def test_the_first_package_has_a_name_that_two_have() -> None:
    """Assert that a name of two packages is that of the first: Ensemble is of clouds before it is of kernel flows."""
    assert {"particles.Ensemble", "limits.Ensemble"} <= public().keys()
    assert links()["Ensemble"] == "particles.Ensemble"
