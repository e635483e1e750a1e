"""E0.1 to E0.3 of Caron et al. 2023, and the two questions behind them. README.md says what differs from the paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from limits.theorems import Problem
from runs.studies import asymmetric_scaling
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.experiments.scalings import Scalings
from runs.studies.asymmetric_scaling.experiments.variance import Variance
from runs.studies.asymmetric_scaling.experiments.widths import Widths
from runs.studies.asymmetric_scaling.run import Run
from runs.study.study import Study


def problem_of(path: Path, parameters: Mapping[str, object]) -> Problem:
    """The problem of one of the study's trajectories, built anew from what stands in its parameters."""
    config, setting = (cast("dict[str, Any]", parameters[name]) for name in ("config", "setting"))
    seed = parameters.get("seed")
    resolved = Config.validated(**{**config, "device": "cpu"}, seeds=1, out=path.parent)
    chosen = Setting(setting["name"], setting["gamma"], setting["alpha"], "")
    run = Run(resolved, chosen, seed if isinstance(seed, int) else 0)
    masses = chosen.masses(resolved.count, resolved.shifted_masses)
    return Problem(run.risk, run.law, masses, chosen.gamma, chosen.alpha)


STUDY = Study(
    name=NAME,
    paper="Caron et al. 2023 (arXiv 2302.01002)",
    summary=str(asymmetric_scaling.__doc__),
    config=Config,
    experiments=(Scalings(), Variance(), Widths()),
    problem_of=problem_of,
    usual=(Scalings.name,),
)
