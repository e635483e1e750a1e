"""The forms that doors of `particles` advise exist, and their methods have doors."""

import re

import pytest

from particles.right_forms import CONVERSIONS, FORMS, METHODS


@pytest.mark.parametrize("form", [*FORMS.values(), *CONVERSIONS.values()])
def test_forms_name_what_is_there(form: str) -> None:
    """Assert that every class or function that is to be called is offered by a room."""
    called = re.findall(r"(?<![.\w])([A-Za-z_]+)\(", form)
    rooms = [__import__(room) for room in ("particles", "flows", "limits")]
    known = {"feature", "function", "velocity", "float"}
    assert [name for name in called if name not in known and not any(hasattr(room, name) for room in rooms)] == []


@pytest.mark.parametrize("owner", METHODS, ids=lambda owner: owner.__name__)
def test_methods_have_doors(owner: object) -> None:
    """Assert that each method that is named has a door."""
    for name in METHODS[owner].split():
        assert hasattr(getattr(owner, name), "checked_arguments"), name
