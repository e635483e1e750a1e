"""The contract suites reject every planted error, by the sentence of the check that is meant to see it."""

from collections.abc import Callable
from functools import partial

import pytest

from flows import LangevinFlow
from tests import planted
from tests.flows.contracts import members
from tests.flows.contracts.members import FlowMember, Make
from tests.flows.contracts.test_members import called
from tests.flows.problems.stationary import (
    CONFINEMENT,
    EQUAL,
    TEMPERATURE,
    Quadratic,
    check_stationary_law,
    stationary_scores,
)
from tests.tolerances import PLANTED_Z

#: (check, planted integrator, what the check must say).
INTEGRATORS: list[tuple[Callable[[Make], None], Make, str]] = [
    (members.check_order, planted.StaleTimeHeun, r"order 1\.\d+ on MeanAttraction, but 2.0 is claimed"),
    (members.check_order, planted.StaleMeasureHeun, r"order 1\.\d+ on MeanAttraction, but 2.0 is claimed"),
    (members.check_order, planted.StaleMeasureRK4, r"order 0\.9\d+ on MeanAttraction, but 4.0 is claimed"),
    (members.check_order, planted.FlatRK4, r"order 2\.\d+ on MeanAttraction, but 4.0 is claimed"),
    (members.check_order, planted.HalfEuler, r"order 0\.0\d+ on MeanAttraction, but 1.0 is claimed"),
    (members.check_inputs_unwritten, planted.OverwritingEuler, "passed in was written to"),
    (members.check_inputs_unwritten, planted.OverwritingHeun, "passed in was written to"),
    (members.check_fixed_points, planted.DecayingEuler, "a cloud at rest moved"),
    (members.check_masses_kept, planted.EqualisingEuler, "masses changed"),
    (members.check_dtype_and_device, planted.WideningEuler, "float32 became torch.float64"),
    (members.check_permutation, planted.SequentialEuler, "the order of the particles matters"),
    (members.check_splitting, planted.SequentialEuler, "splitting a particle changes the flow"),
    (members.check_splitting, planted.CountingEuler, "splitting a particle changes the flow"),
    (members.check_times, planted.SummingEuler, "times .* instead of"),
    (members.check_resume, planted.ForgetfulAdamsBashforth, "resumed at 0.7 the run ends elsewhere"),
    (members.check_resume, planted.GlobalMaruyama, "resumed at 0.7 the run ends elsewhere"),
    (members.check_no_order, planted.ProudBall, "order 1.0 is claimed"),
    (members.check_no_order, planted.ModestEuler, "halving the step brings it nearer to the flow"),
    (members.check_resume_from_states, planted.ForgetfulBall, "nothing is remembered"),
    (members.check_resume_from_states, planted.OverwritingBall, "resumed at 0.0 the run ends elsewhere"),
    (members.check_strong_order, planted.SameNoiseMaruyama, "strong order -0"),
    (members.check_strong_order, planted.SteadyMaruyama, "strong order -0"),
]

#: (check, planted flow, what the check must say).
FLOWS: list[tuple[Callable[[FlowMember], None], FlowMember, str]] = [
    (members.check_velocity, FlowMember("flipped", planted.FlippedFlow), "not the gradient"),
    (members.check_velocity, FlowMember("immobile", planted.ImmobileFlow), "not the gradient"),
    (members.check_velocity, FlowMember("loose", planted.LooseFlow), "not the gradient"),
    (members.check_rest, FlowMember("loose", planted.LooseFlow), "a frozen coordinate moves"),
    (members.check_pure, FlowMember("writing", planted.WritingFlow), "the cloud was written to"),
    (members.check_pure, FlowMember("widening", planted.WideningFlow), "float32 was not kept"),
    (members.check_dissipation, FlowMember("flipped", planted.FlippedFlow), "is dissipated"),
    (members.check_dissipation, FlowMember("immobile", planted.ImmobileFlow), "is dissipated"),
    (members.check_descent, FlowMember("flipped", planted.FlippedFlow), "the risk increases"),
]


@pytest.mark.parametrize(("check", "make", "told"), INTEGRATORS, ids=called)
def test_planted_integrator_is_rejected(check: Callable[[Make], None], make: Make, told: str) -> None:
    """Assert that the check meant to see this error says so."""
    with pytest.raises(AssertionError, match=told):
        check(make)


@pytest.mark.parametrize(("check", "member", "told"), FLOWS, ids=called)
def test_planted_flow_is_rejected(check: Callable[[FlowMember], None], member: FlowMember, told: str) -> None:
    """Assert that the check meant to see this error says so."""
    with pytest.raises(AssertionError, match=told):
        check(member)


def test_adams_bashforth_only_forgets() -> None:
    """Assert that the planted integrator that cannot be resumed is otherwise right: its order is the claimed one."""
    members.check_order(planted.ForgetfulAdamsBashforth)


@pytest.mark.parametrize("flow", [planted.FlippedFlow, planted.ImmobileFlow])
def test_planted_flow_of_linear_neurons_is_rejected(flow: members.FlowOf) -> None:
    """Assert that the closed form of linear neurons sees a wrong sign and a forgotten mobility."""
    with pytest.raises(AssertionError, match="the residual is off"):
        members.check_linear_neurons(flow)


#: A pairing with a cloud of each kind of masses it is exact for.
LAWS = [("joint", Quadratic()), ("measure", Quadratic(masses=EQUAL))]

without_root_two = partial(planted.ScaledNoiseFlow, strength=0.5**0.5)
five_percent_strong = partial(planted.ScaledNoiseFlow, strength=1.05)


@pytest.mark.parametrize(("pairing", "quadratic"), LAWS, ids=["joint", "measure"])
@pytest.mark.parametrize(
    "flow",
    [without_root_two, five_percent_strong, planted.ImmobileLangevinFlow],
    ids=["without root two", "5 % strong", "immobile"],
)
def test_planted_noise_is_rejected(flow: Callable[..., LangevinFlow], pairing: str, quadratic: Quadratic) -> None:
    """Assert that noise without the root of two, noise 5 % too strong and a drift without mobility stand out by more
    than ten standard errors."""
    wrong = flow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing)
    with pytest.raises(AssertionError, match="standard errors from the stationary law"):
        check_stationary_law(quadratic, wrong, pairing, level=PLANTED_Z)


@pytest.mark.parametrize("make", [planted.SameNoiseMaruyama, planted.SteadyMaruyama], ids=called)
def test_planted_noisy_integrator_breaks_the_stationary_law(make: Make) -> None:
    """Assert that one noise for all steps, and noise in proportion to the step, stand out by ten standard errors."""
    quadratic = Quadratic()
    right = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, "joint")
    with pytest.raises(AssertionError, match="standard errors from the stationary law"):
        check_stationary_law(quadratic, right, "joint", make, level=PLANTED_Z)


def test_other_pairing_breaks_the_stationary_law() -> None:
    """Assert that at unequal masses the two pairings have laws more than ten standard errors apart."""
    quadratic = Quadratic()
    measure = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, "measure")
    with pytest.raises(AssertionError, match="standard errors from the stationary law"):
        check_stationary_law(quadratic, measure, "joint", level=PLANTED_Z)


def test_scheme_without_its_bias_is_rejected() -> None:
    """Assert that the law in continuous time is told from the law of the scheme: the bias is no slack."""
    quadratic = Quadratic()
    flow = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, "joint")
    scores = stationary_scores(quadratic, flow, "joint", covariance=quadratic.covariance("joint", 1e-4))
    assert scores["whitened"] > PLANTED_Z
