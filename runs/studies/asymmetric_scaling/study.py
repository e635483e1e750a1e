"""The main job: one network on real data under four node scalings, the same initial weights for all of them.

E0.1 and E0.2 of Caron et al., "Over-parameterised shallow neural networks with asymmetrical node scaling: global
convergence guarantees and feature learning" (arXiv 2302.01002). README.md beside this file says what differs.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from particles import Trajectory, TrajectoryError
from runs.batch.crew import perform_all, usable_cores
from runs.batch.output_folder import claimed
from runs.batch.progress import BatchProgress
from runs.datasets import load
from runs.studies.asymmetric_scaling.config import NAME, SETTINGS, Config, configured
from runs.studies.asymmetric_scaling.experiment import Run, perform
from runs.studies.asymmetric_scaling.pictures import draw, figures
from runs.studies.asymmetric_scaling.results import Row, Table, known_seconds, row_of, summary, write_rows
from runs.system.refusal import Refusal

#: Wall time by setting and seed.
Seconds = dict[tuple[str, int], float]

__all__ = ["Config", "Table", "command", "configured", "main"]


def main(config: Config, console: Console | None = None) -> Table:
    """Do the runs that are not complete yet, write table and figures into `config.out`, return the table."""
    console = console or Console(stderr=True)
    data = load(config.data)
    remarks = {"citation": data.citation, "source": data.source}
    identity = {"study": NAME, **config.identity(), "data_checksum": data.checksum}
    with claimed(config.out, identity, remarks) as folder:
        runs = planned(config)
        done = [steps_done(run) for run in runs]
        _announce(console, config, runs, done)
        seconds = dict(known_seconds(folder / "result.csv"))
        pending = [run for run, steps in zip(runs, done, strict=True) if steps < config.steps]
        failures = _perform(console, config, pending, [steps for steps in done if steps < config.steps], seconds)
        complete = [run for run in runs if run.name not in failures]
        files = _write(config, complete, seconds, redraw=bool(pending))
    rows = tuple(_row(run, seconds) for run in complete)
    return Table(config, rows, tuple(f"{name}: {why}" for name, why in failures.items()), files)


def command(
    *,
    data: str,
    scale: str,
    device: str,
    seeds: int | None,
    out: Path | None,
    integrator: str | None = None,
    code_conventions: bool = False,
) -> bool:
    """The study as the command line calls it: options in, table printed, whether every run is complete."""
    console = Console(stderr=True)
    config = configured(
        data=data,
        scale=scale,
        device=device,
        seeds=seeds,
        out=out,
        integrator=integrator,
        code_conventions=code_conventions,
    )
    table = main(config, console)
    shown = Console()
    if table.rows:
        shown.print(summary(table))
    for file in table.files:
        shown.print(f"  {file}", highlight=False, soft_wrap=True)
    for failure in table.failures:
        console.print(f"Failed: {failure}", highlight=False, soft_wrap=True)
    return not table.failures


def planned(config: Config) -> list[Run]:
    """Every setting with every seed, seed by seed, so that an interrupted study has whole comparisons."""
    return [Run(config, setting, seed) for seed in range(config.seeds) for setting in SETTINGS]


def steps_done(run: Run) -> int:
    """Steps up to the last frame of the run's file, 0 without one, all of them only where it is marked complete.

    Raises Refusal for a file that cannot be read: it is left as it is.
    """
    if not run.path.exists():
        return 0
    try:
        with Trajectory.open(run.path) as trajectory:
            if trajectory.is_complete:
                return run.config.steps
            return min(int(trajectory.steps[-1]), run.config.steps - 1) if len(trajectory) else 0
    except TrajectoryError as error:
        raise Refusal(f"A run cannot be continued: {error} Or remove the file, and the run is done anew.") from error


def _announce(console: Console, config: Config, runs: Sequence[Run], done: Sequence[int]) -> None:
    complete = [run.name for run, steps in zip(runs, done, strict=True) if steps == config.steps]
    begun = [run.name for run, steps in zip(runs, done, strict=True) if 0 < steps < config.steps]
    console.print(
        f"{NAME} on {config.data}, scale {config.scale}, {config.integrator}: {len(runs)} runs in {config.out}",
        highlight=False,
    )
    if complete:
        names = "all of them" if len(complete) == len(runs) else ", ".join(complete)
        console.print(f"Already complete and not redone: {names}.", highlight=False)
    if begun:
        console.print(f"Continued from the last frame: {', '.join(begun)}.", highlight=False)


def _perform(
    console: Console, config: Config, pending: Sequence[Run], begun: Sequence[int], seconds: Seconds
) -> dict[str, str]:
    """Do the pending runs, note their seconds, and return what went wrong by name of the run."""
    if not pending:
        return {}
    workers = config.workers
    if workers is None:
        workers = 0 if config.device == "cuda" else min(usable_cores(), len(pending))
    complete = config.seeds * len(SETTINGS) - len(pending)
    with BatchProgress([config.steps] * len(pending), begun, console, complete=complete) as progress:
        outcomes = perform_all(pending, perform, begun=begun, workers=workers, watch=progress.show)
    for run, outcome in zip(pending, outcomes, strict=True):
        seconds[run.setting.name, run.seed] = outcome.seconds
    return {run.name: outcome.failure for run, outcome in zip(pending, outcomes, strict=True) if outcome.failure}


def _write(config: Config, complete: Sequence[Run], seconds: Seconds, redraw: bool) -> tuple[Path, ...]:
    files = [config.out / name for name in ("result.csv", *figures(config))]
    if not complete:
        return ()
    if redraw or not all(file.exists() for file in files):
        write_rows(files[0], [_row(run, seconds) for run in complete])
        draw(config, complete)
    return tuple(files)


def _row(run: Run, seconds: Seconds) -> Row:
    return row_of(run, seconds.get((run.setting.name, run.seed), float("nan")))
