"""sigma and sigma' as the kernels compute them are those of the activations, to a few units of rounding."""

from tests.particles.compute.programs import IN_TRITON, needs_triton, printed

#: An exponential of two units of rounding goes into one sigma, and half a dozen further roundings.
UNITS = 8.0


@needs_triton
def test_every_activation_is_that_of_the_library() -> None:
    """Assert that sigma and sigma' differ by rounding relative to max(1, |z|) in both dtypes, from 1e-30 to 800."""
    units = dict(printed("interpreted", "sigmas", interpret=True))
    assert len(units) == 2 * (2 * len(IN_TRITON) + 2)
    assert {name: error for name, error in units.items() if not error < UNITS} == {}


@needs_triton
def test_small_values_keep_their_digits() -> None:
    """Assert that tanh of small and softplus of very negative numbers are right relative to themselves."""
    relative = {name: error for name, error in printed("interpreted", "sigmas", interpret=True) if "relative" in name}
    assert len(relative) == 4
    assert max(relative.values()) < UNITS
