"""What every embedding keeps: a fixed map, input by input, of the declared size."""

from collections.abc import Callable

import torch

from particles import Embedding
from tests.draws import normals, untouched_generators
from tests.tolerances import assert_identical

DATA = 12


def sizes_are_as_declared(embedding: Embedding) -> None:
    """[..., inputs] becomes [..., features], for one input, for many, and for tables of them."""
    for shape in ((), (DATA,), (2, 3)):
        phi = embedding(normals(*shape, embedding.inputs, seed=61))
        assert phi.shape == (*shape, embedding.features), f"Inputs {shape} give phi of shape {tuple(phi.shape)}."


def inputs_stand_alone(embedding: Embedding) -> None:
    """phi(x_i) does not depend on the other inputs, and the same x gives the same phi again."""
    x = normals(DATA, embedding.inputs, seed=62)
    alone = torch.cat([embedding(row[None]) for row in x])
    assert_identical(embedding(x), alone, claim="Inputs do not stand alone.")


def copies_are_the_same_map(embedding: Embedding) -> None:
    """Nothing is drawn anew: an equal embedding is the same map, and no global generator is touched."""
    x = normals(DATA, embedding.inputs, seed=63)
    with untouched_generators():
        first, again = embedding(x), _copy(embedding)(x)
    assert torch.equal(first, again), "An equal embedding is another map."


def dtype_is_kept(embedding: Embedding) -> None:
    """float32 in, float32 out, with its precision, and inputs are not written into."""
    x = normals(DATA, embedding.inputs, seed=64, dtype=torch.float32)
    before = x.clone()
    assert_identical(embedding(x), embedding(x.double()).float(), operations=50, claim="float32 is not kept.")
    assert torch.equal(x, before), "The embedding writes into the inputs."


def features_are_of_order_one(embedding: Embedding) -> None:
    """|phi(x)|^2 is of order one for inputs with entries of order one, whatever the number of features."""
    mean = float(embedding(normals(1000, embedding.inputs, seed=65)).square().sum(dim=1).mean())
    assert 0.1 < mean < 10.0, f"|phi|^2 is {mean:.3g} on average."


Law = Callable[[Embedding], None]
LAWS: list[Law] = [
    sizes_are_as_declared,
    inputs_stand_alone,
    copies_are_the_same_map,
    dtype_is_kept,
    features_are_of_order_one,
]


def _copy(embedding: Embedding) -> Embedding:
    fields = {name: getattr(embedding, name) for name in embedding.__dataclass_fields__}
    if "inner" in fields:
        fields["inner"] = _copy(fields["inner"])
    return type(embedding)(**fields)
