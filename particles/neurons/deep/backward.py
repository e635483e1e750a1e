"""The backward pass of many deep networks: what a change of every layer's h is worth, from the readout down."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from particles.neurons.deep.forward import ForwardPass, weights_of
from particles.neurons.deep.stages import Stage
from particles.shapes import Positions


def backward(
    stages: Sequence[Stage], positions: Positions, run: ForwardPass, cotangents: Tensor, lowest: int
) -> Iterator[tuple[int, Tensor]]:
    """The number of a stage and the cotangents of its h [particles, data repeats, *above], from the readout down.

    `cotangents` [particles, data repeats, outputs] are those of the outputs; row i repeats + c belongs to datum i. The
    pass ends at the stage with the number `lowest`.
    """
    above = cotangents
    for number in range(len(stages) - 1, lowest - 1, -1):
        stage, slope = stages[number], run.slopes[number]
        above = above.reshape(*above.shape[:2], *stage.pooled)
        for pool in reversed(stage.pools):
            above = pool.backward(above)
        if slope is not None:
            above = _times(above, slope.values)
        yield number, above
        if number > lowest:
            above = stage.map.backward(above, weights_of(stage, positions), stage.weights.scales.multiplier)


def _times(above: Tensor, slopes: Tensor) -> Tensor:
    """Cotangents [particles, data repeats, ...] times slopes [particles, data, ...]."""
    data = slopes.shape[1]
    if above.shape[1] == data:
        return above * slopes
    rows = above.reshape(above.shape[0], data, above.shape[1] // max(data, 1), *above.shape[2:])
    return (rows * slopes[:, :, None]).flatten(1, 2)
