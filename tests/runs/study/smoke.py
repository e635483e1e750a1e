"""One smoke study for all tests that look at its results, run through the command line."""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from runs.__main__ import main
from runs.study.claims import CLAIMS, Claim, read_claims
from runs.study.running import RESULT
from runs.study.study import Study
from runs.study.table import Table

#: What every study leaves in its folder beside its figures.
WRITTEN = {"cases", "result.csv", "claims.csv", "config.json", "provenance.json", "report.html"}


@dataclass(frozen=True)
class Smoke:
    """Where the study put its files, its exit code, and what it said on standard output and standard error."""

    folder: Path
    code: int
    said: str
    progress: str


def spoken(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def committed(package: ModuleType, study: Study) -> Table:
    """The table beside a study's code; asserts that the claims beside it are those of its numbers, to rounding."""
    folder = Path(str(package.__file__)).parent
    table, config = Table.read(folder / RESULT), study.configured(scale="laptop", device="cpu")
    measured = {row.experiment for row in table if row.seed is not None}
    experiments = [experiment for experiment in study.experiments if experiment.name in measured]
    found = [Claim(one.name, result) for one in experiments for result in one.claims(config, table)]
    for claim, written in zip(found, read_claims(folder / CLAIMS), strict=True):
        ours, theirs = claim.result, written.result
        assert (claim.experiment, ours.statement) == (written.experiment, theirs.statement)
        assert (ours.verdict, ours.proven) == (theirs.verdict, theirs.proven)
        for name in ("bound", "measured", "error"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-6, abs=1e-12, nan_ok=True)
    return table


def run_once(folder: Path) -> Smoke:
    """`meanfield run asymmetric-scaling --scale smoke` into a folder."""
    return Smoke(folder, *spoken("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(folder)))
