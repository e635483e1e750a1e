"""Networks rebuilt from described flows: ours come back equal, nothing else is made."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from flows import GradientFlow, LinearisedFlow, NTKFlow
from particles import (
    GELU,
    L2,
    NTK,
    AveragePool,
    Biased,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Ensemble,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Lazy,
    LeakyReLU,
    MeanField,
    MeanMovement,
    Network,
    Neuron,
    ParticleCloud,
    Perceptron,
    Plain,
    Power,
    Quadratic,
    RademacherOutputs,
    RandomFeatures,
    Risk,
    Sobol,
    Squared,
    Standard,
    SymmetricPairs,
    Tanh,
    masses,
)
from particles.trajectory.describe import describe
from runs.recorded.network_from_file import KNOWN, PIECES, inputs_of, network_of, problem_of
from runs.studyfile.model.networks import ACTIVATIONS
from runs.system.refusal import Refusal

PATH = Path("a.h5")
DATA = Dataset(torch.ones(3, 2, dtype=torch.float64), torch.ones(3, dtype=torch.float64))
FLOORS = RandomFeatures(RandomFeatures(Biased(Identity(2)), LeakyReLU(0.2), 5, seed=3), GELU(), 4, seed=1)


@dataclass(frozen=True, eq=False)
class Mine:
    """An embedding that holds an array."""

    table: torch.Tensor
    inputs: int = 2
    features: int = 2

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The array times x."""
        return x @ self.table.to(x)


def risk_of(neuron: Neuron, scaling: object) -> Risk:
    """A risk on three data of two inputs."""
    return Risk(neuron=neuron, scaling=scaling, loss=Squared(), data=DATA)  # type: ignore[arg-type]


def parameters_of(flow: object) -> dict[str, object]:
    """What a file holds of a flow."""
    return {"flow": describe(flow), "seed": 0}


def test_problem_comes_back() -> None:
    """Assert that risk and law are those that were described, less the data, and that another law is refused."""
    neuron = Perceptron(Tanh(), Biased(Identity(2)))
    risk = Risk(neuron, Power(0.8), Squared(), DATA, regulariser=L2(0.1))
    for law in (
        GaussianLaw(neuron, RademacherOutputs(), 2.0),
        GaussianLaw(neuron, GaussianOutputs(0.5), points=Sobol()),
    ):
        said = {"flow": describe(GradientFlow(risk)), "law": describe(law)}
        found, start = problem_of(PATH, said, DATA)
        assert (found.neuron, found.scaling, found.loss, found.regulariser) == (neuron, Power(0.8), Squared(), L2(0.1))
        assert start == law and found.data is DATA
    with pytest.raises(Refusal, match="does not start from a GaussianLaw, for which theorems are known"):
        problem_of(PATH, {**said, "law": describe(neuron)}, DATA)
    with pytest.raises(
        Refusal, match="The problem of a.h5 cannot be rebuilt from the file: of mine.Law it does not hold"
    ):
        problem_of(PATH, {**said, "law": {"class": "mine.Law"}}, DATA)


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0), Power(0.7), Standard()])
@pytest.mark.parametrize("embedding", [Identity(2), Biased(Identity(2)), Biased(Plain(2)), Quadratic(2), FLOORS])
def test_networks_of_ours_come_back_equal(scaling: object, embedding: object) -> None:
    """Assert that neuron and scaling are those described, random features by their seed."""
    neuron = Perceptron(LeakyReLU(0.3), embedding, trained="both")
    parameters = parameters_of(GradientFlow(risk_of(neuron, scaling)))
    assert inputs_of(parameters) == 2
    assert network_of(PATH, parameters) == Network(neuron, scaling)


def test_flow_decides_the_scaling() -> None:
    """Assert that a cloud that moves in NTK scaling is read in it, whatever the risk was given."""
    flow = NTKFlow(risk_of(Perceptron(Tanh(), Identity(2)), MeanField()))
    assert network_of(PATH, parameters_of(flow)).scaling == NTK()


