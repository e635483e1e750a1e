"""Estimates of the limit of infinitely many particles: checks, coverage, cost, and a question of each paper."""

from runs.studies import infinite_width
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.experiments.asymmetric import Asymmetric
from runs.studies.infinite_width.experiments.axis import Axis
from runs.studies.infinite_width.experiments.checks import Checks
from runs.studies.infinite_width.experiments.costs import Costs
from runs.studies.infinite_width.experiments.coverage import Coverage
from runs.studies.infinite_width.experiments.early import Early
from runs.studies.infinite_width.experiments.features import Features
from runs.studies.infinite_width.experiments.stationary import Stationary
from runs.study.study import Study

STUDY = Study(
    name="infinite-width",
    paper="Heinrich 2001; Giles 2008; the five papers",
    summary=str(infinite_width.__doc__),
    config=Config,
    experiments=(Checks(), Coverage(), Costs(), Asymmetric(), Features(), Early(), Stationary(), Axis()),
    title="Infinitely many particles",
)
