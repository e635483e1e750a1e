"""The forms that refusals of `flows` advise exist, and its methods that are named check their arguments."""

from flows.right_forms import CONVERSIONS, FORMS, METHODS
from tests.front_door.right_forms import unchecked_methods, unknown_names


def test_forms_name_what_is_there() -> None:
    """Assert that every class or function that is to be called is offered by a package."""
    assert FORMS and unknown_names(FORMS) == unknown_names(CONVERSIONS) == []


def test_methods_check_their_arguments() -> None:
    """Assert that each method that is named looks at what it is given."""
    assert METHODS and unchecked_methods(METHODS) == []
