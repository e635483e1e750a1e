"""Pyramids in training: bounds along runs, what the paper promises of them, and runs to which they do not belong."""

from collections.abc import Callable

import pytest
import torch

from limits.theorems import (
    PyramidStart,
    Verdict,
    kept_singular_values,
    pyramid_decay,
    pyramid_gradient,
    pyramid_rate,
)
from limits.theorems.vignettes.pyramid import Pyramid
from limits.theorems.vignettes.pyramid_start import stated_rate
from limits.theorems.vignettes.pyramid_training import Trained
from particles import ParticleCloud, Sigmoid
from tests.limits.theorems.vignettes.pyramids import DATA, Frames, descent, known, pyramid

PLACES = {"one": 1, "two": 2, "steep": 1}


@pytest.mark.parametrize("name", list(PLACES))
def test_runs_stay_within_both_bounds(name: str) -> None:
    """Assert that risks are below the bound of the flow and the stated rate, and gradients large at every frame."""
    risk, frames = known(name)
    for result in (pyramid_decay(risk, frames, PLACES[name]), pyramid_rate(risk, frames, PLACES[name])):
        assert result.verdict is Verdict.HOLDS and result.measured <= result.bound
    for _, cloud in frames[::10]:
        assert pyramid_gradient(risk, cloud, PLACES[name]).verdict is Verdict.HOLDS


def test_rate_is_that_of_the_paper() -> None:
    """Assert that alpha_0 is (4 / gamma^4) (gamma^2 / 4)^L smin(F_1)^2 prod smin(W_l)^2 / n for the risk with 1/n."""
    risk, frames = known("one")
    seen = Trained.of(Pyramid(risk), frames)
    first, third = seen.singular[0, 0]
    slope = 0.5 * (1.0 - 1e-5)
    paper = 4.0 / slope**4 * (slope**2 / 4.0) ** 3 * first**2 * third**2 / DATA
    assert float(stated_rate(Pyramid(risk), seen.rates[0])) == pytest.approx(float(paper), rel=1e-12)


@pytest.mark.parametrize("name", list(PLACES))
def test_between_frames_nothing_is_missed(name: str) -> None:
    """Assert that the rate between frames is bounded by what it is on the way, and nearly attained by near frames."""
    risk, frames = known(name)
    of = Pyramid(risk, PLACES[name])
    fine, coarse = Trained.of(of, frames), Trained.of(of, frames[::10])
    for number, slowest in enumerate(coarse.slowest):
        assert float(slowest) <= float(fine.rates[10 * number : 10 * number + 11].min())
    ends = torch.minimum(fine.rates[:-1], fine.rates[1:])
    assert bool((fine.slowest <= ends).all()) and float((fine.slowest / ends).median()) > 0.2


def test_large_readout_keeps_singular_values_as_promised() -> None:
    """Assert that from W_2 = 0 and a large readout the theorem promises them, and an ordinary start is vacuous."""
    risk, frames = known("steep")
    result = kept_singular_values(risk, frames)
    assert PyramidStart.of(risk, frames[0][1]).reach < 0.1 and result.verdict is Verdict.HOLDS and result.measured > 0.9
    ordinary = kept_singular_values(*known("one"))
    assert ordinary.verdict is Verdict.VACUOUS and len(ordinary.failing) == 1


def backwards(frames: Frames) -> Frames:
    """The end first."""
    return [(time, cloud) for (time, _), (_, cloud) in zip(frames, reversed(frames), strict=True)]


def standing(frames: Frames) -> Frames:
    """No training at all."""
    first = frames[0][1]
    return [(1e3 * time, first) for time, _ in frames]


@pytest.mark.parametrize("wrong", [backwards, standing])
def test_other_runs_violate_the_flows_bound(wrong: Callable[[Frames], Frames]) -> None:
    """Assert that ascent and standing networks are found out, and that they are no descent by the paper's steps."""
    risk, frames = known("one")
    assert pyramid_decay(risk, wrong(frames)).verdict is Verdict.VIOLATED
    assert "every step h lowers R by at least h |grad R|^2 / 2" in pyramid_rate(risk, wrong(frames)).failing
    assert "every step h lowers R by at least h |grad R|^2 / 2" in kept_singular_values(risk, wrong(frames)).failing


def test_planted_rate_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the run's own largest rate is not kept by it."""
    risk, frames = known("one")
    own = -float(Trained.of(Pyramid(risk), frames).risks.log().diff().min()) / frames[1][0]
    alpha = float(stated_rate(Pyramid(risk), Trained.of(Pyramid(risk), frames).rates[0]))
    planted = "limits.theorems.vignettes.pyramid_training.stated_rate"
    monkeypatch.setattr(planted, lambda pyramid, rate: rate.new_tensor(own))
    assert alpha < own and pyramid_rate(risk, frames).verdict is Verdict.VIOLATED


def test_lost_singular_values_are_told() -> None:
    """Assert that a run along which they fall below one half fails the assumption, and is violated where promised."""
    risk, frames = known("steep")
    halved: list[tuple[float, ParticleCloud]] = [*frames[:1], *((t, shrunk(c)) for t, c in frames[1:])]
    assert "singular values of at least half the first" in pyramid_rate(risk, halved).failing


def shrunk(cloud: ParticleCloud) -> ParticleCloud:
    """The same with a third of the weights."""
    return cloud.moved(cloud.positions / 3.0)


def test_several_networks_and_biases_are_told() -> None:
    """Assert that the promise is one about a single network without biases whose sigma(0) is zero."""
    risk, frames = known("two")
    several = pyramid(networks=2)[0], [(0.0, pyramid(networks=2)[1]), (1.0, pyramid(networks=2)[1])]
    with pytest.raises(ValueError, match="The cloud has 2 networks; ask about one at a time"):
        kept_singular_values(*several)
    biased, cloud = pyramid(bias=True)
    assert "no biases" in kept_singular_values(biased, descent(biased, cloud, 2)).failing
    bent, cloud = pyramid(activation=Sigmoid())
    assert "sigma(0) = 0" in kept_singular_values(bent, descent(bent, cloud, 2)).failing
    with pytest.raises(ValueError, match="A run of 1 frames cannot be checked"):
        pyramid_decay(risk, frames[:1], 2)
