"""The bound on steps: against eigenvalues, against what really is stable, and where it refuses."""

import re
from dataclasses import replace

import pytest
import torch

from flows import (
    RK4,
    Euler,
    EulerMaruyama,
    GradientFlow,
    Heun,
    LangevinFlow,
    NTKFlow,
    StepBound,
    StepNoise,
    UnderdampedFlow,
    evolve,
)
from flows.integrators.fixed_step.grid import FixedStep
from flows.integrators.step_bound import largest_eigenvalue, ritz_bound
from particles import (
    L2,
    NTK,
    CrossEntropy,
    Dataset,
    Lazy,
    Linear,
    Logistic,
    MeanField,
    ParticleCloud,
    Risk,
    Scaling,
    tangent_gram,
)
from tests.problems import Still, network_cloud, network_risk, numbers


def written_out(risk: Risk, cloud: ParticleCloud) -> float:
    """The largest eigenvalue of K P C, all three written out; C by differences of the residual in the prediction."""
    predictions, targets, weights = risk.predictions(cloud), risk.data.targets, risk.data.weights
    n, k = targets.shape
    curvature, small = torch.zeros(n * k, n * k, dtype=torch.float64), 1e-6
    for c in range(k):
        shift = torch.zeros_like(predictions)
        shift[:, c] = small
        slope = risk.loss.residual(predictions + shift, targets) - risk.loss.residual(predictions - shift, targets)
        for i in range(n):
            curvature[i * k : (i + 1) * k, i * k + c] = weights[i] * slope[i] / (2.0 * small)
    return float(torch.linalg.eigvals(tangent_gram(risk, cloud) @ curvature).real.max())


def classified(loss: Logistic | CrossEntropy) -> Risk:
    """`network_risk` with three outputs and classes for targets."""
    risk = network_risk(NTK(), outputs=3)
    largest = risk.data.targets == risk.data.targets.max(dim=1, keepdim=True).values
    targets = largest.double() if isinstance(loss, CrossEntropy) else 2.0 * largest.double() - 1.0
    return replace(risk, loss=loss, data=Dataset(risk.data.inputs, targets, risk.data.weights))


@pytest.mark.parametrize("scaling", [NTK(), MeanField(), Lazy(3.0)], ids=str)
@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
def test_eigenvalue_is_that_of_the_written_matrix(scaling: Scaling, trained: str) -> None:
    """Assert that Lanczos gives the largest eigenvalue of K P, weighted data and two outputs, to a part of 1e-4."""
    risk, cloud = network_risk(scaling, trained=trained, outputs=2), network_cloud(2)
    exact = written_out(risk, cloud)
    assert exact * (1.0 - 1e-9) < largest_eigenvalue(risk, cloud) < exact * (1.0 + 2e-4)


@pytest.mark.parametrize("loss", [Logistic(), CrossEntropy()], ids=str)
def test_curvature_of_the_loss_is_part_of_it(loss: Logistic | CrossEntropy) -> None:
    """Assert that for losses that are not quadratic the eigenvalue is that of K P C."""
    risk, cloud = classified(loss), network_cloud(3)
    assert largest_eigenvalue(risk, cloud) == pytest.approx(written_out(risk, cloud), rel=2e-4)


def test_single_precision_gives_the_same() -> None:
    """Assert that a float32 cloud has the eigenvalue of the float64 one."""
    risk = network_risk(NTK())
    single = largest_eigenvalue(risk, network_cloud(dtype=torch.float32))
    assert single == pytest.approx(largest_eigenvalue(risk, network_cloud()), rel=1e-4)


def test_ritz_bound_is_an_upper_bound_from_any_start() -> None:
    """Assert that the bound is at most a part of 1e-4 above the largest eigenvalue, for clustered eigenvalues too."""
    basis = torch.linalg.qr(numbers(4, 40, 40))[0]
    values = torch.cat([torch.linspace(0.99, 1.0, 10), torch.linspace(0.0, 0.5, 30)]).double()
    matrix = basis @ torch.diag(values) @ basis.T
    for seed in range(5):
        first = numbers(seed, 40)
        bound = ritz_bound(lambda vector: matrix @ vector, first / first.norm())
        assert 1.0 - 1e-4 < bound < 1.0 + 2e-4


def test_ritz_bound_ends_where_the_vector_is_an_eigenvector() -> None:
    """Assert that one product is enough then, and that nothing is divided by zero."""
    asked = []
    first = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    assert ritz_bound(lambda vector: asked.append(1) or 3.0 * vector, first) == pytest.approx(3.0)
    assert len(asked) == 1


@pytest.mark.parametrize("integrator", [Euler, Heun, RK4], ids=lambda kind: kind.__name__)
def test_bound_is_where_stability_ends(integrator: type[FixedStep]) -> None:
    """Assert that linear neurons, whose K is constant, descend at 0.95 of the bound and blow up at 1.05 of it."""
    risk, cloud = network_risk(MeanField(), activation=Linear(), trained="hidden"), network_cloud()
    flow = GradientFlow(risk)
    sizes = [integrator(StepBound(safety)).resolved(flow, cloud).size for safety in (0.95, 1.05)]
    ends = [risk(evolve(flow, cloud, integrator(size), until=100.0 * size)) for size in sizes]
    assert float(ends[0]) < float(risk(cloud))
    assert float(ends[1]) > 100.0 * float(risk(cloud))


