"""Which torch operations make the host wait for the device: looked for where nobody may wait."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

#: As torch marks them: the result, or its shape, depends on numbers that the host must read.
WAITING = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})
#: Not marked: they wait where they go from one device to another.
COPIES = ("aten::_to_copy", "aten::copy_")


class NobodyWaits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A context in which torch operations of this thread raise RuntimeError where the host would wait for the device.

    The device does not matter: what would wait on CUDA is found on a CPU too, except for copies.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The operation's result, if it does not wait."""
        found = func(*args, **(kwargs or {}))
        name = func._schema.name
        devices = {value.device for value in (*args, found) if isinstance(value, Tensor)}
        if WAITING.intersection(func.tags) or (name in COPIES and len(devices) > 1):
            raise RuntimeError(f"{name} makes the host wait for the device")
        return found
