"""Our errors are also the built-ins a caller would expect, and carry what a caller needs."""

import pickle

import pytest

from particles import (
    FlowDiverged,
    FlowRefused,
    MassError,
    RankFailed,
    RankLost,
    ShapeError,
    ToleranceNotReached,
    TrajectoryError,
    TransportUnsolved,
    Unresolved,
    errors,
)

PARENTS: list[tuple[type[Exception], type[Exception]]] = [
    (ShapeError, ValueError),
    (MassError, ValueError),
    (FlowRefused, TypeError),
    (FlowDiverged, ArithmeticError),
    (ToleranceNotReached, ArithmeticError),
    (RankFailed, RuntimeError),
    (RankLost, RuntimeError),
    (TransportUnsolved, RuntimeError),
    (TrajectoryError, OSError),
    (Unresolved, ArithmeticError),
    (Unresolved, ValueError),
]


@pytest.mark.parametrize(("error", "builtin"), PARENTS)
def test_error_is_the_builtin_one_would_expect(error: type[Exception], builtin: type[Exception]) -> None:
    """Assert that who catches the built-in catches ours."""
    assert issubclass(error, builtin)


def test_divergence_says_where_and_how_many() -> None:
    """Assert that the sentence and the attributes name step, time and the particles concerned."""
    sentence = "diverged at step 7, time 0.35: 2 of 10 particles are not finite; take a smaller step"
    with pytest.raises(FlowDiverged, match=sentence) as caught:
        raise FlowDiverged(step=7, time=0.35, particles=2, count=10)
    assert (caught.value.step, caught.value.time, caught.value.particles) == (7, 0.35, 2)


def test_unreached_tolerance_says_where_and_how_short() -> None:
    """Assert that the sentence and the attributes name step, time, the step tried and what failed."""
    sentence = "not reached at step 7, time 0.35: even with a step of 1e-09 the error grew; loosen the tolerance"
    with pytest.raises(ToleranceNotReached, match=sentence) as caught:
        raise ToleranceNotReached(step=7, time=0.35, size=1e-9, reason="the error grew")
    assert (caught.value.step, caught.value.time, caught.value.size) == (7, 0.35, 1e-9)


def test_every_error_is_tested() -> None:
    """Assert that the list above names every error of the module."""
    defined = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert defined == {ours for ours, _ in PARENTS}


@pytest.mark.parametrize(
    "error",
    [
        FlowDiverged(step=3, time=0.5, particles=2, count=7),
        ToleranceNotReached(step=4, time=1.5, size=1e-9, reason="the error is too large"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_comes_back_from_another_process_whole(error: Exception) -> None:
    """Assert that what process pools do to errors keeps the sentence and every number."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
