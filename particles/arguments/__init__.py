"""Checks of the arguments that users give to public classes and functions, by their annotations."""

from particles.arguments.checked import arguments_checked, check_arguments_of

__all__ = ["arguments_checked", "check_arguments_of"]
