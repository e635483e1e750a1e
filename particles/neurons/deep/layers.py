"""The layers of a deep network: frozen values that say what stands where; `Deep` puts them together."""

from dataclasses import dataclass

from particles.arguments.integers import whole
from particles.arguments.reals import non_negative, positive
from particles.neurons.activations import Activation

PADDINGS = ("circular", "zero")


@dataclass(frozen=True)
class Dense:
    """h = multiplier W x + bias: every unit sees all entries of what comes below, spatial ones flattened.

    `width` is the number of units. W is [width, inputs] as in torch.nn.Linear. With an `activation` sigma the layer
    gives sigma(h); None means that of the network, and the readout has none. `multiplier`, `deviation` (of the initial
    weights) and `rate` (of weights and bias) replace those of the network's parameterisation. Raises ValueError for a
    width that is not a positive integer, for a multiplier or a rate that is not positive, and a negative deviation.
    """

    width: int
    bias: bool = False
    activation: Activation | None = None
    multiplier: float | None = None
    deviation: float | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", whole(self.width, "The width of Dense"))
        _check_overrides(self)


@dataclass(frozen=True)
class Convolution:
    """A convolution of stride 1 over one or two spatial axes, with as many positions above as below.

    h_p = multiplier sum_l W_l x_{p + l - (q - 1) // 2} + bias, l from 0 to q - 1 along each axis: an even filter covers
    one position more after p than before it, as padding="same" of torch does. With "circular" padding indices are
    modulo the length, with "zero" padding x is zero outside. W is [channels, channels below, q] or [channels, channels
    below, q, q] as in torch.nn.Conv1d and Conv2d, whose layers with padding="same" and padding_mode="circular" or
    "zeros" these are. Other arguments are those of `Dense`. Raises ValueError for channels or a size that are not
    positive integers, another padding, and overrides as `Dense`.
    """

    channels: int
    size: int
    padding: str = "circular"
    bias: bool = False
    activation: Activation | None = None
    multiplier: float | None = None
    deviation: float | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", whole(self.channels, "The number of channels of Convolution"))
        object.__setattr__(self, "size", whole(self.size, "The filter size of Convolution"))
        if self.padding not in PADDINGS:
            raise ValueError(f"The padding of Convolution is {self.padding!r}, but 'circular' or 'zero' is needed.")
        _check_overrides(self)


@dataclass(frozen=True)
class AveragePool:
    """The mean over blocks of `size` neighbouring positions along each spatial axis; over all positions with None.

    Raises ValueError for a size that is not a positive integer.
    """

    size: int | None = None

    def __post_init__(self) -> None:
        if self.size is not None:
            object.__setattr__(self, "size", whole(self.size, "The size of AveragePool"))


Layer = Dense | Convolution | AveragePool
Weighted = Dense | Convolution


def _check_overrides(layer: Weighted) -> None:
    name = type(layer).__name__
    for field, check in (("multiplier", positive), ("deviation", non_negative), ("rate", positive)):
        given = getattr(layer, field)
        if given is not None:
            object.__setattr__(layer, field, check(given, f"The {field} of {name}"))
