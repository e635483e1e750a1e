"""The study's figure: which numbers it shows."""

import numpy as np

from runs.studies.kernel_limits.config import KERNELS, NETWORKS, configured
from runs.studies.kernel_limits.pictures import panels
from runs.studies.kernel_limits.results import Table, read_rows
from tests.runs.conftest import Smoke


def test_panels_hold_the_rows(limits_smoke: Smoke) -> None:
    """Assert that six panels show every curve of the table, seeds side by side, predicted ones marked."""
    config = configured(data="diabetes", scale="smoke", device="cpu", out=limits_smoke.folder)
    table = Table(config, read_rows(limits_smoke.folder / "result.csv"), ())
    kernel, constant, spectrum, equal, unequal, final = panels(table)
    assert [line.label for line in kernel.lines[::2]] == [setting.label for setting in KERNELS]
    assert [line.predicted for line in kernel.lines] == [False, True] * 4
    assert np.array_equal(kernel.lines[2].values, list(table.at("kernel", "gamma0.5").values()))
    assert kernel.lines[0].values.shape == (2, 2) and kernel.lines[1].values.shape == (2, 1)
    assert len(constant.lines) == 3 and not constant.log_x
    assert [line.values.shape for line in spectrum.lines] == [(10, 2)] * 3 + [(10, 1)]
    assert [line.label for line in equal.lines] == ["m = 16", "m = 64"]
    assert np.array_equal(unequal.lines[1].values, list(table.at("gap-asymmetrical", "64").values()))
    assert [line.colour for line in final.lines] == [network.colour for network in NETWORKS]
    assert np.array_equal(final.lines[0].values[1], equal.lines[1].values[-1])