def test_interval_is_that_of_the_method() -> None:
    """Assert that Euler, Heun and Euler-Maruyama get 2 / lambda and RK4 the real root of its own polynomial."""
    flow, cloud = GradientFlow(network_risk()), network_cloud()
    rate = largest_eigenvalue(flow.risk, cloud)
    for integrator in (Euler, Heun, EulerMaruyama):
        assert integrator(StepBound()).resolved(flow, cloud).size == pytest.approx(2.0 / rate)
    longest = RK4(StepBound()).resolved(flow, cloud).size * rate
    assert 1.0 - longest + longest**2 / 2.0 - longest**3 / 6.0 + longest**4 / 24.0 == pytest.approx(1.0, abs=1e-12)


def test_regulariser_and_confinement_shorten_the_step() -> None:
    """Assert that linear decays are added to the eigenvalue, for the flow's own scaling of mobilities and masses."""
    cloud, bound = network_cloud(), StepBound(1.0)
    for scaling in (MeanField(), NTK()):
        risk = network_risk(scaling)
        rate, decays = largest_eigenvalue(risk, cloud), scaling.mobility(cloud.masses) * cloud.masses
        for flow in (
            GradientFlow(replace(risk, regulariser=L2(0.7))),
            LangevinFlow(risk, 0.1, confinement=0.7),
            LangevinFlow(replace(risk, regulariser=L2(0.3)), 0.1, confinement=0.4),
        ):
            assert bound.longest_step(flow, cloud) == pytest.approx(2.0 / (rate + 0.7 * float(decays.max())))


def test_flow_in_ntk_scaling_is_bounded_in_that() -> None:
    """Assert that the eigenvalue is that of the flow's own risk, not of the one it was made from: K is the same in both
    scalings, but predictions, and with them the curvature of the logistic loss, are not."""
    risk, cloud = replace(classified(Logistic()), scaling=MeanField()), network_cloud(3)
    flow = NTKFlow(risk)
    assert StepBound(1.0).longest_step(flow, cloud) == pytest.approx(2.0 / largest_eigenvalue(flow.risk, cloud))
    assert largest_eigenvalue(flow.risk, cloud) != pytest.approx(largest_eigenvalue(risk, cloud), rel=1e-3)


def test_evolve_takes_it_for_a_step_in_both_places() -> None:
    """Assert that Euler(step=StepBound(0.5)) and evolve(..., step=StepBound(0.5)) run with the number it gives."""
    flow, cloud = GradientFlow(network_risk()), network_cloud()
    size = StepBound(0.5).longest_step(flow, cloud)
    given = evolve(flow, cloud, Euler(size), until=20.0)
    assert torch.equal(evolve(flow, cloud, Euler(step=StepBound(0.5)), until=20.0).positions, given.positions)
    assert torch.equal(evolve(flow, cloud, Euler(), step=StepBound(0.5), until=20.0).positions, given.positions)


def test_resolved_integrator_resumes_bit_for_bit() -> None:
    """Assert that with the number recorded a resumed run gives the bits of the whole one, and with the rule it does
    not, as the bound is another where the run is resumed."""
    flow, cloud, rule = GradientFlow(network_risk()), network_cloud(), Euler(StepBound(0.5))
    recorded = rule.resolved(flow, cloud)
    whole = evolve(flow, cloud, rule, until=20.0)
    half = evolve(flow, cloud, recorded, until=3.0 * recorded.size)
    rest = {"until": 20.0, "time": 3.0 * recorded.size, "index": 3}
    assert torch.equal(evolve(flow, half, recorded, **rest).positions, whole.positions)
    assert not torch.equal(evolve(flow, half, rule, **rest).positions, whole.positions)


def test_number_is_its_own_resolution() -> None:
    """Assert that an integrator with a number is left as it is, and two rules for one run are refused."""
    flow, cloud = GradientFlow(network_risk()), network_cloud()
    assert Euler(0.1).resolved(flow, cloud) == Euler(0.1)
    with pytest.raises(
        ValueError, match=re.escape("Euler has step 0.1 but evolve was given step StepBound(safety=0.5)")
    ):
        evolve(flow, cloud, Euler(0.1), step=StepBound(0.5), until=1.0)


def test_unresolved_step_by_hand_is_refused() -> None:
    """Assert that who steps by hand is told to resolve the rule first."""
    flow, cloud, integrator = GradientFlow(network_risk()), network_cloud(), Euler(StepBound(0.5))
    with pytest.raises(TypeError, match=r"StepBound\(safety=0.5\) is not a number yet; call Euler\(...\).resolved"):
        integrator.init(flow, cloud)
    with pytest.raises(TypeError, match="is not a number yet"):
        integrator.step(flow, cloud, None, 0.0, 1.0, StepNoise(0, 0))


@pytest.mark.parametrize("safety", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_safety_is_refused(safety: float) -> None:
    """Assert that a safety that is not positive and finite is refused."""
    with pytest.raises(ValueError, match="The safety of StepBound is .*, but a positive finite number is needed"):
        StepBound(safety)


def test_flows_without_a_bound_are_refused() -> None:
    """Assert that a flow without a risk, one with inertia and one without curvature are each told to give a step."""
    cloud = network_cloud()
    with pytest.raises(TypeError, match="gradient flow of a risk, which Still is not; give a step"):
        StepBound().longest_step(Still(), cloud)
    with pytest.raises(TypeError, match="which UnderdampedFlow is not; give a step"):
        StepBound().longest_step(UnderdampedFlow(network_risk(), 0.1, friction=1.0), cloud)
    silent = network_risk(trained="hidden")
    mute = cloud.moved(torch.cat([cloud.positions[:, :3], torch.zeros(6, 1, dtype=torch.float64)], dim=1))
    with pytest.raises(ValueError, match="which bounds no step; give a step"):
        StepBound().longest_step(GradientFlow(silent), mute)
