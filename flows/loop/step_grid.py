"""What an integrator's grid of steps decides before a run: its first noise, if batches fit, if it ever ends."""

from collections.abc import Sequence
from typing import Any

from flows.base import SAME, Flow, Gridded, Integrator, Observer, Part, PiecewiseFlow, parts
from flows.observers.schedules import Every
from particles import FlowRefused

#: Multiples of a step that miss the border of a batch by less than this part meet it, for millions of batches.
MEETS = 1e-12
#: What to take for a flow with batches that has more than transport; `Euler` else.
FITTING = {Part.INERTIA: "BAOAB", Part.NOISE: "EulerMaruyama"}
#: Steps that no run takes: at ten microseconds each they last longer than a day.
MOST_STEPS = 1e10


def steps_until(flow: Flow, integrator: Integrator[Any], time: float) -> int:
    """The number that the first step of a run from `time` has where none is given.

    That is 0, and with noise, which goes by it, the number of the integrator's steps in `time`: so runs that are
    continued piece by piece meet the noise of an uninterrupted one, and none of it twice. Raises ValueError where
    steps until then cannot be counted.
    """
    if time == 0.0 or not parts(flow) & {Part.NOISE, Part.INERTIA}:
        return 0
    size = integrator.grid if isinstance(integrator, Gridded) else None
    steps = 0 if size is None else round(time / size)
    if size is None or steps < 0 or abs(steps * size - time) > SAME * size:
        grid = "has no step that is known before the run" if size is None else f"counts its steps of {size!r} from 0"
        raise ValueError(
            f"The noise of {type(flow).__name__} goes by the number of the step, which is not known at time {time!r}: "
            f"{type(integrator).__name__} {grid}; give the number of steps taken until then as well, as index=..."
        )
    return steps


def check_pieces(flow: Flow, integrator: Integrator[Any]) -> None:
    """Raise FlowRefused where a step could be in two pieces of a flow at once, as in two batches."""
    piece = flow.piece if isinstance(flow, PiecewiseFlow) else None
    if piece is None:
        return
    name = type(integrator).__name__
    change = f"{type(flow).__name__} goes over to its next batch at every multiple of {piece!r}"
    scheme = next((scheme for part, scheme in FITTING.items() if part in parts(flow)), "Euler")
    fit = f"take {scheme}({piece!r}), or {scheme} with a step that divides {piece!r}"
    if not (isinstance(integrator, Gridded) and integrator.stays_inside):
        raise FlowRefused(
            f"{change}, but {name} asks for velocities inside a step and at its end, maybe of another batch; {fit}."
        )
    size = integrator.grid
    if size is None:
        raise FlowRefused(f"{change}, but the step of {name} is not known before the run; {fit}.")
    if round(piece / size) < 1 or abs(round(piece / size) * size - piece) > MEETS * piece:
        raise FlowRefused(f"{change}, which {name} with steps of {size!r} does not meet; {fit}.")


def check_times(observers: Sequence[Observer], time: float, until: float) -> None:
    """Raise ValueError where an observer asks for times so near each other that a run would hardly ever end."""
    for observer in observers:
        apart = observer.time if isinstance(observer, Every) else None
        if _is_endless(apart, time, until):
            raise ValueError(
                f"Every(time={apart!r}) would be more than {MOST_STEPS:.0e} times from time {time!r} until {until!r}; "
                "give a longer one."
            )


def check_count(integrator: Integrator[Any], time: float, until: float) -> None:
    """Raise ValueError where steps of the integrator are so short that a run would hardly ever end."""
    size = integrator.grid if isinstance(integrator, Gridded) else None
    if _is_endless(size, time, until):
        raise ValueError(
            f"{type(integrator).__name__} with steps of {size!r} would take more than {MOST_STEPS:.0e} of them from "
            f"time {time!r} until {until!r}; give a longer step."
        )


def _is_endless(apart: float | None, time: float, until: float) -> bool:
    """Whether times so far apart, where that is known, are more than a run ever comes through."""
    return apart is not None and until - time > MOST_STEPS * apart
