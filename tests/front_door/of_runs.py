"""What `runs` offers to Python."""

from pathlib import Path
from tempfile import mkdtemp

from flows import evolve
from particles import Trajectory
from runs.collect import collect
from tests.front_door.case import Case
from tests.front_door.parts import CLOUD, EULER, FLOW, RISK


def finished() -> Path:
    """A folder with one finished run."""
    folder = Path(mkdtemp())
    with Trajectory.create(folder / "run.h5", seed=0) as file:
        evolve(FLOW, CLOUD, EULER, until=0.2, observers=[file, file.trace(risk=RISK)])
        file.complete()
    return folder


CASES = [Case("runs.collect.collect", collect, {"folder": finished()})]
