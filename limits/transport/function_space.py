"""The distance of two clouds as functions: the root mean square difference of their predictions on given inputs."""

import torch

from limits.transport.result import power
from particles import Network, ParticleCloud, ShapeError
from particles.shapes import Inputs, PerDatum, Scalar


def function_distance(
    network: Network, cloud1: ParticleCloud, cloud2: ParticleCloud, inputs: Inputs, weights: PerDatum | None = None
) -> Scalar:
    """(sum_i p_i |f1(x_i) - f2(x_i)|^2)^(1/2) on inputs x [data, inputs], a float64 scalar.

    f1 and f2 are the predictions of `network` for the two clouds, which may differ in count. `weights` p [data] are
    taken as they are, and are 1/n where left out. Changes of a cloud that leave its function alone do not matter.
    Raises ShapeError where there is not one weight for each input.
    """
    count = len(inputs)
    if weights is not None and weights.shape != (count,):
        raise ShapeError(f"{count} inputs came with weights of shape {tuple(weights.shape)}; give one for each.")
    here, there = (network(cloud.to(dtype=torch.float64), inputs.double()) for cloud in (cloud1, cloud2))
    squares = (here - there.to(here)).square().sum(dim=1)
    share = torch.full_like(squares, 1.0 / count) if weights is None else weights.to(squares)
    return power(share @ squares, 0.5)
