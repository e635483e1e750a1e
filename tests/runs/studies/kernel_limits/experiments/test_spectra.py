"""Eigenvalues of draws of the random limit."""

import math

from limits import RandomKernel
from runs.studies.kernel_limits.experiments.spectra import Spectra
from runs.studies.kernel_limits.problem import Problem
from runs.study.experiment import Case
from runs.study.table import Table
from tests.runs.studies.kernel_limits.problems import small


def test_spectra_are_those_of_draws() -> None:
    """Assert that eigenvalues fall, are those of a draw of the limit, and of the mean kernel where predicted."""
    config = small()
    problem = Problem.of(config)
    inputs = problem.train.inputs
    gram = RandomKernel(problem.kernel, 0.2, 0.5).sample(inputs, seed=100_000).gram
    mean = [*Spectra().predicted(config)]
    measured = [*Spectra().measured(config, Case("seed1", 1), config.out, lambda step: None)]
    drawn = [row for row in measured if row.curve == "gamma0.2"]
    for rows, matrix in ((drawn, gram), (mean, problem.kernel(inputs))):
        found = [row.value for row in rows]
        assert found == sorted(found, reverse=True) and [row.x for row in rows] == list(range(1, 11))
        assert math.isclose(math.fsum(found), float(matrix.trace()), rel_tol=1e-12)
    (panel,) = Spectra().panels(config, Table((*mean, *measured)))
    assert [line.values.shape for line in panel.lines] == [(10, 1)] * 4 and panel.lines[-1].kind == "dashed"
