"""Which names are public, where each is defined, and what a name in a docstring or an annotation leads to."""

import inspect
from collections.abc import Mapping
from functools import cache
from types import ModuleType

import flows
import limits
import limits.theorems
import particles


@cache
def public() -> Mapping[str, object]:
    """Every public name with its package, as its page in docs/reference/ has it, and what it names."""
    names = {
        f"{package.__name__}.{name}": getattr(package, name)
        for package in (particles, flows, limits, limits.theorems)
        for name in package.__all__
        if not isinstance(getattr(package, name), ModuleType)
    }
    functions = inspect.getmembers(particles.masses, inspect.isfunction)
    own = {name: made for name, made in functions if made.__module__ == particles.masses.__name__}
    return names | {f"particles.masses.{name}": made for name, made in own.items() if not name.startswith("_")}


@cache
def links() -> Mapping[str, str]:
    """From a name as docstrings have it, Risk or masses.zipf, to the public one; of two the first package's."""
    found: dict[str, str] = {}
    for name in public():
        short = name.removeprefix("particles.") if ".masses." in name else name.rsplit(".", 1)[-1]
        found.setdefault(short, name)
        found.setdefault(name, name)
    return found


@cache
def definitions() -> Mapping[str, str]:
    """From where a public class or function is defined to its public name, as annotations need it."""
    found: dict[str, str] = {}
    for name, made in public().items():
        if hasattr(made, "__qualname__"):
            found.setdefault(f"{made.__module__}.{made.__qualname__}", name)
    return found
