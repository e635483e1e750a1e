"""The barrier of a path: how far the risk rises along it above both of its ends."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import scipy
import torch
from jaxtyping import Float
from torch import Tensor

from limits.chaos import Observable
from limits.landscape.paths import Path, checked_place
from particles import ParticleCloud, ShapeError
from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.arguments.reals import number

PerPlace = Float[Tensor, " places"]
#: A maximum is placed to this part of the distance of neighbouring places: of a parabola's top it costs 1e-6.
SETTLED = 1e-3
#: What does not rise by this part of the largest risk is flat.
FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Barrier:
    """The risk along a path: `risks` [places] at rising `places` [places] from 0 to 1, in float64.

    Beside an even grid there are the places at which maxima were looked for. Raises ShapeError for fewer than two
    places, or another number of risks.
    """

    places: PerPlace
    risks: PerPlace

    def __post_init__(self) -> None:
        if len(self.places) < 2 or len(self.risks) != len(self.places):
            raise ShapeError(
                f"There are {len(self.places)} places and {len(self.risks)} risks; give one for each of two or more."
            )

    @property
    def ends(self) -> tuple[float, float]:
        """The risk at s = 0 and at s = 1."""
        return float(self.risks[0]), float(self.risks[-1])

    @property
    def height(self) -> float:
        """max over s of R - max(R(0), R(1)): zero where the risk is nowhere higher than at the worse end."""
        return float(self.risks.max()) - max(self.ends)

    @property
    def place(self) -> float:
        """Where the risk is largest; the first of such places."""
        return float(self.places[self.risks.argmax()])


def barrier(path: Path, risk: Observable, points: int = 17) -> Barrier:
    """Look at the risk along a path, and find its maxima.

    `risk` is any function of a cloud that gives one number. Between any two corners of the path it is seen at `points`
    even places; then every rise above its neighbours is followed to its top by Brent's method. So the height is exact
    where the risk is convex or constant between corners, and to 1e-6 of a smooth peak's own height where it is not;
    what rises and falls between two neighbouring places may be missed, and more `points` tell.

    Raises ValueError for fewer than three points and for corners that do not rise from 0 to 1, TypeError where the path
    gives no cloud or the risk no number, and what the two raise.
    """
    points = whole(points, "The number of points", least=3)
    corners = _corners(path)

    def value(place: float) -> float:
        return _number(risk, _cloud(path, place))

    grid = torch.cat([torch.linspace(low, high, points, dtype=torch.float64)[:-1] for low, high in pairwise(corners)])
    found = {place: value(place) for place in [*grid.tolist(), 1.0]}
    places, risks = list(found), list(found.values())
    for low, high in _rises(places, risks, set(corners)):
        found.update(_climbed(value, low, high))
    inorder = sorted(found)
    return Barrier(
        torch.tensor(inorder, dtype=torch.float64),
        torch.tensor([found[place] for place in inorder], dtype=torch.float64),
    )


def _rises(places: Sequence[float], risks: Sequence[float], corners: set[float]) -> Iterator[tuple[float, float]]:
    """Intervals that may hold a maximum.

    They are those around each place with a higher risk than its neighbours, and beside the highest corner, where the
    slopes of the two sides have nothing to do with each other.
    """
    flat, top = FLAT * max(map(abs, risks)), max(range(len(risks)), key=risks.__getitem__)
    for here in range(1, len(places) - 1):
        lower = min(risks[here] - risks[here - 1], risks[here] - risks[here + 1])
        if places[here] not in corners and lower >= -flat and risks[here] - min(risks[here - 1 : here + 2]) > flat:
            yield places[here - 1], places[here + 1]
    if places[top] in corners:
        yield from ((places[side - 1], places[side]) for side in (top, top + 1) if 0 < side < len(places))


def _climbed(value: Callable[[float], float], low: float, high: float) -> dict[float, float]:
    """The places seen on the way to a maximum between two places, and the risks there."""
    seen: dict[float, float] = {}

    def minus(place: float) -> float:
        seen[float(place)] = value(float(place))
        return -seen[float(place)]

    options = {"xatol": SETTLED * (high - low)}
    scipy.optimize.minimize_scalar(minus, bounds=(low, high), method="bounded", options=options)
    return seen


def _corners(path: Path) -> tuple[float, ...]:
    corners = tuple(map(checked_place, getattr(path, "corners", (0.0, 1.0))))
    rises = all(low < high for low, high in pairwise(corners))
    if len(corners) < 2 or not rises or (corners[0], corners[-1]) != (0.0, 1.0):
        raise ValueError(f"The corners of the path are {corners}, but rising numbers from 0 to 1 are needed.")
    return corners


def _cloud(path: Path, place: float) -> ParticleCloud:
    """The cloud that the path gives; raises TypeError for anything else."""
    cloud = path(place)
    if not isinstance(cloud, ParticleCloud):
        raise TypeError(
            f"The path gave {type(cloud).__name__} at {place:g}, but a ParticleCloud is needed; return one."
        )
    return cloud


def _number(risk: Observable, cloud: ParticleCloud) -> float:
    """The risk of a cloud; raises TypeError where it is not one number."""
    value = risk(cloud)
    found = number(value.detach() if isinstance(value, Tensor) else value)
    if math.isnan(found):
        raise TypeError(f"The risk of a cloud on the path is {line(value)}, but a number is needed; return one.")
    return found
