"""Every kind of every table can be built from its required keys, and is what its name says."""

import pytest
import torch

import particles
from flows import RK4, Chebyshev, DormandPrince, LangevinFlow, MinibatchFlow, StepBound
from particles import (
    Biased,
    Dataset,
    Deep,
    Dense,
    Identity,
    LeakyReLU,
    Perceptron,
    RandomFeatures,
    ReLU,
    Risk,
    SiLU,
    Squared,
    SymmetricPairs,
)
from runs.studyfile.model.kinds import (
    FLOWS,
    INTEGRATORS,
    LOSSES,
    MASSES,
    OUR_INTEGRATORS,
    SCALINGS,
    named,
)
from runs.studyfile.model.networks import ACTIVATIONS, EMBEDDINGS, LAWS, NEURONS
from runs.studyfile.model.sections import built, read_choice
from runs.system.refusal import Refusal

TABLES = {
    "activation": ACTIVATIONS,
    "embedding": EMBEDDINGS,
    "neuron": NEURONS,
    "masses": MASSES,
    "law": LAWS,
    "scaling": SCALINGS,
    "loss": LOSSES,
    "flow": FLOWS,
    "integrator": INTEGRATORS,
}
#: A value for every key that must be given.
GIVEN = {
    "activation": "tanh",
    "count": 4,
    "alpha": 0.5,
    "gamma": 1.0,
    "shape": 1.0,
    "power": 1.0,
    "a": 1.0,
    "b": 1.0,
    "scale": 2.0,
    "exponent": 0.5,
    "temperature": 0.1,
    "friction": 1.0,
    "size": 2,
    "step": 0.1,
    "transport": "rk4",
    "layers": [{"kind": "dense", "width": 3}, "dense"],
}
RISK = Risk(
    neuron=Perceptron(ACTIVATIONS["tanh"].build(), Identity(2)),
    scaling=SCALINGS["mean-field"].build(),
    loss=Squared(),
    data=Dataset(torch.eye(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)),
)
DEEP = Deep(2, [Dense(3), Dense(1)], ReLU())
START = (
    LAWS["gaussian"]
    .build(RISK.neuron, read_choice("outputs", {"rademacher": SCALINGS["ntk"]}, "rademacher"), 1.0, "random", False)
    .sample(masses=MASSES["uniform"].build(4), seed=0)
)
CONTEXT = {
    "embedding": (2,),
    "neuron": (2, 1),
    "law": (RISK.neuron,),
    "flow": (RISK, START, 0),
}


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table, kinds in TABLES.items() for name in kinds if name != "import"]
)
def test_every_kind_is_built_from_its_required_keys(table: str, name: str) -> None:
    """Assert that nothing but the keys without defaults is needed, and the object has what its table promises."""
    kinds = TABLES[table]
    given = {key: GIVEN[key] for key, (_, default) in kinds[name].fields.items() if default is ...}
    context = (DEEP,) if (table, name) == ("law", "deep") else CONTEXT.get(table, ())
    made = built(kinds, read_choice(table, kinds, {"kind": name, **given}), *context)
    promised = {"flow": "velocity", "integrator": "step", "law": "sample", "neuron": "dim", "masses": "shape"}
    promised |= {"scaling": "mobility", "loss": "residual", "activation": "derivative", "embedding": "__call__"}
    assert hasattr(made, promised[table])


def test_what_the_packages_offer_is_known_by_its_name() -> None:
    """Assert that every integrator and activation class that is offered is there under its own name."""
    assert named([DormandPrince, LeakyReLU, RK4, SiLU]).keys() == {"dormand-prince", "leaky-relu", "rk4", "silu"}
    assert [kind.makes for name, kind in INTEGRATORS.items() if name != "import"] == list(OUR_INTEGRATORS)
    offered = [one for one in map(vars(particles).get, particles.__all__) if isinstance(one, type)]
    activations = {one for one in offered if one.__module__ == ReLU.__module__} - {particles.Activation}
    assert {kind.makes for name, kind in ACTIVATIONS.items() if name != "import"} == activations


def test_kinds_say_what_their_classes_declare() -> None:
    """Assert that flows are stacked and shared, and integrators gone through side by side, as their classes say."""
    assert [name for name, kind in FLOWS.items() if kind.declared("stackable")] == ["gradient", "ntk", "langevin"]
    shared = [name for name, kind in FLOWS.items() if kind.declared("shareable")]
    assert shared == ["gradient", "ntk", "langevin", "minibatch"]
    alone = {name for name, kind in INTEGRATORS.items() if kind.declared("together") is None}
    assert alone == {"exponential", "baoab", "growth-splitting", "import"}


def test_keys_reach_what_they_name() -> None:
    """Assert that inner kinds, switches and numbers arrive where they belong."""
    embedding = built(
        EMBEDDINGS, read_choice("e", EMBEDDINGS, {"kind": "random-features", "activation": "erf", "count": 7}), 2
    )
    assert embedding == RandomFeatures(Identity(2), ACTIVATIONS["erf"].build(), 7, 0)
    neuron = read_choice("n", NEURONS, {"kind": "perceptron", "activation": "relu", "embedding": "biased"})
    assert built(NEURONS, neuron, 3, 2) == Perceptron(
        ACTIVATIONS["relu"].build(), Biased(Identity(3)), outputs=2, trained="hidden"
    )
    law = built(LAWS, read_choice("law", LAWS, {"kind": "gaussian", "symmetric": True, "variance": 3.0}), RISK.neuron)
    assert isinstance(law, SymmetricPairs) and law.law.variance == 3.0
    flow = read_choice("flow", FLOWS, {"kind": "langevin", "temperature": 0.3, "pairing": "joint"})
    made = built(FLOWS, flow, RISK, START, 0)
    assert isinstance(made, LangevinFlow) and (made.temperature, made.pairing) == (0.3, "joint")
    batches = read_choice("flow", FLOWS, {"kind": "minibatch", "size": 2, "step": 0.1})
    drawn = built(FLOWS, batches, RISK, START, 9)
    assert isinstance(drawn, MinibatchFlow) and drawn.batches.seed == 9
    bound = read_choice("integrator", INTEGRATORS, {"kind": "heun", "step": "bound", "safety": 0.5})
    assert built(INTEGRATORS, bound).size == StepBound(0.5)
    for name, method in (("chebyshev", Chebyshev), ("dormand-prince", DormandPrince)):
        short = read_choice("integrator", INTEGRATORS, {"kind": name, "rtol": 1e-3, "max_step": 0.2})
        assert built(INTEGRATORS, short) == method(1e-3, max_step=0.2)


def test_a_share_of_a_bound_that_is_not_asked_for_is_refused() -> None:
    """Assert that safety beside a step that is a number, which would change nothing, is one sentence."""
    given = read_choice("integrator", INTEGRATORS, {"kind": "heun", "step": 0.1, "safety": 0.5})
    with pytest.raises(Refusal, match="safety is a share of the bound, and the step is 0.1: leave it out"):
        built(INTEGRATORS, given)
