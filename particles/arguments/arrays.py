"""Requirements on arrays: their dtype and number of axes, and on devices."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from particles.arguments.wanted import Wanted

#: The dtypes of tensors of real numbers.
FLOATS = (torch.float64, torch.float32)


class Table(Wanted):
    """The requirement of a NumPy array."""

    words = "a NumPy array of numbers"

    def fits(self, value: object) -> bool:
        """Whether the value is a NumPy array of real numbers."""
        return isinstance(value, np.ndarray) and is_real(value)


class Array(Wanted):
    """The requirement of a jaxtyping annotation: a tensor of some dtype with a number of axes."""

    @property
    def words(self) -> str:
        """The words for dtype and axes."""
        kind = "a float64 or float32 tensor" if self.floating else "an integer tensor"
        return kind if self.axes == ["..."] else f"{kind} [{', '.join(self.axes)}]" if self.axes else f"{kind} []"

    @cached_property
    def axes(self) -> list[str]:
        """The names of the axes."""
        words: str = self.annotation.dim_str
        return words.split()

    @cached_property
    def _fixed(self) -> int:
        """The number of single axes, without those that stand for any number of axes."""
        return sum(not axis.startswith(("*", "...")) for axis in self.axes)

    @cached_property
    def floating(self) -> bool:
        """Whether float64 or float32 is wanted, and not integers."""
        return "float64" in self.annotation.dtypes

    def fits(self, value: object) -> bool:
        """Whether the value is a tensor of the right dtype and number of axes."""
        if not isinstance(value, Tensor) or not self.holds(value):
            return False
        return value.ndim == self._fixed or (self._fixed < len(self.axes) and value.ndim > self._fixed)

    def holds(self, value: Tensor) -> bool:
        """Whether a tensor has the right dtype."""
        if self.floating:
            return value.dtype in FLOATS
        return is_real(value) and not value.is_floating_point()


class Device(Wanted):
    """The requirement of a device, given as torch.device or by name."""

    words = "a device of this machine, 'cpu' or 'cuda',"

    def fits(self, value: object) -> bool:
        """Whether torch knows the name and the machine has the device."""
        try:
            device = value if value is None or isinstance(value, torch.device) else torch.device(str(value))
        except RuntimeError:
            return False
        named = isinstance(value, str | torch.device | None)
        return named and (device is None or device.type != "cuda" or torch.cuda.is_available())


def is_real(values: Tensor | NDArray[Any]) -> bool:
    """Whether an array holds real numbers or integers."""
    if isinstance(values, Tensor):
        return not (values.is_complex() or values.dtype == torch.bool)
    return values.dtype.kind in "fiu"
