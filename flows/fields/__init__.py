"""How a cloud moves: gradient, NTK, Langevin and linearised flows, batches, birth and death.

A new flow is its file and its name here; whether it may be stacked or shared its class declares (`flows.base`).
"""

from flows.fields.birth_death import BirthDeathFlow
from flows.fields.gradient import GradientFlow
from flows.fields.langevin import LangevinFlow
from flows.fields.linearised import LinearisedFlow
from flows.fields.minibatch import MinibatchFlow
from flows.fields.ntk import NTKFlow
from flows.fields.scheduled import Scheduled
from flows.fields.underdamped import UnderdampedFlow

#: In the order in which sentences name them.
__all__ = [  # noqa: RUF022
    "GradientFlow",
    "NTKFlow",
    "LinearisedFlow",
    "LangevinFlow",
    "UnderdampedFlow",
    "MinibatchFlow",
    "BirthDeathFlow",
    "Scheduled",
]

#: The same as classes.
FLOWS: tuple[type, ...] = tuple(globals()[name] for name in __all__)
