"""Every adaptive integrator keeps the contract of its family, and the contract rejects planted errors."""

import itertools
from collections.abc import Callable

import pytest
import torch

from tests.flows.contracts import error_controlled, planted_adaptive
from tests.flows.contracts.error_controlled import ADAPTIVE, CHECKS, VELOCITY_CHECKS, Adaptive
from tests.long import long

#: The check that must reject a planted error, the error, and what the check then says.
PLANTED: list[tuple[Callable[[Adaptive], None], type, str]] = [
    (error_controlled.check_tolerance, planted_adaptive.Deaf, "falls as rtol"),
    (error_controlled.check_shared_contract, planted_adaptive.Overwriting, "was written to"),
    (error_controlled.check_dtype_and_device, planted_adaptive.Widening, "float32 became torch.float64"),
    (error_controlled.check_numbering, planted_adaptive.Favouring, "numbered otherwise"),
    (error_controlled.check_observed_times, planted_adaptive.Straight, "inside a step"),
    (error_controlled.check_ends, planted_adaptive.Overshooting, "the run ends at"),
    (error_controlled.check_ends, planted_adaptive.Slivering, "is a sliver"),
    (error_controlled.check_state_continues, planted_adaptive.Remembering, "a kept state continues otherwise"),
    (error_controlled.check_resume, planted_adaptive.Restarting, "the resumed run ends"),
    (error_controlled.check_work, planted_adaptive.Miscounting, "for .* steps"),
    (error_controlled.check_noise_refused, planted_adaptive.Willing, "DID NOT RAISE"),
    (error_controlled.check_unreachable, planted_adaptive.Creeping, "DID NOT RAISE"),
]


#: Runs at tolerances from 1e-6, for which these two take many small steps where training is not lazy.
LONG = [
    *((check, "Exponential") for check in (error_controlled.check_tolerance, error_controlled.check_numbering)),
    *((check, "Exponential") for check in (error_controlled.check_observed_times, error_controlled.check_resume)),
    (error_controlled.check_ends, "Exponential"),
    *((check, "Chebyshev") for check in (error_controlled.check_numbering, error_controlled.check_observed_times)),
]
KEPT = [long(*case) if case in LONG else case for case in itertools.product(CHECKS, ADAPTIVE)]


def called(value: object) -> str | None:
    """Test ids: the name of a check or a member; none for a sentence."""
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("check", "name"), KEPT, ids=called)
def test_adaptive_integrator_keeps_the_contract(check: Callable[[Adaptive], None], name: str) -> None:
    """Assert that an adaptive integrator meets its tolerance, its ends and its observers, and hands its state on."""
    check(ADAPTIVE[name])


@pytest.mark.parametrize("name", [name for name, member in ADAPTIVE.items() if member.any_flow])
@pytest.mark.parametrize("check", VELOCITY_CHECKS, ids=called)
def test_adaptive_integrator_of_any_flow_keeps_the_contract(check: Callable[[Adaptive], None], name: str) -> None:
    """Assert that one that takes velocities only counts them, and says where no step is short enough."""
    check(ADAPTIVE[name])


@pytest.mark.parametrize("name", ADAPTIVE)
def test_adaptive_integrator_stays_on_its_device(name: str, device: torch.device) -> None:
    """Assert that a float32 cloud stays in float32 on the device it came from."""
    error_controlled.check_dtype_and_device(ADAPTIVE[name], device)


@pytest.mark.parametrize(("check", "planted", "told"), PLANTED, ids=called)
def test_planted_adaptive_integrator_is_rejected(check: Callable[[Adaptive], None], planted: type, told: str) -> None:
    """Assert that the check meant for a planted error sees it and says so."""
    with pytest.raises((AssertionError, pytest.fail.Exception), match=told):
        check(Adaptive(planted, slope=1.0))


def test_every_check_has_rejected_something() -> None:
    """Assert that no check is in force that was never seen to reject."""
    assert {check for check, _, _ in PLANTED} == {*CHECKS, *VELOCITY_CHECKS}
