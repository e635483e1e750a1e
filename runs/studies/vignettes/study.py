"""Five vignettes: dropout, convexity of displacement, knots, pyramids, the smallest NTK eigenvalue."""

from runs.studies import vignettes
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.experiments.connectivity import Connectivity
from runs.studies.vignettes.experiments.displacement import DisplacementConvexity
from runs.studies.vignettes.experiments.dropout import DropoutStability
from runs.studies.vignettes.experiments.knots import KnotsOfNoise
from runs.studies.vignettes.experiments.large_numbers import LargeNumbers
from runs.studies.vignettes.experiments.layers import Layers
from runs.studies.vignettes.experiments.noisy_sgd import NoisySGD
from runs.studies.vignettes.experiments.pyramids import Pyramids
from runs.studies.vignettes.experiments.smallest_eigenvalue import SmallestEigenvalue
from runs.study.study import Study

STUDY = Study(
    name="vignettes",
    paper="Mondelli and coauthors (arXiv 1912.10095, 1901.01375, 2111.02278, 2002.07867, 2012.11654)",
    summary=str(vignettes.__doc__),
    config=Config,
    experiments=(
        DropoutStability(),
        Connectivity(),
        Layers(),
        DisplacementConvexity(),
        KnotsOfNoise(),
        NoisySGD(),
        Pyramids(),
        SmallestEigenvalue(),
        LargeNumbers(),
    ),
)
