"""The study's sizes, times and settings."""

import math
from pathlib import Path

import pytest
import torch

from runs.datasets import load
from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.study import STUDY
from runs.system.refusal import Refusal


def test_settings_are_the_published_four() -> None:
    """Assert that gamma and alpha are those of the paper, from equal masses to the most unequal ones."""
    assert [(setting.gamma, setting.alpha) for setting in SETTINGS] == [(1.0, None), (0.5, 0.7), (0.2, 0.5), (0.0, 0.4)]
    assert [setting.label for setting in SETTINGS] == [
        "γ = 1",
        "γ = 0.5, α = 0.7",
        "γ = 0.2, α = 0.5",
        "γ = 0, α = 0.4",
    ]
    assert len({setting.colour for setting in SETTINGS}) == len({setting.name for setting in SETTINGS}) == 4


def test_masses_are_gamma_of_equal_and_the_rest_of_zipf() -> None:
    """Assert that lambda_1 and lambda_m of gamma = 0.2, alpha = 0.5 are what the formula says."""
    masses = SETTINGS[2].masses(100)
    total = sum(1.0 / j**2 for j in range(1, 101))
    assert math.isclose(masses[0], 0.2 / 100 + 0.8 / total, rel_tol=1e-13)
    assert math.isclose(masses[99], 0.2 / 100 + 0.8 / total / 100**2, rel_tol=1e-13)


def test_shifted_masses_leave_the_first_particle_without_zipf_mass() -> None:
    """Assert that the code's masses are the Zipf ones of k = 0, ..., m - 1, zero at 0, and still sum to one."""
    shifted = SETTINGS[2].masses(100, shifted=True)
    total = sum(1.0 / k**2 for k in range(1, 100))
    assert math.isclose(shifted[0], 0.2 / 100, rel_tol=1e-13)
    assert math.isclose(shifted[1], 0.2 / 100 + 0.8 / total, rel_tol=1e-13)
    assert math.isclose(shifted[99], 0.2 / 100 + 0.8 / total / 99**2, rel_tol=1e-13)
    assert math.isclose(shifted.sum(), 1.0, rel_tol=1e-13)
    assert torch.equal(SETTINGS[0].masses(100, shifted=True), SETTINGS[0].masses(100))


def test_conventions_are_those_of_the_text_unless_asked_otherwise() -> None:
    """Assert that the code's masses and variance come together, and only by request."""
    text = STUDY.configured(data="simulated", scale="paper", device="cpu")
    code = STUDY.configured(data="simulated", scale="paper", device="cpu", code_conventions=True)
    assert (text.shifted_masses, text.variance) == (False, 1.0)
    assert (code.shifted_masses, code.variance) == (True, 2.0)


def test_larger_scales_are_computed_to_a_tolerance() -> None:
    """Assert that the smoke scale descends step by step, that the choice can be made, and a wrong one is refused."""
    found = [STUDY.configured(data="simulated", scale=scale).integrator for scale in ("smoke", "laptop", "paper")]
    assert found == ["descent", "adaptive", "adaptive"]
    assert STUDY.configured(data="simulated", scale="paper", integrator="descent").integrator == "descent"
    with pytest.raises(Refusal, match=r"Unknown integrator 'euler': choose one of adaptive, descent"):
        STUDY.configured(data="simulated", scale="smoke", integrator="euler")


@pytest.mark.parametrize(
    ("data", "scale", "sizes"),
    [
        ("diabetes", "smoke", (400, 500, 100, 20, 1)),
        ("diabetes", "laptop", (2000, 15_000, 176, 50, 3)),
        ("simulated", "laptop", (2000, 15_000, 100, 100, 3)),
        ("diabetes", "paper", (2000, 100_000, 176, 50, 5)),
        ("simulated", "paper", (2000, 50_000, 100, 100, 5)),
        ("mnist", "laptop", (2000, 20_000, 1000, 50, 3)),
        ("mnist", "paper", (2000, 200_000, 3000, 50, 5)),
    ],
)
def test_scales_have_the_sizes_of_the_readme(data: str, scale: str, sizes: tuple[int, ...]) -> None:
    """Assert that particles, steps, rows, Gram points and seeds of each scale are the published or promised ones."""
    config = STUDY.configured(data=data, scale=scale, device="cpu")
    assert (config.count, config.steps, config.rows, config.gram_points, config.seeds) == sizes
    assert config.out == Path("results") / f"asymmetric-scaling-{data}-{scale}"


def test_laptop_takes_fewer_steps_on_more_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a large table is cut to 400 rows and 7,500 steps."""
    large = load("simulated")
    inputs = torch.zeros(900, 4, dtype=torch.float64)
    train = type(large.train)(inputs, inputs[:, :1])
    monkeypatch.setattr(
        "runs.studies.asymmetric_scaling.config.load", lambda name: type(large)(name, train, train, train, "", "", "")
    )
    config = STUDY.configured(data="plant", scale="laptop", device="cpu")
    assert (config.rows, config.steps) == (400, 7500)


def test_published_step_is_two_in_our_time() -> None:
    """Assert that learning rate 1 on the mean of squares is an Euler step of 2, so 500 steps end at time 1000."""
    config = STUDY.configured(data="simulated", scale="smoke", device="cpu")
    assert (config.rate, config.step, config.until) == (1.0, 2.0, 1000.0)
    assert Config.validated(**{**config.model_dump(), "outputs": 10}).step == 0.2


def test_given_seeds_and_folder_are_taken(tmp_path: Path) -> None:
    """Assert that options go before the scale's defaults."""
    config = STUDY.configured(data="simulated", scale="smoke", device="cpu", seeds=4, out=tmp_path)
    assert (config.seeds, config.out) == (4, tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("rate", 0.0), ("rate", math.inf), ("variance", -1.0), ("dtype", "float16"), ("frames", 1), ("rtol", 0.0)],
)
def test_wrong_number_is_refused(field: str, value: object) -> None:
    """Assert that a value out of range is named with its field."""
    good = STUDY.configured(data="simulated", scale="smoke", device="cpu").model_dump()
    with pytest.raises(Refusal, match=rf"The value {value!r} does not do for {field}: "):
        Config.validated(**{**good, field: value})
