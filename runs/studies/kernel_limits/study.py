"""Finite networks of growing width beside what theory predicts for infinitely many particles."""

from runs.studies import kernel_limits
from runs.studies.kernel_limits.config import Config
from runs.studies.kernel_limits.experiments.constants import Constants
from runs.studies.kernel_limits.experiments.gaps import Gaps
from runs.studies.kernel_limits.experiments.kernels import Kernels
from runs.studies.kernel_limits.experiments.spectra import Spectra
from runs.study.study import Study

STUDY = Study(
    name="kernel-limits",
    paper="Caron et al. 2023 (arXiv 2302.01002), Lee et al. 2019 (arXiv 1902.06720)",
    summary=str(kernel_limits.__doc__),
    config=Config,
    experiments=(Kernels(), Constants(), Spectra(), Gaps()),
    title="Finite networks (dots, bands) and their limits (dashed)",
)
