"""The watch over a run for particles that are no longer finite, without waiting for the GPU at every step."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from particles import FlowDiverged, FlowRefused, ParticleCloud

#: Devices that compute while the host goes on; looking at a number waits for them.
DEFERRED_ON = ("cuda",)
#: Steps of which the numbers of broken particles are left on such a device before the host looks.
MOST_PENDING = 100


@dataclass
class Watch:
    """Raises FlowDiverged for the first cloud that is not finite, with its own step, time and number of particles.

    On a CPU at once. On CUDA the numbers of broken particles stay there until `settle`, which comes before a cloud is
    shown or kept, at the end of a run, and after MOST_PENDING steps: the sentence is the same, later by at most that
    many steps, and nobody has seen a broken cloud. An integrator that looks at its numbers waits for itself.
    """

    _pending: list[tuple[int, float, int, Tensor]] = field(default_factory=list, init=False)

    def see(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """The cloud after a step. Raises FlowRefused where velocities gave it an autograd history, which would grow."""
        positions = cloud.positions
        if positions.requires_grad:
            raise FlowRefused(
                "The flow's velocities carry an autograd history, which no run has a use for and which would grow step "
                "by step; return velocity.detach(), and detach the parameters of neuron, scaling and loss."
            )
        if cloud.shared_by is not None:
            self._see_together(step, time, cloud)
            return
        if positions.device.type not in DEFERRED_ON and bool(torch.isfinite(positions.sum())):
            return
        self._pending.append((step, time, cloud.count, (~torch.isfinite(positions)).any(dim=1).sum()))
        if positions.device.type not in DEFERRED_ON or len(self._pending) >= MOST_PENDING:
            self.settle()

    def _see_together(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """A cloud that several processes share: all of them learn at once what one has found."""
        fine = bool(torch.isfinite(cloud.positions.sum()))
        found = 0 if fine else int((~torch.isfinite(cloud.positions)).any(dim=1).sum())
        if broken := cloud.counted(found):
            raise FlowDiverged(step=step, time=time, particles=broken, count=cloud.count)

    def settle(self) -> None:
        """Look at every step that was seen and not looked at; waits for the device where there are such steps."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        for (step, time, count, _), broken in zip(pending, _read([number for *_, number in pending]), strict=True):
            if broken:
                raise FlowDiverged(step=step, time=time, particles=broken, count=count)


def _read(numbers: list[Tensor]) -> list[int]:
    """Numbers from a device in one transfer."""
    return [int(number) for number in torch.stack(numbers).tolist()]
