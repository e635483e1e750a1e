"""`meanfield limit STUDY.toml`: what the networks of a study file do with infinitely many particles, after training."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from limits import InfiniteWidth, infinite_width
from particles import FlowDiverged
from runs.batch.crew import usable_cores
from runs.batch.output_folder import CONFIG_FILE, claimed, held_configuration, hold_configuration
from runs.batch.standing_processes import Spread, standing_processes
from runs.limit.files.kept_samples import KeptSamples
from runs.limit.files.network import COUPLINGS, StudyNetwork
from runs.limit.files.points import points_of
from runs.limit.files.progress import LimitProgress
from runs.limit.files.tables import LIMIT_FILE, Found, shown_table, write_tables
from runs.limit.spread import in_parts
from runs.limit.tolerances import relative
from runs.recorded.origins import SOURCES, noted_seconds
from runs.studyfile.model.reading import read_study
from runs.studyfile.model.sources import changes, sources_of
from runs.studyfile.running import FAILURES, spoken_error
from runs.system.printable import printable
from runs.system.refusal import Refusal, WorkerLost, chosen
from runs.system.verbosity import progress_console

#: The folder of the samples of a point.
SAMPLES = "samples"


@dataclass(frozen=True)
class Request:
    """What is asked of every point: standard errors in parts of the quantities' sizes, or `absolute`, and the widths.

    Raises Refusal for numbers out of range.
    """

    tolerance: float = 0.01
    absolute: bool = False
    first_width: int = 16
    widest: int = 4096
    confidence: float = 0.95
    coupling: str = COUPLINGS[0]
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.tolerance < math.inf:
            raise Refusal(f"--tolerance is {self.tolerance!r}, but a positive number is needed: give 0.01 for example.")
        if self.widest < 4 * self.first_width:
            raise Refusal(
                f"--widest is {self.widest} and --first-width {self.first_width}, but three widths are needed, each "
                f"twice the one before: give --widest {4 * self.first_width} or more."
            )
        if not 0.0 < self.confidence < 1.0:
            raise Refusal(f"--confidence is {self.confidence!r}, but a number between 0 and 1 is needed: give 0.95.")
        chosen("value of --coupling", self.coupling, COUPLINGS)

    def identity(self) -> dict[str, object]:
        """What decides the samples."""
        return {"first_width": self.first_width, "coupling": self.coupling, "seed": self.seed}


def command(
    path: Path, settings: Sequence[str], out: Path | None, request: Request, workers: int | None, figure: bool = True
) -> bool:
    """The limits as the command line asks for them; whether all were found as well as asked.

    figure: whether it ends with a figure.
    """
    study = read_study(path, settings)
    points = points_of(study)
    folder = Path("results") / f"{study.name}-limit" if out is None else out
    networks = [StudyNetwork(point, study.folder, sources_of(point.config, study.folder)) for point in points]
    for network in networks:
        _check(network, request)
    shown, console = Console(), progress_console()
    found, failures = list[Found](), list[str]()
    with _processes(networks, workers) as spread:
        for number, network in enumerate(networks, start=1):
            label = f"limit {number} of {len(networks)}: " if len(networks) > 1 else ""
            try:
                found.append(_found(network, folder / network.point.digest, request, spread, console, label))
            except (FlowDiverged, *FAILURES) as error:
                if isinstance(error, Refusal | WorkerLost):
                    raise
                failures.append(f"{network.point.label or study.name}: {spoken_error(error)}")
    for line in _summary(found, folder, shown, study.name, figure):
        shown.print(printable(line), highlight=False, soft_wrap=True, markup=False)
    for failure in failures:
        Console(stderr=True).print(f"Failed: {printable(failure)}", highlight=False, soft_wrap=True, markup=False)
    return not failures and all(one.limit.converged for one in found)


def _check(network: StudyNetwork, request: Request) -> None:
    """Raise Refusal, before anything is done, for a network that cannot be trained or has no limit."""
    try:
        network.check(request.first_width)
        network.coupling(request.coupling, request.first_width)
        network.quantities(request.first_width)
    except FAILURES as error:
        where = f" That is the point {network.point.label} of the sweep." if network.point.label else ""
        raise Refusal(f"{spoken_error(error)}{where}") from error


@contextmanager
def _processes(networks: Sequence[StudyNetwork], workers: int | None) -> Iterator[Spread | None]:
    """Processes that train clouds side by side; none where this process does it, as it does for clouds on a device."""
    count = usable_cores() if workers is None else workers
    if workers is None and (count == 1 or any(network.point.config.device != "cpu" for network in networks)):
        count = 0
    with standing_processes(count) if count else nullcontext() as spread:
        yield spread


def _found(
    network: StudyNetwork, folder: Path, request: Request, spread: Spread | None, console: Console, label: str
) -> Found:
    """The limit of one network, whose folder is claimed meanwhile and keeps the samples."""
    quantities = network.quantities(request.first_width)
    names = [one.label for one in quantities]
    identity = {
        "limit": network.point.identity(),
        "quantities": names,
        **request.identity(),
        SOURCES: dict(network.sources),
    }
    begun, spent = time.monotonic(), noted_seconds(folder) or 0.0
    remarks = {"seconds": spent}
    before = partial(_refuse_changed, folder, network.sources)
    with claimed(folder, identity, remarks, before=before), LimitProgress(console, label) as progress:
        samples = KeptSamples(folder / SAMPLES)
        estimating = partial(
            infinite_width,
            *(in_parts(network, spread), network.draw),
            quantities=names,
            first_width=request.first_width,
            widest=request.widest,
            confidence=request.confidence,
            coupling=network.coupling(request.coupling, request.first_width),
            rate=network.rate,
            seed=request.seed,
            report=progress.show,
            samples=samples,
        )

        def to(tolerances: Mapping[str, float] | float) -> InfiniteWidth:
            return estimating(tolerance=tolerances)

        try:
            limit = to(request.tolerance) if request.absolute else relative(request.tolerance, names, to)
        finally:
            if samples.fresh:
                remarks["seconds"] = round(spent + time.monotonic() - begun, 3)
                with suppress(OSError):
                    hold_configuration(folder / CONFIG_FILE, {**identity, "remarks": remarks})
    if not samples.fresh:
        console.print(f"{label or 'limit: '}complete already.", highlight=False, markup=False)
    return Found(network.point, quantities, limit, remarks["seconds"])


def _refuse_changed(folder: Path, now: Mapping[str, str]) -> None:
    """Raise Refusal where samples were made of other files beside the study."""
    place = folder / CONFIG_FILE
    then = held_configuration(place).get(SOURCES) if place.exists() else None
    found = changes(then, now) if isinstance(then, Mapping) else []
    if found:
        raise Refusal(
            f"{', '.join(found)} since the samples in {folder} were made: put the old files back, name another folder "
            "with --out, or remove that one."
        )


def _summary(found: Sequence[Found], out: Path, console: Console, name: str, figure: bool) -> Iterator[str]:
    """Show the table, write tables and figure, and yield lines with their paths and with what did not converge."""
    if not found:
        return
    table, left = shown_table(found, console.width)
    console.print(table)
    if left:
        yield f"only in {out / LIMIT_FILE}: {', '.join(left)}"
    for one in found:
        if not one.limit.converged:
            yield f"{one.point.label or name}: not converged. {one.limit.reason}"
    try:
        yield from (f"table: {path}" for path in write_tables(found, out))
        if figure:
            from runs.limit.files.figure import draw_limits

            yield from (f"figure: {path}" for path in draw_limits(found, out, name))
    except OSError as error:
        yield f"The folder {out} cannot be written ({error.strerror}): name another one with --out."
    except Refusal as error:
        yield str(error)
