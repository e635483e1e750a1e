"""Early training as a linear model: figures, kernels and theorems of Hu, Xiao, Adlam and Pennington (2020)."""

from runs.studies import early_time
from runs.studies.early_time.config import Config
from runs.studies.early_time.experiments.dimensions import Dimensions
from runs.studies.early_time.experiments.filters import Filters
from runs.studies.early_time.experiments.images import Images
from runs.studies.early_time.experiments.inputs import InputLaw
from runs.studies.early_time.experiments.kernels import Kernels
from runs.studies.early_time.experiments.layers import Layers
from runs.studies.early_time.experiments.norms import Norms
from runs.studies.early_time.experiments.paths import Paths
from runs.study.study import Study

STUDY = Study(
    name="early-time",
    paper="Hu, Xiao, Adlam and Pennington 2020 (arXiv 2006.14599)",
    summary=str(early_time.__doc__),
    config=Config,
    experiments=(Layers(), Dimensions(), Norms(), Images(), Kernels(), Filters(), InputLaw(), Paths()),
)
