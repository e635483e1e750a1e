"""How fast clouds approach the limit of infinitely many particles, under gradient, Langevin and NTK flow.

Fluctuations of observables and Wasserstein distances against the number of particles (Sznitman 1991; Mei, Montanari and
Nguyen 2018; De Bortoli et al. 2020). README.md beside this file says what is computed.
"""

from pathlib import Path

from rich.console import Console

from runs.batch.crew import perform_all, usable_cores
from runs.batch.output_folder import claimed
from runs.batch.progress import BatchProgress
from runs.datasets import load
from runs.studies.propagation_of_chaos.config import FLOWS, NAME, Config, configured
from runs.studies.propagation_of_chaos.experiment import COLUMNS, Part, perform
from runs.studies.propagation_of_chaos.pictures import draw
from runs.studies.propagation_of_chaos.results import (
    Row,
    Table,
    Value,
    is_done,
    rows_of,
    samples_of,
    summary,
    values_of,
    write,
)

__all__ = ["Config", "Table", "command", "configured", "main"]


def main(config: Config, console: Console | None = None) -> Table:
    """Do the parts that are not complete yet, write tables and figure into `config.out`, return the slopes."""
    console = console or Console(stderr=True)
    data = load(config.data)
    remarks = {"citation": data.citation, "source": data.source}
    identity = {"study": NAME, **config.identity(), "data_checksum": data.checksum}
    with claimed(config.out, identity, remarks) as folder:
        parts = [Part(config, flow, kind) for kind in reversed(COLUMNS) for flow in FLOWS]
        pending = [part for part in parts if not is_done(part)]
        about = f"{NAME} on {config.data}, scale {config.scale}: {len(parts)} parts in {folder}"
        console.print(about, highlight=False, soft_wrap=True)
        if len(pending) < len(parts):
            kept = ", ".join(part.name for part in parts if part not in pending)
            console.print(f"Already complete and not redone: {kept}.", highlight=False, soft_wrap=True)
        failures = _perform(console, config, pending)
        samples = [samples_of(part) for part in parts if part.name not in failures]
        rows = tuple(row for one in samples for row in rows_of(one))
        values = tuple(value for one in samples for value in values_of(one))
        files = tuple(folder / name for name in ("result.csv", "values.csv", "chaos.png"))
        if pending or not all(file.exists() for file in files):
            write(files[0], Row, rows)
            write(files[1], Value, values)
            draw(config, values, files[2])
    return Table(config, rows, values, tuple(f"{name}: {why}" for name, why in failures.items()), files)


def command(*, data: str, scale: str, device: str, seeds: int | None, out: Path | None) -> bool:
    """The study as the command line calls it: options in, table printed, whether every part is complete."""
    console = Console(stderr=True)
    table = main(configured(data=data, scale=scale, device=device, seeds=seeds, out=out), console)
    shown = Console()
    shown.print(summary(table))
    for file in table.files:
        shown.print(f"  {file}", highlight=False, soft_wrap=True)
    for failure in table.failures:
        console.print(f"Failed: {failure}", highlight=False, soft_wrap=True)
    return not table.failures


def _perform(console: Console, config: Config, pending: list[Part]) -> dict[str, str]:
    """Do the pending parts and return what went wrong by name."""
    if not pending:
        return {}
    workers = config.workers
    if workers is None:
        workers = 0 if config.device == "cuda" else min(usable_cores(), len(pending))
    begun = [0] * len(pending)
    complete = len(FLOWS) * len(COLUMNS) - len(pending)
    with BatchProgress([part.size for part in pending], begun, console, complete=complete) as progress:
        outcomes = perform_all(pending, perform, begun=begun, workers=workers, watch=progress.show)
    return {part.name: out.failure for part, out in zip(pending, outcomes, strict=True) if out.failure}
