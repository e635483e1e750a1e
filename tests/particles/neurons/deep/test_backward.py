"""The backward pass: from the readout down to the lowest stage that moves, one row for each cotangent of a datum."""

import torch

from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass
from tests.draws import normals
from tests.particles.neurons.deep.networks import DATA, NETWORKS, PARTICLES, Plain
from tests.tolerances import assert_identical


def test_rows_are_data_and_their_cotangents() -> None:
    """Assert that row i k + c is what cotangent c of datum i alone gives, in every stage, with pools between."""
    plain = Plain(NETWORKS["planes"])
    stages = plain.net.stages
    run = ForwardPass.of(stages, plain.positions, plain.net.embed(plain.inputs))
    both = normals(PARTICLES, DATA, 2, plain.net.outputs, seed=1)
    together = list(backward(stages, plain.positions, run, both.flatten(1, 2), 0))
    assert [number for number, _ in together] == [3, 2, 1, 0]
    for c in range(2):
        for (_, above), (number, alone) in zip(
            together, backward(stages, plain.positions, run, both[:, :, c], 0), strict=True
        ):
            assert alone.shape == (PARTICLES, DATA, *stages[number].map.above)
            assert_identical(above.reshape(PARTICLES, DATA, 2, *above.shape[2:])[:, :, c], alone)


def test_ends_at_the_lowest() -> None:
    """Assert that stages below the lowest are not reached."""
    plain = Plain(NETWORKS["dense"])
    run = ForwardPass.of(plain.net.stages, plain.positions, plain.inputs)
    units = torch.ones(PARTICLES, DATA, 1, dtype=torch.float64)
    assert [number for number, _ in backward(plain.net.stages, plain.positions, run, units, 1)] == [2, 1]
