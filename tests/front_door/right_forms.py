"""What the right forms of every package must be: they exist, and the methods beside them check their arguments."""

import re
from collections.abc import Mapping
from typing import Any

import flows
import limits
import particles

#: Names in forms that stand for the user's own.
OWN = {"feature", "function", "velocity", "float"}


def unknown_names(forms: Mapping[Any, str]) -> list[str]:
    """What is called in a form and offered by no package."""
    called = [name for form in forms.values() for name in re.findall(r"(?<![.\w])([A-Za-z_]+)\(", form)]
    rooms = (particles, flows, limits)
    return [name for name in called if name not in OWN and not any(hasattr(room, name) for room in rooms)]


def unchecked_methods(methods: Mapping[type, str]) -> list[str]:
    """Methods that are named and do not look at their arguments."""
    named = [(owner, name) for owner, names in methods.items() for name in names.split()]
    return [
        f"{owner.__name__}.{name}" for owner, name in named if not hasattr(getattr(owner, name), "checked_arguments")
    ]
