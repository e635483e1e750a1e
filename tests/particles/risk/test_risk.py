"""The velocity is minus mobility times the gradient of the risk: against autograd, against differences, by symmetry."""

import gc
import itertools
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from particles import (
    L2,
    NTK,
    Activation,
    CrossEntropy,
    Dataset,
    Identity,
    Lazy,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    ShapeError,
    Squared,
    Tanh,
    masses,
)
from tests.draws import normals, unequal
from tests.particles.risk.contracts import risk as contract
from tests.particles.risk.contracts.members import ACTIVATIONS, LOSSES, NEURONS, SCALINGS, TRAINED, Map, name_of
from tests.particles.risk.contracts.plain import PlainRisk, cloud, dataset, example
from tests.particles.risk.contracts.planted.risks import PLANTED_RISKS
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import SLOPE, assert_identical, relative_error

Plain = Callable[[Tensor, Tensor], Tensor]
STRENGTHS = [None, 0.3]
SCALING_MEMBERS = [member for member, _, _ in SCALINGS]

every_activation = pytest.mark.parametrize(("activation", "sigma"), ACTIVATIONS, ids=name_of)
every_loss = pytest.mark.parametrize(("loss", "plain", "counts"), [(a, b, d) for a, b, _, d in LOSSES], ids=name_of)
every_trained = pytest.mark.parametrize("trained", TRAINED)
#: Nine tenths of the time of small risks are checks of shapes, which all other tests have on.
unchecked = pytest.mark.usefixtures("without_shape_checks")


def risks(activation: Activation, loss: Loss, counts: list[int], trained: str) -> Iterator[Risk]:
    """Every scaling, number of outputs, and strength of the regulariser, on weighted data."""
    for (scaling, _, _), outputs, strength in itertools.product(SCALINGS, counts, STRENGTHS):
        neuron = Perceptron(activation, Identity(3), outputs, trained)
        yield Risk(neuron, scaling, loss, dataset(loss, outputs), None if strength is None else L2(strength))


@unchecked
@every_trained
@every_loss
@every_activation
def test_velocity_is_that_of_autograd(
    activation: Activation, sigma: Map, loss: Loss, plain: Plain, counts: list[int], trained: str
) -> None:
    """Assert that risk and velocity agree to rounding with a plainly written risk differentiated by autograd."""
    formulas = {scaling: (factor, mobility) for scaling, factor, mobility in SCALINGS}
    for risk in risks(activation, loss, counts, trained):
        reference = PlainRisk(sigma, plain, *formulas[risk.scaling], trained, risk.strength)
        at = cloud(risk.data.inputs, risk.data.outputs)
        expected = reference(at.positions, at.masses, risk.data)
        assert_identical(risk(at), expected, claim=f"Risk: {risk}.")
        velocity = reference.velocity(at.positions, at.masses, risk.data)
        assert_identical(risk.velocity(at), velocity, claim=f"Velocity: {risk}.")


@unchecked
@every_trained
@every_loss
@every_activation
def test_velocity_is_the_slope_of_the_risk(
    activation: Activation, sigma: Map, loss: Loss, plain: Plain, counts: list[int], trained: str
) -> None:
    """Assert that extrapolated differences of the risk itself give the velocity to 1e-9, no autograd involved."""
    for risk in risks(activation, loss, counts, trained):
        error = contract.slope_error(risk, cloud(risk.data.inputs, risk.data.outputs))
        assert error < SLOPE, f"{risk}: {error:.2g}"


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("scaling", SCALING_MEMBERS, ids=name_of)
def test_risk_keeps_the_law(scaling: Scaling, law: contract.Law) -> None:
    """Assert that a risk of this scaling keeps this law."""
    law(*example(scaling=scaling))


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_risk_of_every_neuron_keeps_the_law(neuron: Perceptron, law: contract.Law) -> None:
    """Assert that a risk of this neuron, a user's among them, keeps this law."""
    outputs = getattr(neuron, "outputs", 1)
    at = ParticleCloud(normals(7, neuron.dim, seed=95), unequal(7))
    law(Risk(neuron, NTK(), Squared(), dataset(Squared(), outputs), L2(0.2)), at)


