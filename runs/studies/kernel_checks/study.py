"""Numbers that `limits` predicts beside what sampled or trained clouds give."""

from runs.studies import kernel_checks
from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.experiments.entries import Entries
from runs.studies.kernel_checks.experiments.flows import Flows
from runs.studies.kernel_checks.experiments.published import Published
from runs.studies.kernel_checks.experiments.variances import Variances
from runs.study.study import Study

STUDY = Study(
    name="kernel-checks",
    paper="Lee et al. 2019; Caron et al. 2023",
    summary=str(kernel_checks.__doc__),
    config=Config,
    experiments=(Published(), Entries(), Variances(), Flows()),
)