def test_every_activation_of_study_files_is_known() -> None:
    """Assert that none of ours is forgotten; those that users import are theirs."""
    ours = {part.makes for name, part in ACTIVATIONS.items() if name != "import"}
    assert len(ours) == 10 and ours <= set(PIECES) and len(KNOWN) == len(PIECES)


def test_pieces_are_found_and_not_listed() -> None:
    """Assert that neurons, layers, scalings, losses and laws that are offered are known, and no cloud or observable."""
    assert {Deep, Dense, Convolution, AveragePool, DeepLaw, SymmetricPairs, Standard, Squared, L2, Sobol} <= set(PIECES)
    assert not {ParticleCloud, MeanMovement, Ensemble} & set(PIECES)


def test_rates_of_groups_come_back_and_may_be_missing() -> None:
    """Assert that a scaling has the rates described, and one of before, without the field, has none."""
    neuron = Perceptron(Tanh(), Identity(2), trained="both")
    for scaling in (NTK(rates={"output": 0.5}), Lazy(2.0)):
        assert network_of(PATH, parameters_of(GradientFlow(risk_of(neuron, scaling)))).scaling == scaling
    old = parameters_of(GradientFlow(risk_of(neuron, NTK())))
    assert "rates" not in old["flow"]["risk"]["scaling"]  # type: ignore[call-overload, index]


def test_deep_networks_come_back_equal() -> None:
    """Assert that layers, with their own activations, parameterisation and trained groups are those described."""
    layers = [Convolution(2, 1), AveragePool(), Dense(3, bias=True, activation=LeakyReLU(0.2)), Dense(1)]
    neuron = Deep((2, 1), layers, Tanh(), "standard", ("layer1", "layer3"), bias_variance=0.5)
    assert network_of(PATH, parameters_of(GradientFlow(risk_of(neuron, NTK())))) == Network(neuron, NTK())


def test_what_a_description_does_not_hold_is_refused() -> None:
    """Assert that arrays, other fields, linear models, and a flow without a risk are one sentence each."""
    neuron = Perceptron(Tanh(), Mine(torch.eye(2)))
    with pytest.raises(Refusal, match=r"of a.h5 cannot be rebuilt .*: of .*Mine it does not hold enough"):
        network_of(PATH, parameters_of(GradientFlow(risk_of(neuron, NTK()))))
    risk = risk_of(Perceptron(Tanh(), Identity(2)), NTK())
    law = GaussianLaw(risk.neuron, outputs=RademacherOutputs())
    flow = LinearisedFlow(risk, law.sample(masses=masses.uniform(4), seed=0))
    with pytest.raises(Refusal, match="a.h5 was written by a linearised flow"):
        network_of(PATH, parameters_of(flow))
    parameters = parameters_of(GradientFlow(risk))
    parameters["flow"]["risk"]["scaling"]["more"] = 1  # type: ignore[call-overload, index]
    with pytest.raises(Refusal, match="NTK has other fields than in this version"):
        network_of(PATH, parameters)
    assert inputs_of(parameters_of(None)) is None
    with pytest.raises(Refusal, match="it has no neuron and scaling of ours"):
        network_of(PATH, parameters_of(None))


def test_groups_come_back() -> None:
    """Assert that rates, strengths and trained groups are those that were described, and that scalings described before
    there were rates are read."""
    neuron = Perceptron(Tanh(), Identity(2), trained=("output", "hidden"))
    risk = Risk(neuron, Standard(rates={"output": 0.1}), Squared(), DATA, L2({"hidden": 0.2}))
    described = {"flow": describe(GradientFlow(risk)), "law": describe(GaussianLaw(neuron))}
    assert network_of(PATH, described) == Network(neuron, risk.scaling)
    assert problem_of(PATH, described, DATA)[0].regulariser == risk.regulariser
    assert describe(NTK()) == {"class": "particles.NTK"}
