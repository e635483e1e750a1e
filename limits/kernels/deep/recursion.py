"""The recursion over the layers of infinitely wide networks, first for single inputs, then for the pairs of a tile."""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property

import torch
from torch import Tensor

from limits.kernels.base import TILE
from limits.kernels.deep.layer_means import Layer, Means, Passed
from limits.kernels.deep.positions import Positions, Sizes, Window
from limits.kernels.gaussian_duals import DualPair
from limits.kernels.input_pairs import Pairs, Vectors, from_entries

#: Entries of one matrix of a tile, over all its pairs of positions.
TILE_ENTRIES = 2**21

#: Rows and columns of a tile.
Tile = tuple[slice, slice]


@dataclass(frozen=True)
class Weights:
    """A layer of weights: S = W <S'> + B of the covariances S' below, and T = G <S'> + H + W <T'> of the kernels.

    W and B are the variances of weights times fan-in and of the bias; `gains` are G and H, which are the squared
    multipliers times the rates, G times fan-in. None is G = W and H = B: NTK parameterisation with both trained. <.> is
    the mean over a filter, or over all positions where `window` is None.
    """

    variance: float
    bias: float
    window: Window | None = None
    gains: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name, variance in (("weight", self.variance), ("bias", self.bias)):
            if not (math.isfinite(variance) and variance >= 0.0):
                raise ValueError(f"The {name} variance is {variance!r}, but a finite non-negative number is needed.")

    def affine(self, values: Tensor) -> Tensor:
        """W values + B, entry by entry."""
        return self.variance * values + self.bias

    def rows(self, inputs: Tensor) -> tuple[Vectors, Vectors]:
        """The inputs of the first layer as vectors with products S, and as vectors with products T."""
        both = (self.variance, self.bias), (self.variance, self.bias) if self.gains is None else self.gains
        first, second = (Vectors(inputs, factor / inputs.shape[1]).with_constant(bias) for factor, bias in both)
        return first, first if self.gains is None else second

    def passed(self, means: Means, moved: Tensor, moved_error: Tensor) -> Passed:
        """S and T of means <S'> and of W <T'>, with their errors."""
        covariance, error = self.affine(means.value), self.variance * means.value_error
        if self.gains is None:
            return Passed(covariance, error, covariance + moved, error + moved_error)
        gain, bias = self.gains
        return Passed(covariance, error, gain * means.value + bias + moved, gain * means.value_error + moved_error)


@dataclass(frozen=True)
class Nonlinearity:
    """sigma by its duals, and averages over blocks of positions after it."""

    duals: DualPair
    pools: tuple[Sizes, ...] = ()


@dataclass(frozen=True)
class Step:
    """What leads from one layer's nonlinearity to the next layer: averages over blocks, then a layer of weights."""

    nonlinearity: Nonlinearity
    weights: Weights
    below: Positions
    above: Positions

    def mean(self, values: Tensor) -> Tensor:
        """<values>, of numbers on a tile."""
        values, at = self.below.all_pooled(values, self.nonlinearity.pools)
        if self.weights.window is None:
            return at.averaged(values)
        return self.above.windowed(values if self.above.paired else at.matched(values), self.weights.window)

    def equal(self, flags: Tensor) -> Tensor:
        """Where all that enters a mean is equal."""
        flags, at = self.below.all_pooled_flags(flags, self.nonlinearity.pools)
        if self.weights.window is None:
            return at.averaged_flags(flags)
        return self.above.windowed_flags(flags if self.above.paired else at.matched(flags), self.weights.window)

    def single(self, rows: Tensor) -> Tensor:
        """<values> [data, *positions] of numbers of single inputs, where there are no pools."""
        values = self.below.unflat(rows)
        if self.weights.window is None:
            return values if self.below.grid == () else values.mean(dim=1)
        return replace(self.above, paired=False).windowed(values, self.weights.window)

    def passed(self, passed: Passed, means: Means) -> Passed:
        """What the layer of weights passes on."""
        entries = (means.value, means.value_error, *passed.times(means, self.weights.variance))
        value, error, moved, moved_error = (self.mean(each) for each in entries)
        return self.weights.passed(replace(means, value=value, value_error=error), moved, moved_error)


