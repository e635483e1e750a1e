"""The tests, and the checker that holds every annotation of the library to its word while they run."""

from typing import Annotated, Self

import jaxtyping
from beartype import BeartypeConf, FrozenDict, beartype
from beartype.vale import Is

from tests import shape_checks

#: beartype for one function at a time, as jaxtyping's import hook applies it (--jaxtyping-packages in setup.cfg). A
#: method seen so does not know its class, and beartype would refuse `Self`; here any object passes for it.
#: An int is a float here, as it is for mypy and for everyone who writes until=1.
checked = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,
        hint_overrides=FrozenDict({Self: Annotated[object, Is[lambda _: True]]}),
        violation_type=jaxtyping.TypeCheckError,
    )
)

# The hook writes `@jaxtyping.jaxtyped(typechecker=...)` before every function and class of the library.
jaxtyping.jaxtyped = shape_checks.jaxtyped
