"""Finite networks of growing width beside what theory predicts for infinitely many particles."""

from pathlib import Path

import torch
from rich.console import Console

from runs.batch.output_folder import claimed
from runs.datasets import load
from runs.studies.kernel_limits.config import NAME, Config, configured
from runs.studies.kernel_limits.measure import Problem, Row, measured, predicted
from runs.studies.kernel_limits.pictures import draw
from runs.studies.kernel_limits.results import Table, read_rows, summary, write_rows

__all__ = ["Config", "Table", "command", "configured", "main"]


def main(config: Config, console: Console | None = None) -> Table:
    """Measure the seeds that are not in the table yet, write table and figure into `config.out`, return the table."""
    console = console or Console(stderr=True)
    data = load(config.data)
    remarks = {"citation": data.citation, "source": data.source}
    identity = {"study": NAME, **config.identity(), "data_checksum": data.checksum}
    with claimed(config.out, identity, remarks) as folder:
        csv, picture = folder / "result.csv", folder / "limits.png"
        console.print(f"{NAME} on {config.data}, scale {config.scale}: seeds 0 to {config.seeds - 1} in {folder}")
        rows = _completed(config, csv, console)
        table = Table(config, tuple(row for row in rows if row.seed is None or row.seed < config.seeds), (csv, picture))
        draw(table, picture)
    return table


def command(*, data: str, scale: str, device: str, seeds: int | None, out: Path | None) -> bool:
    """The study as the command line calls it: options in, table printed; it either ends well or raises."""
    table = main(configured(data=data, scale=scale, device=device, seeds=seeds, out=out))
    shown = Console()
    shown.print(summary(table))
    for file in table.files:
        shown.print(f"  {file}", highlight=False, soft_wrap=True)
    return True


def _completed(config: Config, csv: Path, console: Console) -> tuple[Row, ...]:
    """The rows of the file and of every seed that was missing; the file is written anew after each seed."""
    rows = read_rows(csv)
    missing = sorted(set(range(config.seeds)) - {row.seed for row in rows})
    if not missing:
        console.print("Already complete and not redone.")
        return rows
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        problem = Problem.of(config)
        rows = rows or tuple(predicted(problem))
        for seed in missing:
            rows = (*rows, *measured(problem, seed))
            write_rows(csv, rows)
            console.print(f"Seed {seed} is complete.", highlight=False)
    finally:
        torch.set_num_threads(threads)
    return rows
