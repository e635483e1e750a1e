"""What is looked at of a cloud that is trained: observables, which may refer to the very cloud where it started."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from limits import Drawn
from particles import ParticleCloud

#: A function of a cloud that gives a number or an array whose shape does not depend on the width.
Observable: TypeAlias = Callable[[ParticleCloud], Any]
#: Observables by name, or a function that makes them of the cloud as it was drawn.
Observables: TypeAlias = Mapping[str, Observable] | Callable[[Drawn], Mapping[str, Observable]]


def observables_of(given: Observables, start: Drawn) -> Mapping[str, Observable]:
    """Those of one cloud. Raises TypeError for something else than observables by name, ValueError for none."""
    made = given if isinstance(given, Mapping) else given(start)
    if not isinstance(made, Mapping) or not all(callable(one) for one in made.values()):
        raise TypeError(
            f"Observables are {made!r}, but functions of a cloud by their names are needed; give for example "
            '{"risk": risk}.'
        )
    if not made:
        raise ValueError('Nothing is to be measured; name one observable or more, as in {"risk": risk}.')
    return made
