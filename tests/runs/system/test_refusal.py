"""Choosing among names."""

import pytest

from runs.system.refusal import Refusal, chosen

NAMES = ("concrete", "energy", "plant")


def test_known_name_is_returned() -> None:
    """Assert that a name of the list passes."""
    assert chosen("data set", "energy", NAMES) == "energy"


@pytest.mark.parametrize(("name", "nearest"), [("energie", "energy"), ("PLANT", "plant"), ("conrcete", "concrete")])
def test_nearest_name_is_suggested(name: str, nearest: str) -> None:
    """Assert that a misspelt name gets all names and the nearest one."""
    with pytest.raises(Refusal, match=rf"^Unknown data set '{name}': .* energy, plant; did you mean '{nearest}'\?$"):
        chosen("data set", name, NAMES)


def test_far_name_gets_no_suggestion() -> None:
    """Assert that nothing is suggested where nothing is near."""
    with pytest.raises(Refusal, match=r"choose one of concrete, energy, plant\.$"):
        chosen("data set", "xyz", NAMES)
