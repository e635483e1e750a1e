"""W_2 of clouds from their stand-in, beside the floor."""

import numpy as np
import pytest

from limits.chaos import STAND_INS, Slope
from limits.transport import wasserstein
from runs.studies.propagation_of_chaos.clouds import Clouds
from runs.studies.propagation_of_chaos.config import FLOWS, Config, moment
from runs.studies.propagation_of_chaos.experiments.distances import Distances
from runs.studies.propagation_of_chaos.slopes import slope_rows
from runs.study.table import Row, Table
from tests.runs.study.smoke import Smoke


@pytest.mark.parametrize("flow", FLOWS)
def test_distances_are_from_the_stand_in(chaos: Smoke, config: Config, flow: str) -> None:
    """Assert that W2 is the root of the mean square from the first stand-in, and that of the two stand-ins theirs."""
    table, clouds = Table.read(chaos.folder / "result.csv"), Clouds(config, flow)
    first, second = (clouds.at_times(64, STAND_INS + number)[1] for number in range(2))
    squares = [float(wasserstein(clouds.at_times(8, seed)[1], first)) ** 2 for seed in range(3)]
    found = table.at("distances", "W2", moment(flow, 0.4))
    assert found.x.tolist() == [8.0, 16.0]
    assert found.values[0, 0] == pytest.approx(float(np.sqrt(np.mean(squares))), rel=1e-9)
    own = table.at("distances", "stand-in", moment(flow, 0.4))
    assert own.x.tolist() == [64.0] and own.last[0] == pytest.approx(float(wasserstein(first, second)), rel=1e-9)


def test_excess_is_that_of_the_squares(chaos: Smoke, config: Config) -> None:
    """Assert that it is W2^2 less the floor's, with a positive error."""
    table = Table.read(chaos.folder / "result.csv")
    for flow in FLOWS:
        distance, floor, excess = (table.at("distances", name, moment(flow, 0.2)) for name in ("W2", "floor", "excess"))
        assert np.allclose(distance.values**2 - floor.values**2, excess.values, rtol=1e-9) and (excess.errors > 0).all()


def test_a_case_makes_the_clouds_that_it_says(config: Config) -> None:
    """Assert that clouds are counted up to the size of the case."""
    small = Config.validated(**{**config.model_dump(), "distance_counts": (4, 8), "distance_seeds": 2, "times": (0.2,)})
    case, seen = Distances().cases(small)[2], []
    rows = [*Distances().measured(small, case, small.out, seen.append)]
    assert case.name == "ntk" and seen[-1] == case.size == 7
    assert {row.quantity for row in rows} >= {"W2", "floor", "excess", "stand-in", "W2: slope, low"}


def planted(config: Config) -> Table:
    """Distances and floors that say which they are."""
    rows = []
    for flow in FLOWS:
        for time in config.times:
            for number, name in enumerate(("W2", "floor"), start=4):
                rows += [Row("distances", name, moment(flow, time), 0, m, number / m * time) for m in (8.0, 16.0)]
                rows += slope_rows("distances", name, flow, time, Slope(-1.0, -1.1, -0.9))
            rows.append(Row("distances", "stand-in", moment(flow, time), 0, 64.0, 9.0))
            excess = {"gradient": 0.0, "langevin": 0.1, "ntk": 9.0}[flow]
            rows.append(Row("distances", "excess", moment(flow, time), 0, 16.0, excess, 0.1))
    return Table(tuple(rows))


def test_claims_are_in_standard_errors(config: Config) -> None:
    """Assert that an excess of one error is none, and one of ninety is."""
    claims = [*Distances().claims(config, planted(config))]
    assert [claim.verdict for claim in claims] == ["holds", "holds", "violated"]


def test_panels_have_all_times_beside_their_floors(config: Config) -> None:
    """Assert that W_2 and the floor of each time are drawn, the stand-in's own distance left out."""
    panel = Distances().panels(config, planted(config))[0]
    assert [line.x.tolist() for line in panel.lines] == [[8.0, 16.0]] * 4
    assert [line.kind for line in panel.lines] == ["points", "dashed"] * 2
    assert np.allclose(panel.lines[0].values[:, 0], [0.1, 0.05])
    assert np.allclose(panel.lines[1].values[:, 0], [0.125, 0.0625])
