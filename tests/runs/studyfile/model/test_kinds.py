"""Every kind of every table can be built from its required keys, and is what its name says."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import particles
from flows import (
    RK4,
    Adam,
    Ball,
    Box,
    Chebyshev,
    CosineDecay,
    DormandPrince,
    Draws,
    Epochs,
    EulerMaruyama,
    ExponentialDecay,
    HeavyBall,
    LangevinFlow,
    LinearisedFlow,
    Minibatches,
    MinibatchFlow,
    StepBound,
    StepDecay,
    UnderdampedFlow,
    Walled,
    Warmup,
)
from particles import (
    Biased,
    Dataset,
    Deep,
    Dense,
    Identity,
    LeakyReLU,
    Perceptron,
    Plain,
    RandomFeatures,
    ReLU,
    Risk,
    SiLU,
    SmoothLeakyReLU,
    Squared,
    SymmetricPairs,
)
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.config import RunConfig
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
from runs.studyfile.running import WHOLE, Job, perform
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_data

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
    "scheme": "euler",
    "walls": {"kind": "ball", "radius": 9.0},
    "width": 0.5,
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
    modules = {ReLU.__module__, SiLU.__module__, SmoothLeakyReLU.__module__}
    activations = {one for one in offered if one.__module__ in modules} - {particles.Activation}
    assert {kind.makes for name, kind in ACTIVATIONS.items() if name != "import"} == activations


def test_kinds_say_what_their_classes_declare() -> None:
    """Assert that flows are stacked and shared, and integrators gone through side by side, as their classes say."""
    assert [name for name, kind in FLOWS.items() if kind.declared("stackable")] == ["gradient", "ntk", "langevin"]
    shared = [name for name, kind in FLOWS.items() if kind.declared("shareable")]
    assert shared == ["gradient", "ntk", "langevin", "minibatch", "minibatch-langevin"]
    alone = {name for name, kind in INTEGRATORS.items() if kind.declared("together") is None}
    assert alone == {"exponential", "baoab", "growth-splitting", "import"}


def test_keys_reach_what_they_name() -> None:
    """Assert that inner kinds, switches and numbers arrive where they belong."""
    embedding = built(
        EMBEDDINGS, read_choice("e", EMBEDDINGS, {"kind": "random-features", "activation": "erf", "count": 7}), 2
    )
    assert embedding == RandomFeatures(Identity(2), ACTIVATIONS["erf"].build(), 7, 0)
    assert built(EMBEDDINGS, read_choice("e", EMBEDDINGS, "plain"), 2) == Plain(2)
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


WARM = {"kind": "warmup", "over": 0.5, "first": 0.1, "then": {"kind": "cosine-decay", "until": 2.0, "least": 0.2}}


def integrator(**given: Any) -> Any:
    """What a table stands for."""
    return built(INTEGRATORS, read_choice("integrator", INTEGRATORS, given))


def test_keys_of_optimisers_reach_them() -> None:
    """Assert that defaults are those of the classes, and every key arrives where it belongs."""
    assert integrator(kind="adam", step=0.1) == Adam(0.1) and integrator(kind="heavy-ball", step=0.1) == HeavyBall(0.1)
    given = {"betas": [0.5, 0.9], "eps": 1e-4, "weight_decay": 0.2, "decoupled": True, "amsgrad": True}
    assert integrator(kind="adam", step=0.1, **given) == Adam(0.1, (0.5, 0.9), 1e-4, 0.2, True, True)
    ball = {"momentum": 0.5, "nesterov": True, "weight_decay": 0.2}
    assert integrator(kind="heavy-ball", step=0.1, **ball) == HeavyBall(0.1, 0.5, True, weight_decay=0.2)
    assert integrator(kind="heavy-ball", step=0.1, dampening=0.5) == HeavyBall(0.1, dampening=0.5)


def test_schedules_are_tables_in_tables() -> None:
    """Assert that each kind is the rate it names, a warm-up with what follows it."""
    rates = {
        StepDecay(0.5, 0.1): {"kind": "step-decay", "every": 0.5, "factor": 0.1},
        ExponentialDecay(0.5, 0.1): {"kind": "exponential-decay", "every": 0.5, "factor": 0.1},
        CosineDecay(2.0): {"kind": "cosine-decay", "until": 2.0},
        Warmup(0.5, 0.1, CosineDecay(2.0, 0.2)): WARM,
        Warmup(0.5): {"kind": "warmup", "over": 0.5},
    }
    for rate, table in rates.items():
        assert integrator(kind="adam", step=0.1, schedule=table).schedule == rate


def test_a_schedule_is_part_of_what_a_run_is() -> None:
    """Assert that a configuration is read back as it was written, and another schedule is another run."""
    plain, warm = (config({"integrator": {"kind": "adam", "step": 0.125, **more}}) for more in ({}, {"schedule": WARM}))
    again = RunConfig.model_validate(json.loads(json.dumps(warm.identity())))
    assert again.identity() == warm.identity() and again.digest == warm.digest != plain.digest
    assert warm.identity()["integrator"]["schedule"]["then"]["until"] == 2.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "adam", "step": 0.1, "betas": [0.9]}, "does not do for integrator.betas"),
        ({"kind": "adam", "step": 0.1, "betas": [0.9, 1.0]}, "does not do for integrator.betas"),
        ({"kind": "heavy-ball", "step": "bound"}, "does not do for integrator.step"),
        ({"kind": "heavy-ball", "step": 0.1, "momentum": 1.0}, "does not do for integrator.momentum"),
        ({"kind": "adam", "step": 0.1, "schedule": "cosine-decay"}, "key integrator.schedule.until is missing"),
        ({"kind": "adam", "step": 0.1, "schedule": {"kind": "cosine"}}, "cosine-decay"),
        ({"kind": "adam", "step": 0.1, "schedule": {"kind": "cosine-decay", "until": -1.0}}, "schedule.until"),
        ({"kind": "adam", "step": 0.1, "schedule": {**WARM, "then": WARM}}, "warmup"),
        ({"kind": "adam", "step": 0.1, "momentum": 0.9}, "momentum"),
    ],
)
def test_wrong_keys_are_refused_by_name(given: dict[str, Any], said: str) -> None:
    """Assert that each is one sentence that names the key."""
    with pytest.raises(Refusal, match=said):
        integrator(**given)


def test_momentum_that_cannot_be_is_refused_by_the_plan_and_the_run(tmp_path: Path) -> None:
    """Assert that Nesterov's form without momentum is the class's own sentence."""
    write_data(tmp_path)
    table = {"kind": "heavy-ball", "step": 0.125, "momentum": 0.0, "nesterov": True}
    with pytest.raises(Refusal, match="nesterov needs a momentum and no dampening"):
        perform(Job(config({"integrator": table}), tmp_path, tmp_path / "out"), lambda share: None)


@pytest.mark.parametrize("epochs", [False, True])
def test_flows_with_batches(tmp_path: Path, epochs: bool) -> None:
    """Assert that keys of the batches and of the flow stand side by side, and the seed is that of the run."""
    write_data(tmp_path)
    heat, pace = {"temperature": 0.1, "confinement": 0.2}, {"size": 2, "step": 0.125, "epochs": epochs}
    expected = Minibatches((Epochs if epochs else Draws)(2, 7), 0.125)
    tables = {
        "minibatch-linearised": (LinearisedFlow, {}),
        "minibatch-langevin": (LangevinFlow, heat),
        "minibatch-underdamped": (UnderdampedFlow, {**heat, "friction": 1.0}),
    }
    for kind, (flow, own) in tables.items():
        changes = {"flow": {"kind": kind, **pace, **own}, "seed": 7, "scaling": "mean-field"}
        made = Experiment(config(changes), tmp_path).flow
        assert type(made) is flow and made.batches == expected  # type: ignore[attr-defined]
        assert {name: vars(made)[name] for name in own} == own


def test_runs_with_batches_are_done(tmp_path: Path) -> None:
    """Assert that stochastic gradient Langevin dynamics goes through a study file, alone where others go together."""
    write_data(tmp_path)
    flow = {"kind": "minibatch-langevin", "size": 2, "step": 0.125, "temperature": 0.1}
    changes = {"flow": flow, "integrator": {"kind": "euler-maruyama", "step": 0.125}, "scaling": "mean-field"}
    job = Job(config(changes), tmp_path, tmp_path / "out")
    perform(job, lambda share: None)
    assert job.done() == WHOLE and not FLOWS["minibatch-langevin"].declared("stackable")


def test_walls_are_put_around_a_scheme() -> None:
    """Assert that the set, its centre or sides, and the groups arrive."""
    ball = {"kind": "ball", "radius": 2.0, "centre": [0.5, 0.0]}
    table = {"kind": "walled", "scheme": "euler-maruyama", "step": 0.1, "walls": ball, "groups": ["hidden"]}
    made = built(INTEGRATORS, read_choice("integrator", INTEGRATORS, table))
    assert made == Walled(EulerMaruyama(0.1), Ball(2.0, (0.5, 0.0)), "hidden")
    box = {"kind": "box", "low": -1.0, "high": [1.0, 2.0]}
    table = {"kind": "walled", "scheme": "adam", "step": 0.1, "walls": box}
    made = built(INTEGRATORS, read_choice("integrator", INTEGRATORS, table))
    assert made == Walled(Adam(0.1), Box(-1.0, (1.0, 2.0)))
