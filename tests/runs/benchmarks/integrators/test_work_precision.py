"""Work against precision: what is measured, how seconds at equal error are found, the table and the picture."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from flows import BDF, Adaptive, Chebyshev, Euler
from runs.benchmarks.integrators.work_precision import (
    PEER,
    Method,
    Ours,
    Point,
    draw,
    measured,
    own_ratios,
    ratios,
    run,
    seconds_at,
)
from runs.benchmarks.timed_flows import TimedFlow, stiff_flow


def small() -> TimedFlow:
    """Thirty particles, six data."""
    return replace(stiff_flow(count=30, data=6, dim=4), until=50.0)


def points(method: str, factor: float) -> list[Point]:
    """A method whose seconds are factor error^(-1/2), three times, with a spread of ten per cent."""
    return [
        Point(method, e, 10, 0, e, e, tuple(spread * factor * e**-0.5 for spread in (0.9, 1.0, 1.1)))
        for e in (1e-2, 1e-4, 1e-6)
    ]


@pytest.mark.validation
def test_errors_are_relative_to_distance_and_risk() -> None:
    """Assert that the reference itself has no error, that a looser run has one, and that each run is repeated."""
    problem = small()
    reference = Ours(BDF)(problem, 1e-8).cloud
    found = measured(problem, reference, [Method("BDF", Ours(BDF), (1e-8, 1e-3), repeats=2)])
    assert [(point.tolerance, len(point.seconds)) for point in found] == [(1e-8, 2), (1e-3, 2)]
    assert found[0].position_error == found[0].risk_error == 0.0
    assert 1e-6 < found[1].position_error < 1e-2
    still = measured(
        problem, reference, [Method("rest", lambda p, _: replace(Ours(BDF)(p, 1e-3), cloud=p.cloud), (0.0,))]
    )
    assert still[0].position_error == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("make", [BDF, Adaptive, Chebyshev], ids=["BDF", "Adaptive", "Chebyshev"])
def test_velocities_are_those_of_the_state(make: type) -> None:
    """Assert that every evaluation of the velocity of an adaptive method is counted."""
    problem = small()
    outcome = Ours(make)(problem, 1e-3)
    assert outcome.velocities > 5
    assert outcome.cloud is not problem.cloud


def test_fixed_steps_are_velocities() -> None:
    """Assert that gradient descent asks for one velocity a step."""
    assert Ours(lambda step: Euler(step=step))(small(), 0.5).velocities == 100


def test_seconds_at_an_error_are_interpolated_in_logarithms() -> None:
    """Assert that a power law is met between its points, and that nothing is said outside of them."""
    assert seconds_at(points("a", 1.0), 1e-3, 1) == pytest.approx(1e-3**-0.5, rel=1e-12)
    assert seconds_at(points("a", 1.0), 1e-5, 2) == pytest.approx(1.1 * 1e-5**-0.5, rel=1e-12)
    assert math.isnan(seconds_at(points("a", 1.0), 1e-7, 0))


def test_ratio_has_a_median_and_a_range() -> None:
    """Assert that a peer three times as slow is said to be, with errors out of reach left out."""
    both = [*points("Adaptive", 1.0), *points(PEER, 3.0)]
    assert ratios(both, "Adaptive", PEER, (1e-3, 1e-9)) == [
        f"{PEER} takes 3.00 (3.00 to 3.00) times as long as Adaptive for an error of 1e-03"
    ]
    assert ratios(points("Adaptive", 1.0), "Adaptive", PEER, (1e-3,)) == []


def test_quickest_of_the_others_is_named() -> None:
    """Assert that of methods that reach an error the one of the least seconds stands beside ours, below one or not."""
    some = [*points("Adaptive", 1.0), *points("BDF", 0.8), *points("Chebyshev", 2.0)]
    assert own_ratios(some, "Adaptive", ["BDF", "Chebyshev"], (1e-3, 1e-9)) == [
        "BDF, the quickest, takes 0.80 (0.80 to 0.80) of Adaptive for 1e-03"
    ]
    assert own_ratios(some, "BDF", ["Chebyshev", "none"], (1e-3,)) == [
        "Chebyshev, the quickest, takes 2.50 (2.50 to 2.50) of BDF for 1e-03"
    ]


def test_table_names_every_method_that_is_installed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Assert that a line is printed for each tolerance, that missing packages are passed over, and a picture drawn."""
    problem, figure = small(), tmp_path / "figure.png"
    methods = [Method("BDF", Ours(BDF), (1e-2, 1e-3), 1), Method("none", Ours(BDF), (1e-2,), 1, "no_such_package")]
    found = run(problem, Ours(BDF)(problem, 1e-7).cloud, methods, figure=figure)
    printed = capsys.readouterr().out
    assert [point.method for point in found] == ["BDF", "BDF"]
    assert printed.count("\nBDF ") == 2
    assert "none" not in printed
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_picture_shows_risks_on_demand(tmp_path: Path) -> None:
    """Assert that the picture of risks differs from that of positions."""
    shown = [replace(point, risk_error=0.5) for point in points("a", 1.0)]
    draw(shown, tmp_path / "positions.png", title="t")
    draw(shown, tmp_path / "risks.png", title="t", risk=True)
    assert (tmp_path / "positions.png").read_bytes() != (tmp_path / "risks.png").read_bytes()
