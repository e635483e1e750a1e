"""Every integrator and every flow keeps the contract of its family."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.flows.contracts import members
from tests.flows.contracts.members import (
    FLOW_CHECKS,
    FLOWS,
    INTEGRATOR_CHECKS,
    INTEGRATORS,
    NOISY_CHECKS,
    OPTIMISER_CHECKS,
    OPTIMISERS,
    STRONG,
    FlowMember,
    Make,
)


def called(value: Any) -> str:
    """Test ids: the name of a check or a member."""
    return str(getattr(value, "__name__", None) or getattr(value, "name", value))


@pytest.mark.parametrize("make", INTEGRATORS, ids=called)
@pytest.mark.parametrize("check", INTEGRATOR_CHECKS, ids=called)
def test_integrator_keeps_the_contract(check: Callable[[Make], None], make: Make) -> None:
    """Assert that an integrator has its order, writes nothing, respects symmetries, and ends and resumes exactly."""
    check(make)


@pytest.mark.parametrize("make", OPTIMISERS, ids=called)
@pytest.mark.parametrize("check", OPTIMISER_CHECKS, ids=called)
def test_optimiser_keeps_the_contract(check: Callable[[Make], None], make: Make) -> None:
    """Assert that an optimiser claims no order, writes nothing, respects symmetries, and goes on from its states."""
    check(make)


@pytest.mark.parametrize("make", STRONG, ids=called)
@pytest.mark.parametrize("check", NOISY_CHECKS, ids=called)
def test_noisy_integrator_keeps_the_contract(check: Callable[[Make], None], make: Make) -> None:
    """Assert that an integrator of noisy flows has its strong order."""
    check(make)


@pytest.mark.parametrize("make", INTEGRATORS + OPTIMISERS, ids=called)
def test_integrator_stays_on_its_device(make: Make, device: torch.device) -> None:
    """Assert that a float32 cloud stays in float32 on the device it came from."""
    members.check_dtype_and_device(make, device)


@pytest.mark.parametrize("member", FLOWS, ids=called)
@pytest.mark.parametrize("check", FLOW_CHECKS, ids=called)
def test_flow_keeps_the_contract(check: Callable[[FlowMember], None], member: FlowMember) -> None:
    """Assert that a flow is the gradient flow it says, descends, dissipates, and writes into nothing."""
    check(member)
