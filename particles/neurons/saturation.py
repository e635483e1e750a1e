"""Particles that are saturated at all their inputs: their sigma' has no digits left where it is computed from sigma.

Where one input of a particle is not saturated, its part of the sum is so much larger that the others' digits do not
matter. So rows are looked for that are beyond the limit everywhere, first of all at the first input, which costs next
to nothing and mostly answers.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from particles.neurons.autonomous import Autonomous
from particles.shapes import AnyFloat, Hidden, ManyHidden


@dataclass(frozen=True, eq=False)
class Saturated:
    """Rows of z that are saturated at every input, and sigma' there."""

    rows: Tensor
    slopes: AnyFloat

    def corrected(self, slopes: ManyHidden) -> ManyHidden:
        """sigma' of all rows, corrected in place where they are saturated; a leading axis counts as more rows."""
        slopes.view(-1, slopes.shape[-1])[self.rows] = self.slopes.to(slopes)
        return slopes


def saturated_rows(activation: Autonomous, z: Hidden) -> Tensor | None:
    """The rows whose every |z| is beyond the activation's `unsaturated`, None where there are none."""
    limit = activation.unsaturated(z.dtype)
    if math.isinf(limit) or z.numel() == 0:
        return None
    if float(torch.linalg.vector_norm(z[:, 0], math.inf)) <= limit:
        return None
    rows = (z[:, 0].abs() > limit).nonzero()[:, 0]
    rows = rows[z[rows].abs().amin(dim=1) > limit]
    return rows if rows.numel() else None


def saturated(activation: Autonomous, z: Hidden) -> Saturated | None:
    """The saturated rows with their sigma', None where there are none."""
    rows = saturated_rows(activation, z)
    return None if rows is None else Saturated(rows, activation.derivative(z[rows]))
