"""What `particles` offers."""

from pathlib import Path
from tempfile import mkdtemp

import h5py
import torch
from matplotlib.figure import Figure

from particles import *
from particles import masses as weights
from tests.front_door.case import Case
from tests.front_door.parts import *

Z = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64)
EIGHT = weights.uniform(8)
MODULE = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1, bias=False)).double()


class Own:
    """A neuron as a user writes it."""

    dim = 3

    def feature(self, theta, x):
        return theta[2] * torch.tanh(theta[:2] @ x)


def net(neuron):
    return Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=DATA)


def of_neuron(neuron):
    """One velocity of a cloud of these."""
    law = GaussianLaw(neuron)
    return net(neuron).velocity(law.sample(masses=EIGHT, seed=0))


def of_deep(neuron):
    """One velocity of a deep network."""
    return net(neuron).velocity(DeepLaw(neuron).sample(seed=0))


def of_layer(layer):
    """One velocity of a network whose first layer this is."""
    return of_deep(Deep((1, 2), [layer, Dense(2), Dense(1)], Tanh(), "standard", bias_variance=0.0))


DEEP = Deep(2, [Dense(3), Dense(1)], Tanh())
OVERRIDES = {"bias": True, "multiplier": 0.5, "deviation": 1.0, "rate": 2.0}


def of_activation(activation):
    return of_neuron(Perceptron(activation=activation, embedding=Identity(dim=2)))


def of_embedding(embedding):
    return of_neuron(Perceptron(activation=Tanh(), embedding=embedding))


def of_scaling(scaling):
    return RISKED(scaling=scaling).velocity(CLOUD)


def RISKED(**given):
    return Risk(**{"neuron": NEURON, "scaling": MeanField(), "loss": Squared(), "data": DATA, **given})


def of_cloud(cloud):
    return RISK.velocity(cloud)


def of_law(law):
    return of_cloud(law.sample(masses=EIGHT, seed=0))


def of_masses(values):
    return LAW.sample(masses=values, seed=0)


def of_points(points):
    return of_law(GaussianLaw(NEURON, points=points))


def of_risk(risk):
    return float(risk(CLOUD)), risk.velocity(CLOUD)


def folder():
    return Path(mkdtemp()) / "run.h5"


def created(**given):
    with Trajectory.create(**{"path": folder(), **given}) as file:
        file(0, 0.0, CLOUD)


def stored():
    path = folder()
    with Trajectory.create(path) as file:
        file(0, 0.0, CLOUD)
    return path


STORED = stored()
PANEL = Figure().subplots()


def drawn(**given):
    with Trajectory.open(STORED) as file:
        file.plot(**given)


#: Stands for an HDF5 file that is open, which only one call can take up.
OPEN = object()


def taken_up(kind):
    def made(file, **given):
        with h5py.File(STORED, "r+") as opened:
            kind(opened if file is OPEN else file, **given)

    return made


CODED = AutoencoderLaw.fitted(CLOUD, hidden=4, latent=2, steps=2, seed=0)
TWO = Dataset(X, torch.eye(2, dtype=torch.float64)[(X[:, 0] > 0).long()])

