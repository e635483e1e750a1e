"""Papers one after the other, each in a folder of its own, and one table of all that they state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from runs.study.claims import CLAIMS, Claim, read_claims, write_claims
from runs.study.running import run_study
from runs.study.study import Study


@dataclass(frozen=True)
class Reproduced:
    """Every claim, a sentence for each case that failed, and the table's file."""

    claims: tuple[Claim, ...]
    failures: tuple[str, ...]
    file: Path


def reproduce(studies: Sequence[Study], out: Path, console: Console, **given: Any) -> Reproduced:
    """Run all experiments of the studies into out/NAME, and write out/claims.csv.

    given: options of the configurations, the scale for instance. Claims of experiments that are not complete are left
    out.
    """
    claims: list[Claim] = []
    failures: list[str] = []
    configs = [study.configured(**given, out=out / study.name) for study in studies]
    for study, config in zip(studies, configs, strict=True):
        table = run_study(study, config, console=console)
        failures += [f"{study.name}: {failure}" for failure in table.failures]
        if (config.out / CLAIMS).exists():
            found = read_claims(config.out / CLAIMS)
            claims += [replace(claim, experiment=f"{study.name} {claim.experiment}") for claim in found]
    out.mkdir(parents=True, exist_ok=True)
    write_claims(out / CLAIMS, claims)
    return Reproduced(tuple(claims), tuple(failures), out / CLAIMS)
