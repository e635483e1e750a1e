"""Detection of torch operations that make the host wait for the device, for code that must not wait."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

#: Tags of torch for operations whose result, or its shape, depends on numbers that the host must read.
WAITING = frozenset({torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape})
#: Operations without such a tag that wait where they copy from one device to another.
COPIES = ("aten::_to_copy", "aten::copy_")


class NobodyWaits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A context in which a torch operation of this thread raises RuntimeError if it makes the host wait for the device.

    Operations that would wait on CUDA are found on a CPU too, except for copies.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of the operation; raises RuntimeError where the operation waits."""
        found = func(*args, **(kwargs or {}))
        name = func._schema.name
        devices = {value.device for value in (*args, found) if isinstance(value, Tensor)}
        if WAITING.intersection(func.tags) or (name in COPIES and len(devices) > 1):
            raise RuntimeError(f"{name} makes the host wait for the device")
        return found