CASES = [
    *(
        Case(f"particles.{kind.__name__}", kind, {}, of_activation)
        for kind in (Erf, GELU, Linear, ReLU, Sigmoid, SiLU, Tanh)
    ),
    Case("particles.LeakyReLU", LeakyReLU, {"slope": 0.1}, of_activation),
    Case("particles.SmoothLeakyReLU", SmoothLeakyReLU, {"slope": 0.1, "width": 2.0}, of_activation),
    Case("particles.Softplus", Softplus, {}, of_activation),
    Case("particles.Identity", Identity, {"dim": 2}, of_embedding),
    Case("particles.Plain", Plain, {"dim": 2}, of_embedding),
    Case("particles.Biased", Biased, {"inner": Identity(2)}, of_embedding),
    Case("particles.Quadratic", Quadratic, {"dim": 2}, of_embedding),
    Case(
        "particles.RandomFeatures",
        RandomFeatures,
        {"inner": Identity(2), "activation": Tanh(), "count": 3, "seed": 0},
        of_embedding,
    ),
    Case("particles.Squared", Squared, {}),
    Case("particles.Logistic", Logistic, {}),
    Case("particles.CrossEntropy", CrossEntropy, {}),
    Case("particles.MeanField", MeanField, {}, of_scaling),
    Case("particles.NTK", NTK, {}, of_scaling),
    Case("particles.Lazy", Lazy, {"scale": 2.0}, of_scaling),
    Case("particles.Power", Power, {"exponent": 0.5}, of_scaling),
    Case("particles.Standard", Standard, {"rates": {"hidden": 0.5}}, of_scaling),
    Case("particles.L2", L2, {"strength": 0.1}, lambda l2: RISKED(regulariser=l2).velocity(CLOUD)),
    Case("particles.Random", Random, {}, of_points),
    Case("particles.Sobol", Sobol, {}, of_points),
    Case("particles.RademacherOutputs", RademacherOutputs, {}, lambda o: of_law(GaussianLaw(NEURON, outputs=o))),
    Case(
        "particles.GaussianOutputs",
        GaussianOutputs,
        {"variance": 1.0},
        lambda o: of_law(GaussianLaw(NEURON, outputs=o)),
    ),
    Case(
        "particles.GaussianLaw",
        GaussianLaw,
        {"neuron": NEURON, "outputs": RademacherOutputs(), "variance": 1.0, "points": Random()},
        of_law,
    ),
    Case("particles.GaussianLaw.sample", LAW.sample, {"masses": EIGHT, "seed": 0}, of_cloud),
    Case("particles.SymmetricPairs", SymmetricPairs, {"law": LAW}, of_law),
    Case("particles.SymmetricPairs.sample", SymmetricPairs(LAW).sample, {"masses": EIGHT, "seed": 0}, of_cloud),
    Case(
        "particles.Perceptron",
        Perceptron,
        {"activation": Tanh(), "embedding": Identity(2), "outputs": 1, "trained": "hidden"},
        of_neuron,
    ),
    Case(
        "particles.Deep",
        Deep,
        {
            "inputs": 2,
            "layers": [Dense(3, bias=True), Dense(1)],
            "activation": Tanh(),
            "parameterisation": "ntk",
            "trained": "all",
            "weight_variance": 1.0,
            "bias_variance": 0.5,
        },
        of_deep,
    ),
    Case("particles.Dense", Dense, {"width": 3, "activation": Tanh(), **OVERRIDES}, of_layer),
    Case("particles.Convolution", Convolution, {"channels": 3, "size": 2, "padding": "zero", **OVERRIDES}, of_layer),
    Case("particles.AveragePool", AveragePool, {"size": 2}, of_layer),
    Case("particles.DeepLaw", DeepLaw, {"neuron": DEEP, "points": Random()}, lambda law: law.sample(seed=0)),
    Case("particles.DeepLaw.sample", DeepLaw(DEEP).sample, {"masses": EIGHT, "seed": 0}, net(DEEP).velocity),
    Case("particles.Bump", Bump, {"dim": 2, "width": 0.5, "profile": GaussianProfile()}, of_neuron),
    Case("particles.GaussianProfile", GaussianProfile, {}, lambda shape: of_neuron(Bump(2, 1.0, shape))),
    Case("particles.CompactProfile", CompactProfile, {"smoothness": 2}, lambda shape: of_neuron(Bump(2, 1.0, shape))),
    Case("particles.MappedNeuron", MappedNeuron, {"single": Own(), "dim": 3, "outputs": 1}, of_neuron),
    Case("particles.as_neuron", as_neuron, {"neuron": Own()}, of_neuron),
    Case(
        "particles.Network",
        Network,
        {"neuron": NEURON, "scaling": NTK(), "fused": None},
        lambda network: network(CLOUD, X),
    ),
    Case(
        "particles.from_module",
        from_module,
        {"module": MODULE, "inputs": 2, "particles": "rows"},
        lambda made: made[0](made[1], X),
    ),
    Case("particles.to_module", to_module, {"network": RISK.network, "cloud": CLOUD}, lambda module: module(X)),
    Case("particles.Network.__call__", RISK.network, {"cloud": CLOUD, "inputs": X}),
    Case(
        "particles.Dataset",
        Dataset,
        {"inputs": X, "targets": Y, "weights": torch.full((6,), 1.0 / 6.0, dtype=torch.float64)},
        lambda d: RISKED(data=d).velocity(CLOUD),
    ),
    Case(
        "particles.Dataset(labels)",
        Dataset,
        {
            "inputs": X.numpy(),
            "targets": [0, 1, 0, 1, 2, 2],
            "classes": (0, 1, 2),
            "input_names": ["a", "b"],
            "target_names": ["u", "v", "w"],
        },
        lambda d: d.some(slice(2)).to(dtype=torch.float32),
    ),
    Case("particles.Dataset.to", DATA.to, {"device": "cpu", "dtype": torch.float32}),
    Case("particles.ParticleCloud", ParticleCloud, {"positions": CLOUD.positions, "masses": CLOUD.masses}, of_cloud),
    Case("particles.ParticleCloud.to", CLOUD.to, {"device": "cpu", "dtype": torch.float32}, of_cloud),
    Case("particles.ParticleCloud.reweighted", CLOUD.reweighted, {"masses": CLOUD.masses}, of_cloud),
    Case(
        "particles.Ensemble",
        Ensemble,
        {"positions": ENSEMBLE.positions, "masses": ENSEMBLE.masses},
        lambda e: of_cloud(e[0]),
    ),
    Case("particles.Ensemble.of", Ensemble.of, {"clouds": [CLOUD, OTHER]}, lambda e: of_cloud(e[1])),
    Case("particles.SharedCloud.of", SharedCloud.of, {"cloud": made(256, 0), "ranks": Ranks()}, of_cloud),
    Case(
        "particles.SharedCloud",
        SharedCloud,
        {
            "positions": SharedCloud.of(made(256, 0), Ranks()).positions,
            "masses": SharedCloud.of(made(256, 0), Ranks()).masses,
            "share": SharedCloud.of(made(256, 0), Ranks()).share,
        },
        of_cloud,
    ),
    Case("particles.Ranks", Ranks, {"rank": 0, "count": 1}, lambda ranks: ranks.total(Z)),
    Case(
        "particles.Risk",
        Risk,
        {
            "neuron": NEURON,
            "scaling": MeanField(),
            "loss": Squared(),
            "data": DATA,
            "regulariser": L2(0.1),
            "fused": None,
        },
        of_risk,
    ),
    Case("particles.Risk.__call__", RISK, {"cloud": CLOUD}),
    Case("particles.Risk.predictions", RISK.predictions, {"cloud": CLOUD, "inputs": X}),
    Case("particles.Risk.residual", RISK.residual, {"cloud": CLOUD}),
    Case("particles.Risk.potential", RISK.potential, {"cloud": CLOUD, "positions": CLOUD.positions}),
    Case("particles.Risk.on", RISK.on, {"data": DATA}, of_risk),
    *(
        Case(f"particles.{kind.__name__}", kind, {"start": CLOUD}, lambda observable: observable(OTHER))
        for kind in (MeanMovement, MassWeightedMovement, LargestMovement)
    ),
    *(
        Case(f"particles.{kind.__name__}.__call__", kind(CLOUD), {"cloud": OTHER})
        for kind in (MeanMovement, MassWeightedMovement, LargestMovement)
    ),
    Case(
        "particles.GramChange",
        GramChange,
        {"risk": RISK, "start": CLOUD, "inputs": X},
        lambda observable: observable(OTHER),
    ),
    Case("particles.GramChange.__call__", GramChange(RISK, CLOUD, X), {"cloud": OTHER}),
    Case(
        "particles.SmallestEigenvalue",
        SmallestEigenvalue,
        {"risk": RISK, "inputs": X},
        lambda observable: observable(OTHER),
    ),
    Case("particles.SmallestEigenvalue.__call__", SmallestEigenvalue(RISK, X), {"cloud": OTHER}),
    Case(
        "particles.ActiveFraction",
        ActiveFraction,
        {"risk": RISK, "inputs": X, "least": -0.5, "most": 0.5},
        lambda observable: observable(OTHER),
    ),
    Case("particles.ActiveFraction.__call__", ActiveFraction(RISK, X), {"cloud": OTHER}),
    Case("particles.Alignment", Alignment, {"risk": RISK}, lambda observable: observable(OTHER)),
    Case("particles.Alignment.__call__", Alignment(RISK), {"cloud": OTHER}),
    *(
        Case(
            f"particles.{kind.__name__}",
            kind,
            {"risk": RISK, "start": CLOUD, "inputs": X, "layer": "hidden"},
            lambda observable: observable(OTHER),
        )
        for kind in (FeatureMovement, RelativeFeatureMovement)
    ),
    *(
        Case(f"particles.{kind.__name__}.__call__", kind(RISK, CLOUD, X), {"cloud": OTHER})
        for kind in (FeatureMovement, RelativeFeatureMovement)
    ),
    Case(
        "particles.BalanceChange",
        BalanceChange,
        {"risk": RISKED(neuron=ROOF), "start": CLOUD},
        lambda observable: observable(OTHER),
    ),
    Case("particles.BalanceChange.__call__", BalanceChange(RISKED(neuron=ROOF), CLOUD), {"cloud": OTHER}),
    Case(
        "particles.Preactivations",
        Preactivations,
        {"risk": RISK, "inputs": X, "particles": [0, 5], "layer": "hidden"},
        lambda observable: observable(OTHER),
    ),
    Case("particles.Preactivations.__call__", Preactivations(RISK, X), {"cloud": OTHER}),
    *(
        Case(f"particles.{kind.__name__}", kind, {"risk": RISK, "teacher": X}, lambda observable: observable(OTHER))
        for kind in (TeacherOverlap, TeacherAngle)
    ),
    *(
        Case(f"particles.{kind.__name__}.__call__", kind(RISK, X), {"cloud": OTHER})
        for kind in (TeacherOverlap, TeacherAngle)
    ),
    *(
        Case(
            f"particles.{kind.__name__}",
            kind,
            {"risk": RISKED(data=Dataset(X, Y.sign()))},
            lambda observable: observable(OTHER),
        )
        for kind in (ClassAccuracy, Margin)
    ),
    *(
        Case(f"particles.{kind.__name__}.__call__", kind(RISKED(data=Dataset(X, Y.sign()))), {"cloud": OTHER})
        for kind in (ClassAccuracy, Margin)
    ),
    Case(
        "particles.Accuracy",
        Accuracy,
        {"risk": RISKED(data=Dataset(X, Y.sign()))},
        lambda observable: observable(OTHER),
    ),
    Case("particles.Accuracy.__call__", Accuracy(RISKED(data=Dataset(X, Y.sign()))), {"cloud": OTHER}),
    Case(
        "particles.KernelDensityLaw",
        KernelDensityLaw,
        {"cloud": CLOUD, "bandwidth": 0.5, "shrunk": True, "points": Random()},
        of_law,
    ),
    Case(
        "particles.KernelDensityLaw.of",
        KernelDensityLaw.of,
        {"clouds": [CLOUD, OTHER], "bandwidth": "scott", "shrunk": False, "points": Random()},
        of_law,
    ),
    Case("particles.KernelDensityLaw.sample", KernelDensityLaw(CLOUD).sample, {"masses": EIGHT, "seed": 0}, of_cloud),
    Case(
        "particles.AutoencoderLaw.fitted",
        AutoencoderLaw.fitted,
        {"clouds": ENSEMBLE, "hidden": 4, "latent": 2, "steps": 2, "batch": 4, "rate": 1e-3, "smooth": True, "seed": 0},
        of_law,
    ),
    Case("particles.AutoencoderLaw", AutoencoderLaw, {**vars(CODED)}, of_law),
    Case("particles.AutoencoderLaw.sample", CODED.sample, {"masses": EIGHT, "seed": 0}, of_cloud),
    Case("particles.importance", importance, {"cloud": CLOUD, "risk": RISK, "centred": False}),
    Case(
        "particles.thin",
        thin,
        {"cloud": CLOUD, "count": 3, "probabilities": importance(CLOUD, RISK), "replacement": False, "seed": 0},
        lambda thinned: of_cloud(thinned.cloud),
    ),
    Case("particles.Thinned", Thinned, {"cloud": CLOUD, "chosen": torch.arange(8), "total": 1.0}),
    Case(
        "particles.resample",
        resample,
        {"cloud": CLOUD, "law": LAW, "neuron": NEURON, "groups": "hidden", "seed": 0},
        of_cloud,
    ),
    Case("particles.effective_count", effective_count, {"cloud": CLOUD}),
    Case("particles.generator", generator, {"seed": 0, "stream": "data"}, lambda g: g.random(3)),
    Case("particles.tangent_gram", tangent_gram, {"risk": RISK, "cloud": CLOUD, "inputs1": X, "inputs2": X[:2]}),
    Case("particles.scaled_jacobian", scaled_jacobian, {"risk": RISK, "cloud": CLOUD}),
    Case(
        "particles.jacobian_product",
        jacobian_product,
        {"risk": RISK, "cloud": CLOUD, "velocities": CLOUD.positions, "inputs": X},
    ),
    Case(
        "particles.jacobian_transpose_product",
        jacobian_transpose_product,
        {"risk": RISK, "cloud": CLOUD, "cotangents": Y, "inputs": X},
    ),
    Case("particles.masses.uniform", weights.uniform, {"count": 8}, of_masses),
    Case("particles.masses.zipf", weights.zipf, {"count": 8, "alpha": 0.5}, of_masses),
    Case("particles.masses.asymmetrical", weights.asymmetrical, {"count": 8, "gamma": 0.5, "alpha": 0.5}, of_masses),
    Case("particles.masses.from_values", weights.from_values, {"values": [1.0] * 8}, of_masses),
    Case("particles.masses.paired", weights.paired, {"values": torch.ones(4, dtype=torch.float64)}, of_masses),
    Case("particles.masses.stable", weights.stable, {"count": 8, "alpha": 0.5, "seed": 0}, of_masses),
    Case(
        "particles.masses.generalised_gamma",
        weights.generalised_gamma,
        {"count": 8, "shape": 1.0, "power": 1.0, "seed": 0},
        of_masses,
    ),
    Case("particles.masses.beta", weights.beta, {"count": 8, "a": 1.0, "b": 1.0, "seed": 0}, of_masses),
    Case("particles.masses.horseshoe", weights.horseshoe, {"count": 8, "seed": 0}, of_masses),
    Case(
        "particles.Trajectory.create",
        created,
        {
            "flow": FLOW,
            "integrator": None,
            "law": LAW,
            "masses": {"kind": "uniform"},
            "seed": 0,
            "observables": {"size": lambda cloud: cloud.count},
            "parameters": {"a": 1},
            "dtype": torch.float64,
            "moving_masses": False,
            "compression": None,
            "overwrite": False,
        },
    ),
    Case("particles.Trajectory.open", Trajectory.open, {"path": STORED}, lambda file: file.close()),
    Case(
        "particles.Trajectory.append",
        Trajectory.append,
        {"path": STORED, "observables": None},
        lambda file: file.close(),
    ),
    Case("particles.TrajectoryWriter", taken_up(TrajectoryWriter), {"file": OPEN, "observables": None}),
    Case("particles.TrajectoryReader", taken_up(TrajectoryReader), {"file": OPEN}),
    Case(
        "particles.TrajectoryReader.plot",
        drawn,
        {"particles": True, "coordinates": (0, 1), "axes": PANEL, "log_time": True, "log_values": False},
    ),
    Case(
        "particles.SharedTrajectory",
        SharedTrajectory,
        {"ranks": Ranks(), "opened": lambda: Trajectory.create(folder())},
        lambda t: t.close(),
    ),
    Case("particles.FlowDiverged", FlowDiverged, {"step": 1, "time": 0.1, "particles": 1, "count": 2}, str),
    Case(
        "particles.ToleranceNotReached", ToleranceNotReached, {"step": 1, "time": 0.1, "size": 0.1, "reason": "x"}, str
    ),
]
