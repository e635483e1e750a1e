"""How fast clouds approach the limit of infinitely many particles, under gradient, Langevin and NTK flow."""

from runs.studies import propagation_of_chaos
from runs.studies.propagation_of_chaos.config import Config
from runs.studies.propagation_of_chaos.experiments.distances import Distances
from runs.studies.propagation_of_chaos.experiments.fluctuations import Fluctuations
from runs.study.study import Study

STUDY = Study(
    name="propagation-of-chaos",
    paper="Sznitman 1991; Mei, Montanari and Nguyen 2018; De Bortoli et al. 2020",
    summary=str(propagation_of_chaos.__doc__),
    config=Config,
    experiments=(Fluctuations(), Distances()),
    title="Propagation of chaos",
)
