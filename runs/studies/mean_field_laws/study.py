"""Langevin clouds beside the Fokker-Planck solution on the way, and the Gibbs fixed point at rest."""

from runs.studies import mean_field_laws
from runs.studies.mean_field_laws.config import Config
from runs.studies.mean_field_laws.experiments.clouds import Clouds
from runs.studies.mean_field_laws.experiments.grids import Grids
from runs.study.study import Study

STUDY = Study(
    name="mean-field-laws",
    paper="Sznitman 1991; Mei, Montanari and Nguyen 2018",
    summary=str(mean_field_laws.__doc__),
    config=Config,
    experiments=(Clouds(), Grids()),
)
