"""BDF: orders of its formulas, stiffness, losses and what it costs; its contract is in tests/flows/contracts."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from flows import BDF, RK4, Chebyshev, GradientFlow, StepNoise, evolve
from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.function_space.bdf import share
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.matrix_free import choice, preconditioner
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
from particles import (
    L2,
    NTK,
    CrossEntropy,
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    Risk,
    Scaling,
    Softplus,
    Squared,
    Tanh,
    ToleranceNotReached,
    Trajectory,
    masses,
    tangent_gram,
)
from runs.benchmarks.timed_flows import stiff_flow
from tests.flows.contracts.error_controlled import Kept, driven
from tests.flows.law.known_ends import columns_apart, one_logistic_datum, one_logistic_end
from tests.long import long_after
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import relative_error


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0)], ids=repr)
def test_linear_neurons_follow_the_matrix_exponential(scaling: Scaling) -> None:
    """Assert that the residual at rtol 1e-8 is exp(-K P t) r to 1e-7."""
    risk, start, until = network_risk(scaling, activation=Linear(), trained="hidden"), network_cloud(), 6.0
    end = evolve(GradientFlow(risk), start, BDF(rtol=1e-8), until=until)
    rates = tangent_gram(risk, start) * risk.data.weights
    exact = torch.linalg.matrix_exp(-until * rates) @ risk.residual(start)
    assert relative_error(risk.residual(end), exact) < 1e-7


def test_stiffness_costs_nothing() -> None:
    """Assert that a stiff flow takes one velocity a step, far fewer than a stabilised explicit method."""
    problem = stiff_flow(count=100, data=20, dim=8)
    works = []
    for integrator in (BDF(1e-3), Chebyshev(1e-3)):
        first = Kept(0.0, problem.cloud, integrator.init(problem.flow, problem.cloud))
        works.append(driven(integrator, problem.flow, first, problem.until)[-1].state.work)
    assert works[0].velocities == works[0].accepted + works[0].rejected + 1
    assert works[0].rejected < 0.1 * works[0].accepted
    assert 4 * works[0].velocities < works[1].velocities


def test_logarithmic_time_saves_steps() -> None:
    """Assert that a stiff flow in plain time takes half as many steps more, and ends in the same place."""
    problem, integrator = stiff_flow(count=100, data=20, dim=8), BDF(1e-5)
    at = Place(problem.flow, problem.cloud, 0.0, problem.until, 1)
    begun = integrator.ready(at, integrator.init(problem.flow, problem.cloud))
    ends = []
    for state in (begun, replace(begun, unit=math.inf)):
        ends.append(driven(integrator, problem.flow, Kept(0.0, problem.cloud, state), problem.until)[-1])
    logarithmic, plain = (end.state.work.accepted for end in ends)
    assert plain > 1.5 * logarithmic
    moved = (end.cloud.positions - problem.cloud.positions for end in ends)
    assert relative_error(*moved) < 3e-5


@pytest.mark.parametrize("scaling", long_after(1, [MeanField(), NTK()]), ids=repr)
def test_curved_loss_and_regulariser_stand_in_the_newton_matrix(scaling: Scaling) -> None:
    """Assert that cross-entropy with L2 and both layers trained comes out right, with hardly a step rejected."""
    targets = torch.nn.functional.one_hot(torch.arange(20) % 3).double()
    neuron = Perceptron(Tanh(), Identity(4), outputs=3, trained="both")
    risk = Risk(neuron, scaling, CrossEntropy(), Dataset(numbers(1, 20, 4), targets), L2(0.02))
    start = network_cloud().moved(numbers(4, 6, 4))
    start = type(start)(numbers(5, 6, 7), start.masses)
    flow, integrator = GradientFlow(risk), BDF(1e-6)
    reference = evolve(flow, start, RK4(step=0.01), until=10.0)
    last = driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), 10.0)[-1]
    moved = reference.positions - start.positions
    assert float((last.cloud.positions - reference.positions).norm() / moved.norm()) < 2e-5
    assert last.state.work.rejected < 0.1 * last.state.work.accepted


def test_cloud_at_rest_is_reached_in_one_step() -> None:
    """Assert that where nothing moves no step is too long."""
    risk, start = network_risk(), network_cloud()
    fitted = GradientFlow(risk.on(Dataset(risk.data.inputs, risk.predictions(start), risk.data.weights)))
    integrator = BDF(1e-6)
    taken = integrator.step(fitted, start, integrator.init(fitted, start), 0.0, 1e6, StepNoise(0, 0))
    assert taken.time == 1e6


def test_stiff_flow_is_right_against_a_tight_run() -> None:
    """Assert that the error relative to the distance moved is the tolerance up to a factor of three."""
    problem = stiff_flow(count=150, data=20, dim=8, activation=Softplus())
    tight = evolve(problem.flow, problem.cloud, BDF(1e-8), until=problem.until).positions
    loose = evolve(problem.flow, problem.cloud, BDF(1e-4), until=problem.until).positions
    assert float((loose - tight).norm() / (tight - problem.cloud.positions).norm()) < 3e-4


@pytest.mark.validation
@pytest.mark.parametrize("rtol", [1e-5, 1e-3])
def test_particles_left_out_cost_no_steps(rtol: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run of very unequal masses takes the steps that it takes with every particle in the matrix.

    More than the tolerance allows would be left out of K q, the function's change would be wrong, and steps tiny.
    """
    monkeypatch.setattr("flows.integrators.function_space.bdf.ROUGH_PRODUCTS", 0)
    neuron = Perceptron(Tanh(), Identity(3))
    risk = Risk(neuron, NTK(), Squared(), Dataset(numbers(1, 7, 3), numbers(2, 7, 1)))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    cloud = law.sample(masses=masses.asymmetrical(200, gamma=0.0, alpha=0.3), seed=0)

    def velocities() -> int:
        kept: list[Checkpoint[BDFState]] = []
        evolve(GradientFlow(risk), cloud, BDF(rtol), until=50.0, keep=kept.append)
        return kept[-1].state.work.velocities

    few = velocities()
    monkeypatch.setattr("flows.integrators.function_space.shifted_solve.NEGLIGIBLE", 0.0)
    every = velocities()
    assert few <= 1.2 * every
    monkeypatch.setattr("flows.integrators.function_space.shifted_solve.NEGLIGIBLE", 100.0)
    assert velocities() > 1.4 * every