@pytest.mark.parametrize(("risk", "law", "claim"), PLANTED_RISKS, ids=name_of)
def test_law_rejects_the_planted_risk(risk: Risk, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted risk breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(risk, cloud(risk.data.inputs, 2))


@pytest.mark.parametrize("scaling", SCALING_MEMBERS, ids=name_of)
def test_vanishing_masses_give_finite_velocities(scaling: Scaling) -> None:
    """Assert that a steep Zipf law in float32, with masses below the normal numbers, moves nobody to infinity."""
    lam = masses.zipf(30_000, 0.1).float()
    assert 0.0 < float(lam.min()) < torch.finfo(torch.float32).tiny
    risk, _ = example(scaling=scaling, dtype=torch.float32)
    at = ParticleCloud(normals(len(lam), 5, seed=96, dtype=torch.float32), lam)
    assert bool(risk.velocity(at).isfinite().all())


def test_potential_slopes_down_along_the_velocity() -> None:
    """Assert that under MeanField the velocity is minus the gradient of the potential, the cloud held fixed."""
    risk, at = example()
    axes = torch.eye(at.dim).to(at.positions)
    slopes = [derivative(lambda step, e=e: risk.potential(at, at.positions + step * e)) for e in axes]
    assert relative_error(risk.velocity(at), -torch.stack(slopes, dim=1)) < SLOPE


def test_potential_is_the_first_variation_of_the_risk() -> None:
    """Assert that dR/dt at masses lambda + t (mu - lambda) is sum_j (mu_j - lambda_j) V(theta_j) under MeanField."""
    risk, at = example()
    change = unequal(at.count).flip(0) - at.masses
    slope = derivative(lambda step: risk(at.reweighted(at.masses + step * change)))
    assert relative_error(change @ risk.potential(at), slope) < SLOPE


def test_regulariser_pulls_trained_coordinates_by_mass() -> None:
    """Assert that with no residual the velocity is -eta_j lambda_j strength theta_j where trained, zero elsewhere."""
    _, at = example()
    for scaling, trained in itertools.product([MeanField(), NTK(), Lazy(2.0)], TRAINED):
        neuron = Perceptron(Tanh(), Identity(3), 2, trained)
        inputs = normals(4, 3, seed=99)
        fitted = Risk(neuron, scaling, Squared(), Dataset(inputs, torch.zeros(4, 2).to(inputs)), L2(0.7))
        fitted = fitted.on(Dataset(inputs, fitted.predictions(at)))
        expected = torch.zeros_like(at.positions)
        columns = neuron.trained_columns
        rate = 0.7 * scaling.mobility(at.masses) * at.masses
        expected[:, columns] = -rate[:, None] * at.positions[:, columns]
        assert_identical(fitted.velocity(at), expected)


RATES, STRENGTH = {"hidden": 3.0, "output": 0.2}, {"hidden": 0.1, "output": 0.7}


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize(("scaling", "factor", "mobility"), SCALINGS, ids=name_of)
def test_groups_move_at_their_own_rates(scaling: Scaling, factor: Map, mobility: Map, trained: str) -> None:
    """Assert that velocity and risk are those of autograd, with a rate and a strength of L2 for each group."""
    neuron = Perceptron(Tanh(), Identity(3), 2, trained)
    risk, at = example(neuron=neuron, scaling=replace(scaling, rates=RATES), strength=None)
    risk = replace(risk, regulariser=L2(STRENGTH))
    plain = PlainRisk(torch.tanh, LOSSES[0][1], factor, mobility, trained, 0.0)
    rates, strength = (
        torch.tensor([x] * 3 + [y] * 2, dtype=torch.float64) for x, y in (RATES.values(), STRENGTH.values())
    )
    moves = plain.moves(at.positions)
    pull = mobility(at.masses)[:, None] * at.masses[:, None] * strength * moves * at.positions
    expected = rates * (plain.velocity(at.positions, at.masses, risk.data) - pull)
    assert_identical(risk.velocity(at), expected)
    penalty = 0.5 * at.masses @ (at.positions.square() @ (strength * moves))
    assert_identical(risk(at), plain(at.positions, at.masses, risk.data) + penalty)
    here = risk.at(at)
    relaxation = here.velocity - here.pull(-here.cotangents)
    assert_identical(relaxation, torch.zeros_like(pull) if here.relaxation is None else here.relaxation)
    bare = replace(risk, regulariser=None).potential(at)
    assert_identical(risk.potential(at), bare + 0.5 * at.positions.square() @ (strength * moves))


def test_a_rate_of_zero_freezes_a_group_exactly() -> None:
    """Assert that no bit of its coordinates moves, with a regulariser too, and that the others move as ever."""
    free, at = example()
    frozen = replace(free, scaling=replace(free.scaling, rates={"output": 0.0}))
    velocity = frozen.velocity(at)
    assert not velocity[:, 3:].any()
    assert_identical(velocity[:, :3], free.velocity(at)[:, :3])


def test_strengths_of_groups_are_one_where_trained_groups_agree() -> None:
    """Assert that what is not trained does not count, so that the risk is the plain one to the bit."""
    risk, at = example(neuron=Perceptron(Tanh(), Identity(3), 2, "output"), strength=0.7)
    grouped = replace(risk, regulariser=L2(STRENGTH))
    assert grouped.strength == 0.7 and torch.equal(grouped.velocity(at), risk.velocity(at))
    assert replace(risk, regulariser=L2({"hidden": 0.1})).strength == 0.0


def test_strengths_of_unknown_groups_and_negative_ones_are_refused() -> None:
    """Assert that the sentences say what came and what there is."""
    risk, _ = example()
    with pytest.raises(ValueError, match="strengths of L2 name 'bias', but the neuron's groups are 'hidden', 'output'"):
        replace(risk, regulariser=L2({"bias": 0.1}))
    with pytest.raises(ValueError, match="strength of L2 of 'output' is -0.1, but a finite non-negative number"):
        L2({"output": -0.1})


def test_risk_on_other_data_is_another_risk() -> None:
    """Assert that `on` keeps everything but the data, and leaves the risk it came from alone."""
    risk, at = example()
    before = risk(at)
    other = Dataset(normals(3, 3, seed=100), normals(3, 2, seed=101))
    assert risk.on(other).data is other
    assert_identical(risk.on(other).predictions(at), risk.predictions(at, other.inputs))
    assert_identical(risk.on(other).residual(at), risk.predictions(at, other.inputs) - other.targets)
    assert torch.equal(risk(at), before)


def test_one_risk_serves_both_dtypes() -> None:
    """Assert that asking in float32 first leaves the precision of float64 untouched."""
    risk, at = example()
    fresh, _ = example()
    risk.velocity(at.to(dtype=torch.float32))
    assert torch.equal(risk.velocity(at), fresh.velocity(at))


def test_float32_data_serve_a_float64_cloud() -> None:
    """Assert that data follow the cloud upwards as well, weights that sum to one again included."""
    risk, at = example(dtype=torch.float32)
    wide = risk.velocity(at.to(dtype=torch.float64))
    assert wide.dtype == torch.float64
    assert_identical(wide.float(), risk.velocity(at), operations=200)


def test_risk_at_a_cloud_shares_and_agrees() -> None:
    """Assert that the risk at one cloud gives what the risk gives, and M J^T c of its own residual is the velocity."""
    risk, at = example(strength=None)
    here = risk.at(at)
    assert_identical(here.predictions, risk.predictions(at))
    assert_identical(here.residual, risk.residual(at))
    assert_identical(here.pull(-risk.data.weights[:, None] * risk.residual(at)), risk.velocity(at))
    assert here.velocity is here.velocity


def test_what_a_cloud_shows_is_computed_once() -> None:
    """Assert that who asks of the last cloud again gets the same, and that nobody gets what another one has changed."""
    risk, at = example(strength=None)
    fresh, same = example(strength=None)[0], at.moved(at.positions.clone())
    seen = risk.seen(at)
    assert risk.seen(at) is risk.at(at).seen is seen and risk.at(at).predictions is risk.predictions(at)
    assert risk.seen(same) is not seen and risk.seen(at) is not seen
    risk(at)
    risk.velocity(at).zero_()
    assert torch.equal(risk.velocity(at), fresh.velocity(at)) and torch.equal(risk(at), fresh(at))


@pytest.mark.parametrize("what", ["positions", "masses"])
def test_nothing_is_kept_with_a_gradient(what: str) -> None:
    """Assert that a cloud whose positions or masses ask for a gradient can be differentiated twice."""
    risk, at = example(strength=None)
    asking = {name: tensor.clone().requires_grad_(name == what) for name, tensor in vars(at).items()}
    at = ParticleCloud(**asking)
    first, second = (torch.autograd.grad(risk(at), asking[what])[0] for _ in range(2))
    assert torch.equal(first, second) and risk.seen(at) is not risk.seen(at)


def test_a_risk_that_is_let_go_frees_what_it_keeps() -> None:
    """Assert that no cycle holds the tangents of the last cloud until the collector comes."""
    risk, at = example(strength=None)
    risk(at)
    held = weakref.ref(risk.seen(at))
    assert held() is not None
    gc.disable()
    try:
        del risk
        assert held() is None
    finally:
        gc.enable()


def test_velocity_is_the_same_on_every_device(device: torch.device) -> None:
    """Assert that a device gives the CPU's risk and velocity to float32's rounding, in the cloud's dtype and place."""
    for dtype in (torch.float32, torch.float64):
        risk, at = example(neuron=Perceptron(ReLU(), Identity(3), 2, "both"), dtype=dtype)
        there = risk.velocity(at.to(device=device))
        assert there.device.type == device.type
        assert_identical(there.cpu(), risk.velocity(at))


def test_outputs_that_disagree_are_refused() -> None:
    """Assert that targets and neuron must have the same number of outputs."""
    with pytest.raises(ShapeError, match="Targets have 1 outputs but the neuron has 2; make them agree"):
        Risk(Perceptron(Tanh(), Identity(3), 2), NTK(), Squared(), dataset(Squared(), 1))


def test_inputs_that_the_neuron_cannot_read_are_refused() -> None:
    """Assert that the mismatch is told when the risk is made, not when it is used."""
    with pytest.raises(ShapeError, match=r"shape \(1, 3\), but the embedding reads 4 inputs"):
        Risk(Perceptron(Tanh(), Identity(4)), NTK(), Squared(), dataset(Squared(), 1))


@pytest.mark.parametrize(("loss", "sentence"), [(Logistic(), "targets -1 or"), (CrossEntropy(), "are probabilities")])
def test_targets_that_make_no_sense_are_refused(loss: Loss, sentence: str) -> None:
    """Assert that the loss checks the targets when the risk is made, and when it is set on other data."""
    neuron = Perceptron(Tanh(), Identity(3), 2)
    with pytest.raises(ValueError, match=sentence):
        Risk(neuron, NTK(), loss, dataset(Squared(), 2))
    with pytest.raises(ValueError, match=sentence):
        Risk(neuron, NTK(), loss, dataset(loss, 2)).on(dataset(Squared(), 2))


def test_cloud_of_other_neurons_is_refused() -> None:
    """Assert that particles with another number of coordinates are refused with how this neuron lays them out."""
    risk, at = example()
    wrong = ParticleCloud(at.positions[:, :-1], at.masses)
    for ask in (risk, risk.velocity, risk.potential):
        with pytest.raises(ShapeError, match="have 4 coordinates, but this neuron needs 5: 3 hidden weights and 2"):
            ask(wrong)


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_neuron_is_refused() -> None:
    """Assert that a risk says what a neuron needs."""
    with pytest.raises(TypeError, match="a Tanh as neuron, but a Neuron or a UserNeuron is needed; give Perceptron"):
        Risk(Tanh(), NTK(), Squared(), dataset(Squared(), 2))


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_impossible_strengths_are_refused(strength: float) -> None:
    """Assert that a regulariser refuses what is no finite non-negative number."""
    with pytest.raises(ValueError, match="strength of L2 is .*, but a finite non-negative number is needed"):
        L2(strength)
