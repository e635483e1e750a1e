"""The backward pass of many deep networks: what a change of every layer's h is worth, from the readout down."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from particles.neurons.deep.forward import ForwardPass, weights_of
from particles.neurons.deep.stages import Stage
from particles.shapes import Positions

if TYPE_CHECKING:
    from particles.neurons.deep.neuron import Deep


def backward(
    neuron: "Deep", positions: Positions, run: ForwardPass, cotangents: Tensor, repeats: int = 1
) -> Iterator[tuple[int, Tensor]]:
    """The number of a stage and the cotangents of its h [particles, data repeats, *above], from the readout down.

    `cotangents` are those of the outputs [particles, data repeats, outputs]; row i repeats + c belongs to datum i. The
    pass ends at the lowest stage of which coordinates move.
    """
    lowest = min(number for number, stage in enumerate(neuron.stages) if neuron.moves(stage))
    above = cotangents
    for number in range(len(neuron.stages) - 1, lowest - 1, -1):
        stage = neuron.stages[number]
        above = _below_pools(stage, above)
        sigma = run.activated[number]
        if sigma is not None:
            slope = sigma.slope if repeats == 1 else sigma.slope.repeat_interleave(repeats, dim=1)
            above = above * slope
        yield number, above
        if number > lowest:
            above = stage.map.backward(above, weights_of(stage, positions), stage.weights.scales.multiplier)


def _below_pools(stage: Stage, above: Tensor) -> Tensor:
    shape = (*above.shape[:2], *stage.pooled)
    above = above.reshape(shape)
    for pool in reversed(stage.pools):
        above = pool.backward(above)
    return above