@dataclass(frozen=True, eq=False)
class Side:
    """Inputs as vectors whose products are the first S, others for the first T, and the duals of all layers at them.

    `variances` [data, *positions] are those that enter each nonlinearity, and `errors` bound their errors; None where
    rounding is all.
    """

    inputs: Tensor
    vectors: tuple[Vectors, ...]
    kernels: tuple[Vectors, ...]
    layers: list[Layer]
    variances: list[Tensor]
    errors: list[Tensor | None]


Sides = tuple[Side, Side]


@dataclass(frozen=True)
class Recursion:
    """Layers of weights with nonlinearities between them, on inputs [data, inputs]; () is the grid of a dense network.

    `last` are averages over blocks after the last layer, which leave one position.
    """

    grid: Sizes
    weights: tuple[Weights, ...]
    nonlinear: tuple[Nonlinearity, ...]
    last: tuple[Sizes, ...] = ()

    @cached_property
    def positions(self) -> tuple[Positions, ...]:
        """Those of every layer of weights; paired where averages over blocks follow before a dense layer."""
        grids = [self.grid if self.weights[0].window else ()]
        for each, weights in zip(self.nonlinear, self.weights[1:], strict=True):
            grid = grids[-1]
            for sizes in each.pools:
                grid = Positions(grid, paired=True).after(sizes).grid
            grids.append(grid if weights.window else ())
        needed = [bool(self.last)]
        for each, weights in zip(reversed(self.nonlinear), reversed(self.weights[1:]), strict=True):
            needed.append(bool(each.pools) or (weights.window is not None and needed[-1]))
        return tuple(
            Positions(grid, paired or grid == ()) for grid, paired in zip(grids, reversed(needed), strict=True)
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """From each nonlinearity to the next layer of weights."""
        parts = zip(self.nonlinear, self.weights[1:], self.positions, self.positions[1:], strict=False)
        return tuple(Step(*each) for each in parts)

    @property
    def tile(self) -> int:
        """The number of inputs on each side of a tile."""
        if all(at.grid == () for at in self.positions):
            return TILE
        return max(math.isqrt(TILE_ENTRIES // max(at.pairs for at in self.positions)), 1)

    def side(self, inputs: Tensor) -> Side:
        """The duals of all layers at inputs [data, inputs]."""
        at, weights = self.positions[0], self.weights[0]
        rows = [inputs] if weights.window is None else at.patches(inputs, weights.window)
        vectors, kernels = zip(*(weights.rows(each) for each in rows), strict=True)
        first = at.unflat(_joined([each.variances for each in vectors])).contiguous()
        side = Side(inputs, vectors, kernels, [], [first], [None])
        for step in self.steps:
            errors = None if side.errors[-1] is None else step.below.flat(side.errors[-1])
            side.layers.append(Layer.at(step.nonlinearity.duals, step.below.flat(side.variances[-1]), errors))
            if len(side.layers) < len(self.steps):
                variances, errors = self._variances(side, step)
                side.variances.append(variances)
                side.errors.append(errors)
        return side

    def block(self, first: Side, second: Side, part: slice, other: slice) -> tuple[tuple[Tensor, Tensor], float]:
        """nngp and ntk [rows, columns] on one tile, and a bound on the error of their entries."""
        passed = self._passed((first, second), (part, other))
        if self.last:
            at = self.positions[-1]
            passed = Passed(*(at.all_pooled(getattr(passed, each.name), self.last)[0] for each in fields(Passed)))
        return (passed.covariance, passed.tangent), passed.error

    def _variances(self, side: Side, step: Step) -> tuple[Tensor, Tensor | None]:
        """The variances [data, *positions] that enter the next nonlinearity, and bounds on their errors.

        After pools they are means of covariances between positions of one input: the recursion runs on it by itself.
        """
        layer, weights = side.layers[-1], step.weights
        if step.nonlinearity.pools:
            ends = [self._own(side, slice(i, i + 1)) for i in range(len(side.inputs))]
            return torch.cat([end[0] for end in ends]), torch.cat([end[1] for end in ends])
        variances = weights.affine(step.single(layer.value.squares()))
        return variances, None if layer.doubts is None else weights.variance * step.single(layer.doubts[0])

    def _own(self, side: Side, one: slice) -> tuple[Tensor, Tensor]:
        """The variances [1, *positions] that enter the next nonlinearity at one input, and bounds on their errors."""
        passed = self._passed((side, side), (one, one))
        at = self.positions[len(side.layers)]
        both = passed.covariance, passed.covariance_error
        first, second = (at.unflat(each.diagonal() if at.paired else each[0, 0]) for each in both)
        return first, second

    def _passed(self, sides: Sides, tile: Tile) -> Passed:
        """S and T after all nonlinearities that the sides hold, on one tile."""
        pairs, passed = self._first(sides, tile)
        layers = zip(*(side.layers for side in sides), strict=True)
        for place, ((above, below), step) in enumerate(zip(layers, self.steps, strict=False), start=1):
            rows = (step.below.parts(len(side.inputs), part) for side, part in zip(sides, tile, strict=True))
            found = [Means.of(above.part(i), below.part(l), each) for i, l, each in zip(*rows, pairs, strict=True)]
            means = Means(*(step.below.joined([getattr(each, f.name) for each in found]) for f in fields(Means)))
            passed = step.passed(passed, means)
            if place < len(sides[0].layers):
                p, q = step.above.spread(*(side.variances[place][part] for side, part in zip(sides, tile, strict=True)))
                error = self._error(sides, tile, place, passed)
                split = (step.above.split(each) for each in (p, q, passed.covariance, error, step.equal(means.equal)))
                pairs = [from_entries(pairs[0].rounding, *each) for each in zip(*split, strict=True)]
        return passed

    def _error(self, sides: Sides, tile: Tile, place: int, passed: Passed) -> Tensor:
        """The errors of the covariances that enter a nonlinearity, or of its variances where those are larger."""
        error = passed.covariance_error
        errors = [side.errors[place] for side in sides]
        known = [each[part] for each, part in zip(errors, tile, strict=True) if each is not None]
        for each in self.positions[place].spread(*known) if known else ():
            error = torch.maximum(error, each)
        return error

    def _first(self, sides: Sides, tile: Tile) -> tuple[list[Pairs], Passed]:
        """The pairs that enter the first nonlinearity on one tile, with S and T."""
        pairs, passed = self._products([side.vectors for side in sides], tile)
        if self.weights[0].gains is None:
            return pairs, passed
        own = self._products([side.kernels for side in sides], tile)[1]
        return pairs, replace(passed, tangent=own.covariance, tangent_error=own.covariance_error)

    def _products(self, vectors: list[tuple[Vectors, ...]], tile: Tile) -> tuple[list[Pairs], Passed]:
        """The pairs of vectors on one tile, for each position or for all, with their products as S and T."""
        at = self.positions[0]
        rows = [slice(at.side * part.start, at.side * part.stop) for part in tile]
        pairs = [mine.pairs(its, *rows) for mine, its in zip(*vectors, strict=True)]
        variances = ([each.variances[part] for each in side] for side, part in zip(vectors, rows, strict=True))
        p, q = at.spread(*(at.unflat(_joined(each)).contiguous() for each in variances))
        return pairs, Passed.first(at.joined([each.covariance for each in pairs]), p, q, pairs[0].rounding)


def _joined(rows: list[Tensor]) -> Tensor:
    """Rows of one matrix after those of another; those of a single one are themselves."""
    return rows[0] if len(rows) == 1 else torch.cat(rows)
