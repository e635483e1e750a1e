"""The study's sizes."""

from pathlib import Path

import pytest

from runs.studies.propagation_of_chaos.config import FLOWS, Config, doubled, moment
from runs.studies.propagation_of_chaos.study import STUDY
from runs.system.refusal import Refusal


@pytest.mark.parametrize(
    ("scale", "largest", "limit", "seeds"), [("laptop", 4096, 2048, 60), ("paper", 8192, 8192, 400)]
)
def test_scales_have_the_sizes_of_the_readme(scale: str, largest: int, limit: int, seeds: int) -> None:
    """Assert that counts begin at 64 and double, and largest count, stand-in and clouds are the promised ones."""
    config = STUDY.configured(data="diabetes", scale=scale, device="cpu")
    assert config.counts[0] == config.distance_counts[0] == 64 and config.counts[-1] == largest
    assert all(2 * one == two for one, two in zip(config.counts, config.counts[1:], strict=False))
    assert (config.limit_count, config.seeds) == (limit, seeds)
    assert max(config.distance_counts) <= limit // 2
    assert config.out == Path("results") / f"propagation-of-chaos-diabetes-{scale}"


def test_three_flows_are_compared() -> None:
    """Assert that the flows are the gradient, the Langevin and the NTK flow."""
    assert list(FLOWS) == ["gradient", "langevin", "ntk"]


@pytest.mark.parametrize(("field", "value"), [("counts", (8,)), ("temperature", -1.0), ("distance_seeds", 1)])
def test_wrong_values_are_refused(field: str, value: object) -> None:
    """Assert that a value out of range is named with its field."""
    good = STUDY.configured(data="diabetes", scale="smoke", device="cpu").model_dump()
    with pytest.raises(Refusal, match=rf"does not do for {field}: "):
        Config.validated(**{**good, field: value})


def test_counts_double_and_curves_are_named_by_flow_and_time() -> None:
    """Assert that counts go to the most, and that a curve says its time without zeros."""
    assert doubled(8, 32) == (8, 16, 32) and doubled(8, 8) == (8,)
    assert moment("ntk", 1.0) == "ntk, t = 1"