@pytest.mark.usefixtures("without_shape_checks")  # which take most of the time of steps this small
@pytest.mark.parametrize(("start", "until"), [(-500.0, 1e6), (-50.0, 1e6), (-5.0, 1e4), (3.0, 1e6)])
def test_saturated_logistic_loss_is_left_where_the_formula_says(start: float, until: float) -> None:
    """Assert that one datum on the flat side of its loss comes to its closed form, within ten times the tolerance.

    An implicit step over the whole run goes 10^6 far where the curvature vanishes; nothing may be measured by that.
    """
    risk, cloud = one_logistic_datum(start)
    right = one_logistic_end(start, until)
    for rtol in (1e-2, 1e-4):
        end = evolve(GradientFlow(risk), cloud, BDF(rtol), until=until)
        assert abs(float(end.positions[0, 1]) - right) < 10.0 * rtol * abs(right - start)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("unit", [1e2, 1e4, 1e6])
def test_units_of_a_column_do_not_spoil_the_end(unit: float) -> None:
    """Assert that columns in units far apart end at the interpolating weights, within ten times the tolerance."""
    risk, cloud, way = columns_apart(unit)
    end = evolve(GradientFlow(risk), cloud, BDF(1e-6), until=1e3)
    assert relative_error((end.positions - cloud.positions)[:, :2], way) < 1e-5


