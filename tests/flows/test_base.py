"""The protocols: what counts as a flow, and which parts it has."""

from dataclasses import FrozenInstanceError

import pytest
import torch

from flows import (
    BAOAB,
    Advance,
    Euler,
    Every,
    Flow,
    GradientFlow,
    GrowingFlow,
    LangevinFlow,
    LogSpaced,
    NoisyFlow,
    NTKFlow,
    Observer,
    Part,
    Schedule,
    Trace,
    parts,
)
from flows.base import Together, declared
from particles import ParticleCloud
from particles.shapes import PerParticle
from tests.problems import MeanAttraction, ShakenAttraction, network_risk, small_cloud


class Growing(MeanAttraction):
    """A flow written by a user whose masses evolve."""

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """Half of every mass per unit time."""
        return -0.5 * torch.ones_like(cloud.masses)


class GrowingAndShaken(ShakenAttraction, Growing):
    """A flow of all three parts."""


def test_parts_are_read_off_the_methods() -> None:
    """Assert that a velocity is transport, a diffusion noise, a growth growth, in any combination."""
    assert parts(MeanAttraction()) == {Part.TRANSPORT}
    assert parts(ShakenAttraction()) == {Part.TRANSPORT, Part.NOISE}
    assert parts(Growing()) == {Part.TRANSPORT, Part.GROWTH}
    assert parts(GrowingAndShaken()) == {Part.TRANSPORT, Part.NOISE, Part.GROWTH}


def test_parts_of_the_flows_of_a_risk() -> None:
    """Assert that the gradient flows are transport only and the Langevin flow has noise, even when it is cold."""
    assert parts(GradientFlow(network_risk())) == {Part.TRANSPORT}
    assert parts(NTKFlow(network_risk())) == {Part.TRANSPORT}
    assert parts(LangevinFlow(network_risk(), 0.0)) == {Part.TRANSPORT, Part.NOISE}


def test_an_object_with_a_velocity_is_a_flow() -> None:
    """Assert that a flow needs no base class, and that an object without velocity is none."""
    assert isinstance(MeanAttraction(), Flow)
    assert not isinstance(small_cloud(), Flow)
    assert not isinstance(MeanAttraction(), NoisyFlow)
    assert not isinstance(ShakenAttraction(), GrowingFlow)


def test_a_function_is_an_observer_but_no_schedule() -> None:
    """Assert that only observers that say when they are due are schedules."""

    def look(step: int, time: float, cloud: ParticleCloud) -> None:
        """See nothing."""

    assert isinstance(look, Observer)
    assert not isinstance(look, Schedule)
    assert not isinstance(Trace(mass=lambda cloud: cloud.masses.sum()), Schedule)
    assert isinstance(Every(2, look), Schedule)
    assert isinstance(LogSpaced(1.0, 2.0, 3, look), Schedule)


def test_advance_is_frozen_and_has_no_dense_output_by_default() -> None:
    """Assert that what a step returns cannot be changed, and knows no cloud in between unless it says so."""
    taken = Advance(0.1, small_cloud(), None)
    assert taken.between is None
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'time'"):
        taken.time = 0.2


def test_what_a_class_declares_is_its_own() -> None:
    """Assert that a class that may have changed a formula does not inherit what its base says of it."""

    class Changed(GradientFlow):
        """The flow of a user's."""

    assert declared(GradientFlow, "stackable") is True and declared(GradientFlow, "nothing") is None
    assert Changed.stackable is True and declared(Changed, "stackable") is None
    assert declared(Euler, "together") is Together.ONE_GRID and declared(BAOAB, "together") is None
