"""Deviations of observables over clouds, and their slopes."""

import numpy as np
import pytest
import torch

from limits.chaos import Slope, deviation, slope
from particles import tangent_gram
from runs.studies.propagation_of_chaos.clouds import Clouds
from runs.studies.propagation_of_chaos.config import FLOWS, Config, moment
from runs.studies.propagation_of_chaos.experiments.fluctuations import OBSERVABLES, Fluctuations
from runs.studies.propagation_of_chaos.slopes import slope_at, slope_rows
from runs.study.table import Row, Table
from tests.runs.study.smoke import Smoke


@pytest.mark.parametrize("flow", FLOWS)
def test_deviations_are_those_of_clouds_of_their_own_seeds(chaos: Smoke, config: Config, flow: str) -> None:
    """Assert that at the second count they are of f(x_1), sum lambda |theta|^2 and K(x_1, x_1) of clouds 6, ..., 11."""
    table, clouds = Table.read(chaos.folder / "result.csv"), Clouds(config, flow)
    risk = clouds.flow.risk
    first, made = risk.data.inputs[:1], [clouds.at_times(16, seed)[1] for seed in range(6, 12)]
    expected = {
        "prediction": [float(risk.predictions(cloud, first)[0, 0]) for cloud in made],
        "second_moment": [float(cloud.masses @ cloud.positions.square().sum(dim=1)) for cloud in made],
        "kernel": [float(tangent_gram(risk, cloud, first)[0, 0]) for cloud in made],
    }
    for name, values in expected.items():
        found = table.at("fluctuations", name, moment(flow, 0.4))
        assert found.x.tolist() == [8.0, 16.0, 32.0]
        assert found.values[1, 0] == pytest.approx(float(np.std(values, ddof=1)), rel=1e-9)


def test_a_case_is_a_flow_and_tells_its_progress(config: Config) -> None:
    """Assert that clouds are counted up to the size of the case, that its name tells their number, and slopes fit."""
    small = Config.validated(**{**config.model_dump(), "counts": (4, 8), "seeds": 2})
    case, seen = Fluctuations().cases(small)[0], []
    assert (case.name, case.size) == ("gradient-2clouds", 4)
    rows = [*Fluctuations().measured(small, case, small.out, seen.append)]
    assert seen == [1, 2, 3, 4] and len(rows) == 2 * 3 * (2 + 3)
    clouds = Clouds(small, "gradient")
    with torch.no_grad():
        kernel = clouds.observables()["kernel"]
        made = [[clouds.at_times(count, 2 * row + seed)[0] for seed in (0, 1)] for row, count in enumerate((4, 8))]
        samples = np.array([[float(kernel(cloud)) for cloud in some] for some in made])
    found = slope_at(Table(tuple(rows)), "fluctuations", "kernel", "gradient", 0.2)
    assert found == slope((4, 8), samples, deviation)


def planted(config: Config) -> Table:
    """Deviations that fall as m^(-1/2) at all times, and slopes that say so, but for predictions of the NTK flow."""
    rows = []
    for flow in FLOWS:
        for time in config.times:
            for number, name in enumerate(OBSERVABLES, start=1):
                curve = moment(flow, time)
                rows += [Row("fluctuations", name, curve, 0, m, number * time * m**-0.5) for m in (8.0, 16.0, 32.0)]
                value = 0.0 if (flow, name) == ("ntk", "prediction") else -0.5
                rows += slope_rows("fluctuations", name, flow, time, Slope(value, value - 0.1, value + 0.1))
    return Table(tuple(rows))


def test_claims_are_on_every_flow_and_observable(config: Config) -> None:
    """Assert that planted powers hold, and that nine of them are claimed, none as proven."""
    claims = [*Fluctuations().claims(config, planted(config))]
    assert [claim.verdict for claim in claims] == ["holds"] * 9 and not any(claim.proven for claim in claims)
    swapped = Table(tuple(row for row in planted(config) if row.curve != "ntk"))
    other = slope_rows("fluctuations", "prediction", "ntk", 0.4, Slope(-0.5, -0.6, -0.4))
    ntk = [row for row in planted(config) if row.curve == "ntk" and not row.quantity.startswith("prediction")]
    wrong = [*Fluctuations().claims(config, Table((*swapped.rows, *ntk, *other)))]
    assert [claim.verdict for claim in wrong] == [*["holds"] * 6, "violated", "holds", "holds"]


def test_panels_are_of_the_last_time(config: Config) -> None:
    """Assert that three observables and the reference m^(-1/2) are drawn for each flow, at the last time alone."""
    panels = Fluctuations().panels(config, planted(config))
    assert [panel.title for panel in panels] == list(FLOWS.values())
    lines = [line.values[:, 0] for line in panels[2].lines]
    law = 0.4 * np.array([8.0, 16.0, 32.0]) ** -0.5
    assert np.allclose(lines[:3], [number * law for number in (1, 2, 3)]) and np.allclose(lines[3], 2.0 * law)