@pytest.mark.usefixtures("without_shape_checks")
def test_units_that_rounding_hides_are_refused() -> None:
    """Assert that where float64 has not the digits the run ends in a sentence with the advice to standardise."""
    risk, cloud, _ = columns_apart(1e11)
    with pytest.raises(ToleranceNotReached, match="standardise the columns of the inputs"):
        evolve(GradientFlow(risk), cloud, BDF(1e-8), until=1e6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_coordinates_that_are_not_trained_stay_to_the_bit(dtype: torch.dtype) -> None:
    """Assert that interpolating the path moves no frozen coordinate, however many steps are taken."""
    cloud = network_cloud(dtype=dtype)
    end = evolve(GradientFlow(network_risk(trained="hidden")), cloud, BDF(1e-5), until=100.0)
    assert torch.equal(end.positions[:, 3], cloud.positions[:, 3])
    assert not torch.equal(end.positions[:, :3], cloud.positions[:, :3])


@pytest.mark.usefixtures("without_shape_checks")
def test_small_targets_are_learned_like_large_ones() -> None:
    """Assert that targets times 10^-9 from a function of zero leave the error relative to the way as it was."""
    risk = network_risk(NTK(), activation=Linear(), trained="output")
    start = network_cloud()
    start = start.moved(torch.cat([start.positions[:, :3], torch.zeros(6, 1).double()], dim=1))
    ends = []
    for size in (1.0, 1e-9):
        data = Dataset(risk.data.inputs, size * risk.data.targets, risk.data.weights)
        ends.append(evolve(GradientFlow(risk.on(data)), start, BDF(1e-6), until=5.0).positions[:, 3] / size)
    assert relative_error(ends[1], ends[0]) < 1e-5


@pytest.mark.usefixtures("without_shape_checks")
def test_curvature_of_neurons_ends_a_crawl() -> None:
    """Assert that a flow which is stiff by the curvature of its neurons is done in few steps, and right.

    One hidden weight whose neuron cannot fit its targets: the residual stays, and so does its curvature.
    """
    x, y = torch.tensor([[300.0], [-200.0], [100.0]]).double(), torch.tensor([-5.0, 3.0, 4.0]).double()
    risk = Risk(Perceptron(Tanh(), Identity(1), trained="both"), NTK(), Squared(), Dataset(x, y))
    cloud = ParticleCloud(torch.tensor([[0.02, 1.0], [0.01, -0.5]], dtype=torch.float64))
    kept: list[Checkpoint[BDFState]] = []
    end = evolve(GradientFlow(risk), cloud, BDF(1e-4), until=1e4, keep=kept.append)
    tight = evolve(GradientFlow(risk), cloud, BDF(1e-7), until=1e4)
    assert relative_error(end.positions - cloud.positions, tight.positions - cloud.positions) < 1e-3
    assert kept[-1].state.work.accepted < 3000


def test_matrix_is_rough_where_that_saves_time() -> None:
    """Assert that 2000 particles and 100 numbers have a rough matrix, unless a trial has failed or rtol is tight.

    Smaller clouds and runs that have not begun have an exact one.
    """
    scales = Scales(torch.zeros(2000, 1), torch.zeros(100), 0.0, 0.0)
    large = BDFState((torch.zeros(2000, 1),), (0.0,), scales=scales)
    assert BDF(1e-4).rough(large) == 1e-4
    assert BDF(1e-7).rough(large) == BDF(1e-4).rough(replace(large, failed=1)) == 0.0
    assert BDF(1e-4).rough(replace(large, points=(torch.zeros(900, 1),))) == 0.0
    assert BDF(1e-4).rough(replace(large, scales=None)) == 0.0


@pytest.mark.parametrize(
    ("work", "part"), [(1, 0.125), (10**4, 0.125), (10**5, 0.125**0.5), (10**6, 1.0), (10**9, 1.0)]
)
def test_steps_of_large_problems_may_err_by_more(work: int, part: float) -> None:
    """Assert that the part of the tolerance goes from an eighth to one between ten thousand and a million numbers."""
    assert share(work) == pytest.approx(part, rel=1e-12)


def test_small_problems_step_with_an_eighth_of_the_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a small problem takes the steps that a large one would take with an eighth of its tolerance."""
    flow, start = GradientFlow(network_risk()), network_cloud()
    small = evolve(flow, start, BDF(8e-3), until=5.0).positions
    monkeypatch.setattr("flows.integrators.function_space.bdf.STRICTEST", 1.0)
    assert torch.equal(small, evolve(flow, start, BDF(1e-3), until=5.0).positions)
    assert not torch.equal(small, evolve(flow, start, BDF(8e-3), until=5.0).positions)


def many_data(data: int = 60) -> tuple[GradientFlow, ParticleCloud, float]:
    """A flow that is solved by products where those are taken from fewer data on than by default."""
    problem = stiff_flow(count=100, data=data, dim=8, activation=Tanh())
    return problem.flow, problem.cloud, problem.until


@pytest.mark.parametrize("rtol", [1e-3, 1e-7])
def test_products_end_where_gram_matrices_do(rtol: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without Gram matrices a run ends within its tolerance of one with them, in about as many steps."""
    flow, start, until = many_data()
    states: list[Checkpoint[BDFState]] = []
    dense = evolve(flow, start, BDF(rtol), until=until, keep=states.append)
    steps = len(states)
    monkeypatch.setattr(choice, "PRODUCTS", 10)
    monkeypatch.setattr("particles.risk.risk.RiskAt.gram", lambda *given: pytest.fail("a Gram matrix was formed"))
    monkeypatch.setattr(preconditioner, "COLUMNS", 20)
    end = evolve(flow, start, BDF(rtol), until=until, keep=states.append)
    assert relative_error(end.positions - start.positions, dense.positions - start.positions) < rtol
    assert abs(len(states) - 2 * steps) < 0.1 * steps
    sketches = [state.state.preconditioner.sketch for state in states[steps:] if state.state.preconditioner]
    assert sketches[-1] is not None and sketches[0] is None


def test_resumed_iterations_go_on_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that from a state kept in a file, after a preconditioner was made, a run ends to the bit as it would.

    Where the file's sketch is left out the end has other bits, so it is used.
    """
    monkeypatch.setattr(choice, "PRODUCTS", 10)
    monkeypatch.setattr(preconditioner, "WORTH", 3)
    monkeypatch.setattr(preconditioner, "COLUMNS", 20)
    flow, start, until = many_data()
    states: list[Checkpoint[BDFState]] = []
    whole = evolve(flow, start, BDF(1e-3), until=until, keep=states.append)
    made = [state for state in states if state.state.preconditioner and state.state.preconditioner.sketch]
    middle = made[len(made) // 2]
    with Trajectory.create(tmp_path / "run.h5", flow=flow, seed=0) as trajectory:
        trajectory.keep(middle)
        held = trajectory.kept(CHECKPOINTED)
    assert held.state.preconditioner.sketch is not middle.state.preconditioner.sketch
    end = evolve(flow, start, BDF(1e-3), until=until, resume=held)
    assert torch.equal(end.positions, whole.positions)
    without = replace(held, state=replace(held.state, preconditioner=None))
    assert not torch.equal(evolve(flow, start, BDF(1e-3), until=until, resume=without).positions, whole.positions)
