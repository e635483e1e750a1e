"""The kernels compute what plain torch does, in Triton's interpreter; and they compile for GPUs."""

import pytest

from tests.particles.compute.programs import IN_TRITON, needs_triton, printed


@needs_triton
def test_predictions_and_pulls_are_those_of_plain_torch() -> None:
    """Assert that they differ by less than rounding allows: activations, `trained`, dtypes, outputs, odd sizes.

    Sizes are one, below, at and above the blocks, features and outputs on both sides of where loops are unrolled, and
    sums split between programs or not. What is not trained is zero.
    """
    found = dict(printed("interpreted", "differences", interpret=True))
    assert len(found) == 2 * (3 * len(IN_TRITON) + 2 * 9)
    assert {name: error for name, error in found.items() if not error < 1.0} == {}


@pytest.mark.validation
@needs_triton
def test_results_are_the_same_bits_every_time() -> None:
    """Assert that a second evaluation gives the same bits, and that another order of the sum would not."""
    same = dict(printed("interpreted", "repeats", interpret=True))
    assert same == {"predict again": True, "predict split": False, "pull again": True, "pull split": False}


@pytest.mark.validation
@needs_triton
def test_kernels_compile_for_gpus_that_are_not_there() -> None:
    """Assert that machine code of capability 8.0 and 9.0 comes out, without TF32 and with constants in the dtype."""
    targets = printed("compiled", "targets", interpret=False)
    assert len(targets) == 6
    for target in targets:
        assert target["bytes"] > 1000, target
        assert (target["tf32"], target["other width"]) == (False, False), target
