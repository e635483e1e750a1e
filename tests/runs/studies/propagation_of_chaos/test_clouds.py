"""Which clouds the study makes."""

import math

import torch

from runs.studies.propagation_of_chaos.clouds import Clouds, Kept
from runs.studies.propagation_of_chaos.config import FLOWS, Config
from tests.tolerances import Z


def test_clouds_move_and_do_not_depend_on_the_times_asked_for(config: Config) -> None:
    """Assert that each flow moves the cloud, and that the last cloud is that of a run with one time only."""
    once = Config.validated(**{**config.model_dump(), "times": (0.4,)})
    for name in FLOWS:
        early, late = Clouds(config, name).at_times(16, 3)
        assert float((late.positions - early.positions).abs().max()) > 1e-3
        assert torch.equal(Clouds(once, name).at_times(16, 3)[0].positions, late.positions)


def test_langevin_clouds_have_noise_of_their_seed(config: Config) -> None:
    """Assert that temperature adds noise of size sqrt(2 T t) to the positions."""
    cold = Config.validated(**{**config.model_dump(), "temperature": 0.0})
    shaken, still = (Clouds(chosen, "langevin").at_times(200, 5)[0].positions for chosen in (config, cold))
    exact, numbers = math.sqrt(2.0 * 0.1 * 0.2), shaken.numel()
    assert abs(float((shaken - still).std()) / exact - 1.0) < 0.15
    assert Z / math.sqrt(2.0 * numbers) < 0.15


def test_clouds_are_made_once_and_counted(config: Config) -> None:
    """Assert that a cloud asked for at two times is made once, with progress told, and is that of its time."""
    seen: list[int] = []
    kept = Kept(Clouds(config, "gradient"), seen.append)
    early, late = (kept.at(number)(4, 1) for number in (0, 1))
    kept.at(0)(4, 2)
    assert seen == [1, 2]
    for cloud, expected in zip((early, late), Clouds(config, "gradient").at_times(4, 1), strict=True):
        assert torch.equal(cloud.positions, expected.positions)
