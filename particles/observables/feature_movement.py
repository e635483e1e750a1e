"""How far the features of a layer have moved: where it stays zero in the limit of many particles, training is lazy."""

from dataclasses import dataclass
from functools import cached_property

from particles.cloud import ParticleCloud
from particles.observables.layers import Layer, tiles_of
from particles.observables.movement import same_particles
from particles.observables.observable import Observable
from particles.risk.risk import Risk
from particles.shapes import Inputs, Positions, Scalar


@dataclass(frozen=True, eq=False)
class FeatureMovement(Observable):
    """rms(h_l(x; t) - h_l(x; 0)), the root mean square over particles, inputs and units of a layer's pre-activations.

    Every particle counts alike, whatever its mass. `layer` is a name of the neuron's `preactivations`, "hidden" for a
    `Perceptron`; the last one where left out. `inputs` are [data, inputs]. Raises TypeError for a neuron that has no
    `preactivations` and for inputs that are no floats, ValueError for an unknown layer and inputs that are not finite,
    ShapeError for inputs of a wrong shape.
    """

    risk: Risk
    start: ParticleCloud
    inputs: Inputs
    layer: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer", self._layer.name)

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The root mean square change, a scalar; raises ShapeError for a cloud of another shape than the start."""
        return self._size(cloud, same_particles(self.start, cloud))

    @cached_property
    def _layer(self) -> Layer:
        return Layer.of(self.risk, self.inputs, self.layer, type(self).__name__)

    def _size(self, cloud: ParticleCloud, before: Positions | None = None) -> Scalar:
        """rms(h_l) of a cloud, or that of its difference from the same particles at other positions."""
        phi, layer = self.risk.network.embed(cloud, self.inputs), self._layer
        written = layer.written(cloud, phi)

        def squares(part: slice) -> Scalar:
            total = phi.new_zeros(())
            for tile, some in tiles_of(cloud, part, phi, written):
                h = layer(cloud.positions[tile], some)
                total = total + (h if before is None else h - layer(before[tile], some)).square().sum()
            return total

        return (cloud.summed(squares) / (cloud.count * len(phi) * layer.units(cloud, phi))).sqrt()


@dataclass(frozen=True, eq=False)
class RelativeFeatureMovement(FeatureMovement):
    """rms(h_l(x; t) - h_l(x; 0)) / rms(h_l(x; 0)), as Chen, Vanden-Eijnden and Bruna (2022) have it.

    Root mean squares, arguments and errors are those of `FeatureMovement`. A start whose features are all zero gives
    infinity, or NaN as long as they have not moved.
    """

    @cached_property
    def _first(self) -> Scalar:
        return self._size(self.start)

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The relative change, a scalar without unit; raises ShapeError for a cloud of another shape than the start."""
        return super().__call__(cloud) / self._first.to(cloud.positions)
