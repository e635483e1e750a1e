"""Parameterisations of deep networks: a multiplier, an initial standard deviation and a rate for every layer."""

import math
from dataclasses import dataclass, replace

from particles.arguments.reals import non_negative
from particles.neurons.deep.layers import Weighted

NAMES = ("ntk", "standard", "mean-field", "maximal-update", "integrable")


@dataclass(frozen=True)
class Scales:
    """How weights or a bias enter their layer, how large they are at the start, and how fast they move."""

    multiplier: float
    deviation: float
    rate: float = 1.0


@dataclass(frozen=True)
class LayerScales:
    """The scales of a layer's weights and of its bias."""

    weights: Scales
    bias: Scales


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its fan-in, that is the entries that one unit sees, its units, whether first or last."""

    fan_in: int
    units: int
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Parameterisation:
    """h = multiplier W x + bias_multiplier b with W from N(0, deviation^2), trained at a rate, layer by layer.

    With V = weight_variance, B = bias_variance, n the fan-in of a layer (channels times filter size of a convolution)
    and m its number of units (channels), weights have

    | name             | layer  | multiplier      | deviation   | rate |
    |------------------|--------|-----------------|-------------|------|
    | "ntk"            | all    | sqrt(V / n)     | 1           | 1    |
    | "standard"       | all    | 1               | sqrt(V / n) | 1    |
    | "mean-field"     | first  | sqrt(V / n)     | 1           | m    |
    |                  | others | sqrt(V / n)     | 1           | n    |
    |                  | last   | sqrt(V) / n     | 1           | n    |
    | "maximal-update" | first  | sqrt(V m / n)   | 1 / sqrt(m) | 1    |
    |                  | others | sqrt(V)         | 1 / sqrt(n) | 1    |
    |                  | last   | sqrt(V / n)     | 1 / sqrt(n) | 1    |
    | "integrable"     | first  | sqrt(V / n)     | 1           | m    |
    |                  | others | sqrt(V) / n     | 1           | n m  |
    |                  | last   | sqrt(V) / n     | 1           | n    |

    and biases sqrt(B), 1, 1 for "ntk" and 1, sqrt(B), 1 for "standard"; for "mean-field" and "integrable" sqrt(B), 1, m
    and for "maximal-update" sqrt(B m), 1 / sqrt(m), 1, with m = 1 in the last layer. "ntk" is that of Jacot et al.
    (2018), the partner of `limits.deep_kernels` and `limits.convolutional_kernels`; "standard" is what torch trains.
    With one hidden layer "mean-field", "maximal-update" and "integrable" are the mean-field limit. With more the first
    two give the same trajectories of functions (Yang and Hu 2021: multiplier times c, deviation over c and rate over
    c^2 change nothing). In a network of one width m they are abc-parameterisations m^-a, m^-b, m^-c with a = (0, 1/2,
    ..., 1/2, 1), b = 0, c = -1 (Chen, Vanden-Eijnden and Bruna 2022) and a = (-1/2, 0, ..., 0, 1/2), b = 1/2, c = 0;
    features move at any width. "integrable" takes means in every layer (Nguyen and Pham 2020; named by Hajjar, Chizat
    and Giraud 2021): with weights of mean zero its hidden layers start at order n^(-1/2), so that it begins slowly.
    """

    name: str = "ntk"
    weight_variance: float = 1.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            words = ", ".join(map(repr, NAMES))
            raise ValueError(f"The parameterisation is {self.name!r}, but one of {words} is needed.")
        for field in ("weight_variance", "bias_variance"):
            object.__setattr__(self, field, non_negative(getattr(self, field), f"The {field}"))

    def of(self, layer: Weighted, place: Place) -> LayerScales:
        """The scales of a layer at its place, with what the layer itself says."""
        scales = LayerScales(self._weights(place), self._bias(place))
        given = {name: getattr(layer, name) for name in ("multiplier", "deviation", "rate")}
        weights = replace(scales.weights, **{name: number for name, number in given.items() if number is not None})
        return LayerScales(weights, replace(scales.bias, rate=scales.bias.rate if layer.rate is None else layer.rate))

    def _weights(self, place: Place) -> Scales:
        root, n, m = math.sqrt(self.weight_variance), place.fan_in, place.units
        if self.name == "ntk":
            return Scales(root / math.sqrt(n), 1.0)
        if self.name == "standard":
            return Scales(1.0, root / math.sqrt(n))
        if self.name == "mean-field":
            multiplier = root / n if place.is_last else root / math.sqrt(n)
            return Scales(multiplier, 1.0, float(m if place.is_first and not place.is_last else n))
        if self.name == "integrable":
            if place.is_first and not place.is_last:
                return Scales(root / math.sqrt(n), 1.0, float(m))
            return Scales(root / n, 1.0, float(n if place.is_last else n * m))
        if place.is_first and not place.is_last:
            return Scales(root * math.sqrt(m / n), 1.0 / math.sqrt(m))
        return Scales(root / math.sqrt(n) if place.is_last else root, 1.0 / math.sqrt(n))

    def _bias(self, place: Place) -> Scales:
        root, m = math.sqrt(self.bias_variance), 1 if place.is_last else place.units
        if self.name == "standard":
            return Scales(1.0, root)
        if self.name == "maximal-update":
            return Scales(root * math.sqrt(m), 1.0 / math.sqrt(m))
        return Scales(root, 1.0, 1.0 if self.name == "ntk" else float(m))
