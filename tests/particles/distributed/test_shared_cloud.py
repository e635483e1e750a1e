"""Shared clouds: every number that goes over all particles is that of the whole cloud, with the bits of one rank."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import one_hot

from flows import KineticCloud
from particles import (
    Accuracy,
    ActiveFraction,
    Alignment,
    BalanceChange,
    ClassAccuracy,
    Dataset,
    FeatureMovement,
    GaussianLaw,
    GramChange,
    LargestMovement,
    Margin,
    MassWeightedMovement,
    MeanMovement,
    ParticleCloud,
    Power,
    Preactivations,
    Ranks,
    RelativeFeatureMovement,
    ReLU,
    SharedCloud,
    SmallestEigenvalue,
    TeacherAngle,
    TeacherOverlap,
    effective_count,
    jacobian_product,
    jacobian_transpose_product,
    masses,
    tangent_gram,
)
from particles.distributed.blocks import Blocks
from tests.problems import network_risk, numbers
from tests.ranks import needs_fork, on_ranks
from tests.tolerances import assert_identical

#: Five blocks, the last one shorter.
COUNT, BLOCKS = 300, Blocks(300, 64)
RISK = network_risk(Power(0.75), strength=0.3, outputs=2)
CLASSIFYING = RISK.on(Dataset(RISK.data.inputs, one_hot(RISK.data.targets.argmax(dim=1), 2).double()))
HOMOGENEOUS = replace(RISK, neuron=replace(RISK.neuron, activation=ReLU(), trained="both"))  # type: ignore[type-var]


def whole_cloud(dtype: torch.dtype = torch.float64) -> ParticleCloud:
    """A cloud of unequal masses."""
    law = GaussianLaw(RISK.neuron)
    return law.sample(masses=masses.asymmetrical(COUNT, gamma=0.5, alpha=0.7), seed=0).to(dtype=dtype)


def over_all(cloud: ParticleCloud) -> dict[str, torch.Tensor]:
    """Everything that goes over all particles."""
    start, inputs = cloud.moved(cloud.positions + 0.5 * cloud.positions.sin()), RISK.data.inputs
    risk, moved = RISK, cloud.moved(1.1 * cloud.positions)
    values: dict[str, Callable[[ParticleCloud], torch.Tensor]] = {
        "risk": risk,
        "predictions": risk.predictions,
        "product": lambda cloud: jacobian_product(risk, cloud, start.positions),
        "gram": partial(tangent_gram, risk),
        "cross": lambda cloud: tangent_gram(risk, cloud, inputs, inputs[:2]),
        "norms": lambda cloud: cloud.norms(cloud.positions, start.positions).to(cloud.dtype),
        "largest": lambda cloud: cloud.largest(cloud.positions[:, 0]),
        "effective": effective_count,
        "mean movement": MeanMovement(start),
        "weighed movement": MassWeightedMovement(start),
        "largest movement": LargestMovement(start),
        "gram change": GramChange(risk, start, inputs),
        "smallest eigenvalue": SmallestEigenvalue(risk, inputs),
        "active fraction": ActiveFraction(risk, inputs),
        "alignment": Alignment(risk),
        "accuracy": Accuracy(CLASSIFYING),
        "class accuracy": ClassAccuracy(CLASSIFYING),
        "margin": Margin(CLASSIFYING),
        "feature movement": FeatureMovement(risk, start, inputs),
        "relative movement": RelativeFeatureMovement(risk, start, inputs),
        "features": Preactivations(risk, inputs[:2], particles=(299, 0, 130)),
        "teacher overlap": TeacherOverlap(risk, inputs),
        "balance": BalanceChange(HOMOGENEOUS, start),
        "teacher angle": TeacherAngle(risk, inputs),
    }
    return {name: value(moved) for name, value in values.items()}


def of_each(cloud: ParticleCloud) -> dict[str, torch.Tensor]:
    """What each particle has for itself."""
    return {
        "velocity": RISK.velocity(cloud),
        "potential": RISK.potential(cloud),
        "transposed": jacobian_transpose_product(RISK, cloud, numbers(3, 7, 2).to(cloud.positions)),
        "features": RISK.network.tiles(cloud, RISK.prepared(cloud).phi).pair(RISK.residual(cloud)),
    }


def seen(ranks: Ranks, dtype: torch.dtype = torch.float64) -> Any:
    """All of this on one rank."""
    cloud = SharedCloud.of(whole_cloud(dtype), ranks, BLOCKS)
    return over_all(cloud), of_each(cloud), cloud.count, cloud.first, cloud.counted(ranks.rank + 1)


@needs_fork
@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_any_number_of_ranks_sees_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, fused: bool
) -> None:
    """Assert that one, two and four ranks get the same numbers to the bit, and those of a plain cloud to rounding.

    Clouds are as large as the fused kernels need, or not; that is decided by the whole cloud, not by a rank's part.
    """
    entries = COUNT * RISK.data.count * RISK.data.outputs
    monkeypatch.setattr("particles.compute.tiles.FUSED_ENTRIES", entries + (not fused))
    [(one, each, _, _, _)] = on_ranks(1, partial(seen, dtype=dtype), tmp_path)
    for name, value in {**over_all(whole_cloud(dtype)), **of_each(whole_cloud(dtype))}.items():
        assert_identical({**one, **each}[name], value, operations=2e4, claim=name)
    for count in (2, 4):
        found = on_ranks(count, partial(seen, dtype=dtype), tmp_path)
        for name, value in one.items():
            assert all(torch.equal(there[0][name], value) for there in found), name
        for name, value in each.items():
            assert torch.equal(torch.cat([there[1][name] for there in found]), value), name
        assert [there[2] for there in found] == [COUNT] * count
        assert [there[3] for there in found] == [BLOCKS.span(held).start for held in BLOCKS.held(count)]
        assert {there[4] for there in found} == {sum(range(1, count + 1))}


@needs_fork
def test_potentials_do_not_depend_on_the_particles_beside(tmp_path: Path) -> None:
    """Assert that one and two ranks get the same potentials of many particles at many inputs, to the bit."""
    risk = RISK.on(Dataset(numbers(4, 200, 3), numbers(5, 200, 2)))
    cloud = ParticleCloud(numbers(6, 4000, RISK.network.neuron.dim))
    [one] = on_ranks(1, lambda ranks: risk.potential(SharedCloud.of(cloud, ranks)), tmp_path)
    two = on_ranks(2, lambda ranks: risk.potential(SharedCloud.of(cloud, ranks)), tmp_path)
    assert torch.equal(torch.cat(two), one)


@needs_fork
def test_one_rank_may_look_at_a_cloud_of_its_own(tmp_path: Path) -> None:
    """Assert that what one rank evaluates by itself, with the same risk, leaves all of them in step."""

    def looked(ranks: Ranks) -> list[float]:
        cloud, risk = SharedCloud.of(whole_cloud(), ranks, BLOCKS), network_risk(Power(0.75), outputs=2)
        before = float(risk(cloud))
        if ranks.is_first:
            risk(whole_cloud())
            risk(SharedCloud.of(whole_cloud(), Ranks(), BLOCKS))
        return [before, float(risk(cloud)), float(cloud.norms(cloud.positions))]

    first, second = on_ranks(2, looked, tmp_path)
    assert first == second and first[0] == first[1]


@needs_fork
def test_sums_of_each_rank_in_its_own_order_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the bits differ where every rank adds its blocks one after the other: this test can fail."""

    def in_order(self: Any, partial: Callable[[slice], torch.Tensor]) -> torch.Tensor:
        return self.ranks.total(torch.stack([partial(part).double() for part in self.parts]).cumsum(dim=0)[-1])

    monkeypatch.setattr("particles.distributed.shared_cloud.Share.summed", in_order)
    [(one, *_)] = on_ranks(1, seen, tmp_path)
    first, _ = on_ranks(2, seen, tmp_path)
    assert not torch.equal(one["gram"], first[0]["gram"])


