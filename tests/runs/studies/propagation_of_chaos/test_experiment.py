"""One part of the study: which clouds it makes and what it records of them."""

import csv
import math
from pathlib import Path

import pytest
import torch

from limits.chaos import STAND_INS
from limits.transport import wasserstein
from particles import tangent_gram
from runs.studies.propagation_of_chaos.config import FLOWS, Config
from runs.studies.propagation_of_chaos.experiment import Experiment, Part, perform
from tests.runs.conftest import Smoke


def records(chaos: Smoke, name: str) -> list[dict[str, float]]:
    """The samples of a part."""
    with (chaos.folder / f"{name}.csv").open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", FLOWS)
def test_observables_are_those_of_the_clouds(chaos: Smoke, config: Config, name: str) -> None:
    """Assert that the samples are f(x_1), sum lambda |theta|^2 and K(x_1, x_1) of clouds of seeds 0, 1, ..."""
    experiment = Experiment(config, name)
    risk = experiment.flow.risk
    found = records(chaos, f"{name}-observables")
    assert [row["count"] for row in found[:18]] == [8] * 6 + [16] * 6 + [32] * 6
    for number in (0, 7):
        cloud = experiment.clouds(int(found[number]["count"]), number)[0]
        data = risk.data.inputs[:1]
        assert found[number]["prediction"] == pytest.approx(float(risk.predictions(cloud, data)[0, 0]), rel=1e-12)
        assert found[number]["kernel"] == pytest.approx(float(tangent_gram(risk, cloud, data)[0, 0]), rel=1e-12)
        moment = float(cloud.masses @ cloud.positions.square().sum(dim=1))
        assert found[number]["second_moment"] == pytest.approx(moment, rel=1e-12)


@pytest.mark.parametrize("name", FLOWS)
def test_distances_are_from_the_stand_in(chaos: Smoke, config: Config, name: str) -> None:
    """Assert that squares are W_2^2 from the first stand-in, and the last row is that of the stand-ins themselves."""
    experiment = Experiment(config, name)
    found = [row for row in records(chaos, f"{name}-distances") if row["time"] == 0.4]
    first, second = (experiment.clouds(64, STAND_INS + number)[1] for number in range(2))
    assert found[0]["square"] == pytest.approx(float(wasserstein(experiment.clouds(8, 0)[1], first)) ** 2, rel=1e-9)
    assert [row["count"] for row in found] == [8] * 3 + [16] * 3 + [64]
    assert found[-1]["square"] == pytest.approx(float(wasserstein(first, second)) ** 2, rel=1e-9)


def test_clouds_move_and_do_not_depend_on_the_times_asked_for(config: Config) -> None:
    """Assert that each flow moves the cloud, and that the last cloud is that of a run with one time only."""
    once = Config.validated(**{**config.model_dump(), "times": (0.4,)})
    for name in FLOWS:
        early, late = Experiment(config, name).clouds(16, 3)
        assert float((late.positions - early.positions).abs().max()) > 1e-3
        assert torch.equal(Experiment(once, name).clouds(16, 3)[0].positions, late.positions)


def test_langevin_clouds_have_noise_of_their_seed(config: Config) -> None:
    """Assert that temperature adds noise of size sqrt(2 T t) to the positions."""
    cold = Config.validated(**{**config.model_dump(), "temperature": 0.0})
    shaken, still = (Experiment(chosen, "langevin").clouds(200, 5)[0].positions for chosen in (config, cold))
    assert float((shaken - still).std()) == pytest.approx(math.sqrt(2.0 * 0.1 * 0.2), rel=0.15)


def test_part_is_written_whole_and_reported(config: Config, tmp_path: Path) -> None:
    """Assert that progress goes up to the size of the part, and that nothing but its file is left."""
    small = Config.validated(**{**config.model_dump(), "out": tmp_path, "counts": (4, 8), "seeds": 2})
    seen: list[int] = []
    part = Part(small, "gradient", "observables")
    perform(part, seen.append)
    assert seen == [1, 2, 3, 4, 4] and part.size == 4
    assert [path.name for path in tmp_path.iterdir()] == ["gradient-observables.csv"]
