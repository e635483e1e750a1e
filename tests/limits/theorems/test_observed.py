"""Runs as theorems see them."""

from pathlib import Path

import pytest
import torch

from limits.theorems import Observed, observed
from limits.theorems.observed import reach
from particles import Activation, GramChange, ParticleCloud, ReLU, SmallestEigenvalue, Tanh, Trajectory
from particles.observables import movement
from tests.limits.theorems.networks import DATA, known_run, problem
from tests.tolerances import assert_identical


@pytest.fixture(params=[ReLU(), Tanh()], ids=["relu", "tanh"])
def seen(request: pytest.FixtureRequest) -> Observed:
    """A run at gamma = 1/2."""
    activation: Activation = request.param
    return observed(problem(activation, 0.5, 0.7), known_run(activation, 0.5, 0.7))


def test_frames_are_measured_as_the_observables_measure_them(seen: Observed) -> None:
    """Assert that risk, eigenvalue / n, Gram change and movement are those of the library's observables."""
    of = seen.problem
    frames = known_run(of.neuron.activation, 0.5, 0.7)
    for number in (0, 7, len(frames) - 1):
        cloud = frames[number][1]
        assert_identical(seen.risks[number], of.risk(cloud))
        smallest = SmallestEigenvalue(of.risk, of.risk.data.inputs)(cloud) / DATA
        assert float(seen.eigenvalues[number]) == pytest.approx(float(smallest), rel=1e-9)
        change = GramChange(of.risk, frames[0][1], of.risk.data.inputs)(cloud)
        assert float(seen.changes[number]) == pytest.approx(float(change), rel=1e-9, abs=1e-15)
        assert_identical(seen.movements[number], movement(frames[0][1], cloud))


def test_unequal_weights_weigh_the_gram_matrix() -> None:
    """Assert that the eigenvalue is that of P^(1/2) K P^(1/2), for weights that are not 1/n."""
    of = problem(Tanh())
    weights = torch.arange(1.0, DATA + 1.0, dtype=torch.float64) / 36.0
    data = type(of.risk.data)(of.risk.data.inputs, of.risk.data.targets, weights)
    weighted = type(of)(of.risk.on(data), of.law, of.masses)
    frames = known_run(Tanh(), 1.0, None)[:2]
    gram = of.risk.at(frames[0][1]).gram()
    exact = torch.linalg.eigvals(gram * weights).real.min()
    assert float(observed(weighted, frames).eigenvalues[0]) == pytest.approx(float(exact), rel=1e-9)


def test_integrals_bound_those_of_a_run_with_many_frames(seen: Observed) -> None:
    """Assert that few frames give a smaller integral of the eigenvalue and a larger one of the root of the risk."""
    of = seen.problem
    frames = known_run(of.neuron.activation, 0.5, 0.7)
    few = observed(of, frames[::3] if len(frames) % 3 == 1 else (*frames[::3], frames[-1]))
    assert float(few.times[-1]) == float(seen.times[-1])
    assert 0.0 <= float(few.decays[-1]) < float(seen.decays[-1])
    assert float(few.lengths[-1]) > float(seen.lengths[-1])
    assert float(seen.decays[0]) == float(seen.lengths[0]) == 0.0


def test_particles_that_may_have_met_a_kink_do_not_count(seen: Observed) -> None:
    """Assert that with a kink the eigenvalue between frames is below that of both ends, and equal without one."""
    ends = torch.minimum(seen.eigenvalues[1:], seen.eigenvalues[:-1])
    if seen.problem.neuron.activation.smooth:
        assert_identical(seen.slowest, ends)
    else:
        assert bool((seen.slowest <= ends + 1e-15).all()) and bool((seen.slowest < ends).any())


def test_eigenvalue_between_frames_is_below_that_of_every_step() -> None:
    """Assert that `slowest` bounds the eigenvalue at steps that no frame shows, of ReLU with heavy particles."""
    of = problem(ReLU(), 0.0, 0.4)
    dense = [(0.0, of.sample(0))]
    for step in range(1, 41):
        cloud = dense[-1][1]
        dense.append((2.0 * step, cloud.moved(cloud.positions + 2.0 * of.risk.velocity(cloud))))
    all_of_them, ends = observed(of, dense), observed(of, [dense[0], dense[20], dense[40]])
    for interval in (0, 1):
        inside = all_of_them.eigenvalues[20 * interval : 20 * interval + 21]
        assert float(ends.slowest[interval]) <= float(inside.min())


def test_reach_bounds_the_speed_of_every_particle(seen: Observed) -> None:
    """Assert that |dw_j/dt| <= c_j sqrt(2 R) at the start, and a fifth of it is no bound."""
    of = seen.problem
    speeds = of.risk.velocity(seen.start).norm(dim=1)
    bounds = reach(of, seen.start) * (2.0 * seen.risks[0]).sqrt()
    assert float((speeds / bounds).max()) < 1.0
    assert float((speeds / bounds).max()) > 0.2


def test_open_trajectory_is_a_run(tmp_path: Path) -> None:
    """Assert that a file gives what its frames give, and is noisier where it is stored in float32."""
    of, frames = problem(Tanh()), known_run(Tanh(), 1.0, None)[:5]
    for dtype, noise in ((torch.float64, 1e-18), (torch.float32, 1e-9)):
        path = tmp_path / f"{dtype}.h5"
        with Trajectory.create(path, dtype=dtype) as writer:
            for step, (time, cloud) in enumerate(frames):
                writer(step, time, cloud)
        with Trajectory.open(path) as trajectory:
            seen = observed(of, trajectory)
        assert float(seen.noise) == pytest.approx(noise * float(seen.risks[0]))
        assert torch.allclose(seen.risks, observed(of, frames).risks, rtol=1e-5)
    assert observed(of, seen) is seen


def test_time_counts_from_the_first_frame() -> None:
    """Assert that a run that begins at another time than zero is measured from there."""
    of, frames = problem(Tanh()), known_run(Tanh(), 1.0, None)[:4]
    later = [(time + 7.0, cloud) for time, cloud in frames]
    assert torch.allclose(observed(of, later).times, observed(of, frames).times)


def test_runs_that_cannot_be_checked_are_refused() -> None:
    """Assert that single frames, times out of order and other masses are refused."""
    of, frames = problem(Tanh()), list(known_run(Tanh(), 1.0, None)[:3])
    with pytest.raises(ValueError, match="A run of 1 frames cannot be checked; give two or more"):
        observed(of, frames[:1])
    with pytest.raises(ValueError, match="times of a run must increase from frame to frame"):
        observed(of, frames[::-1])
    with pytest.raises(ValueError, match="masses of the run are not those of the problem"):
        observed(problem(Tanh(), 0.5, 0.7), frames)
    fewer = [(time, ParticleCloud(cloud.positions[:20])) for time, cloud in frames]
    with pytest.raises(ValueError, match="masses of the run are not those of the problem"):
        observed(of, fewer)
