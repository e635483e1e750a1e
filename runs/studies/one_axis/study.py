"""Random features, NTK and mean field on one axis alpha: experiments and identities of Fang, Dong and Zhang (2020)."""

from runs.studies import one_axis
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.experiments.alphas import Alphas
from runs.studies.one_axis.experiments.displacement import Displacement
from runs.studies.one_axis.experiments.few_directions import FewDirections
from runs.studies.one_axis.experiments.identities import Identities
from runs.studies.one_axis.experiments.importance import Importance
from runs.studies.one_axis.experiments.linear_regime import LinearRegime
from runs.studies.one_axis.experiments.linearisation import Linearisation
from runs.studies.one_axis.experiments.regimes import Regimes
from runs.studies.one_axis.experiments.regularisers import Regularisers
from runs.studies.one_axis.experiments.repopulation import Repopulation
from runs.studies.one_axis.experiments.two_inputs import TwoInputs
from runs.studies.one_axis.experiments.widths import Widths
from runs.study.study import Study

STUDY = Study(
    name="one-axis",
    paper="Fang, Dong and Zhang 2020 (arXiv 2012.13982)",
    summary=str(one_axis.__doc__),
    config=Config,
    experiments=(
        Identities(),
        Alphas(),
        Displacement(),
        Widths(),
        Linearisation(),
        LinearRegime(),
        TwoInputs(),
        Repopulation(),
        Importance(),
        Regularisers(),
        FewDirections(),
        Regimes(),
    ),
)