def test_a_part_keeps_its_place() -> None:
    """Assert that moving and converting keep the share, and that masses still sum to one in float64."""
    cloud = SharedCloud.of(whole_cloud(torch.float32), Ranks(), BLOCKS)
    wide = cloud.moved(2.0 * cloud.positions).to(dtype=torch.float64)
    assert wide.share is cloud.share and wide.dtype == wide.masses.dtype == torch.float64
    assert_identical(wide.masses.sum(), torch.ones((), dtype=torch.float64))
    assert type(cloud.own) is ParticleCloud and torch.equal(cloud.own.positions, cloud.positions)


def test_what_cannot_be_shared_is_refused() -> None:
    """Assert that a cloud with velocities is not cut, and that masses stay."""
    with pytest.raises(TypeError, match="A KineticCloud cannot be shared"):
        SharedCloud.of(KineticCloud(whole_cloud().positions), Ranks(), BLOCKS)
    with pytest.raises(TypeError, match="The masses of a shared cloud are fixed"):
        SharedCloud.of(whole_cloud(), Ranks(), BLOCKS).reweighted(masses.uniform(COUNT))


def test_whole_clouds_are_cut_into_default_blocks() -> None:
    """Assert that blocks depend on the number of particles where none are given."""
    assert SharedCloud.of(whole_cloud(), Ranks()).share.blocks == Blocks.of(COUNT)


def test_a_part_shows_itself_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that one rank may show its part while others do something else: nothing is gathered."""

    def gathered(*given: object) -> None:
        """What would wait for the others."""
        raise AssertionError("the ranks were asked")

    for name in ("total", "at_first", "text"):
        monkeypatch.setattr(Ranks, name, gathered)
    shown = repr(SharedCloud.of(whole_cloud(), Ranks(), BLOCKS))
    assert shown.startswith(f"SharedCloud(particles={COUNT}, dim=") and f"held=0 to {COUNT - 1} by rank 0" in shown
