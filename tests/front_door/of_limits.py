"""What `limits` offers."""

import numpy as np
import torch

import limits
from limits import *
from limits import ensemble as over_starts
from limits.transport import transport
from particles import L2, Biased, Dataset, Deep, DeepLaw, Dense, MeanField, Perceptron, Plain, ReLU, Risk, Squared, Tanh
from tests.front_door.case import Case
from tests.front_door.parts import *

SAMPLES = np.abs(np.sin(np.arange(1.0, 13.0))).reshape(3, 4)
COUNTS = [4, 6, 8]
MODEL = early_time_model(NEURON, LAW)
CONSTANTS = MODEL.constants
LINEAR = LinearModel(1.0, 0.1)
ROOF_RISK = Risk(ROOF, MeanField(), Squared(), DATA, L2(0.1))
SQUARE = X @ X.T
ENERGY = FreeEnergy(LINE_RISK, 0.1, 0.1)
PLANCK = FokkerPlanck(LINE_RISK, 0.5, 1.0, GRID, 1e-2)
GIBBS = Gibbs(LINE_RISK, 0.5, 1.0, GRID)
CELLS = torch.full((64,), 1.0 / 64.0, dtype=torch.float64)
DENSITY = Density(GRID, CELLS)
POROUS = PorousMedium(torch.cos, Interval(-1.0, 1.0, 8))
EIGHTHS = torch.full((8,), 0.125, dtype=torch.float64)
AXIS = Grid((Interval(-1.0, 1.0, 4),))
ONE = Density(AXIS, torch.full((4,), 0.25, dtype=torch.float64))
LINE_CLOUD = LINE_LAW.sample(masses=torch.full((8,), 0.125, dtype=torch.float64), seed=0)
PLAN = Plan(torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([0.5, 0.5], dtype=torch.float64))
GAUSS = GaussianFlow(LINE_RISK, LINE_LAW, 0.1, 0.1, 1e-6)
MANY = LAW.sample(masses=torch.full((200,), 1 / 200.0, dtype=torch.float64), seed=3)
SPREAD = ParticleCloud(MANY.positions[:, :2])
BIASES = {"accuracy": 1e-6}
RECTIFIED = Risk(
    Perceptron(ReLU(), Biased(Plain(1)), trained="both"),
    MeanField(),
    Squared(),
    Dataset([[-1.0], [0.0], [1.0]], [0.5, -0.3, 0.4]),
)
RELU_LAW = ReLUGibbs(RECTIFIED, 0.25, 0.3).solve()
COLDEST = piecewise_linear(RECTIFIED, 0.02)
KNOT = torch.zeros(1, dtype=torch.float64)
NEURONS = torch.ones(4, 3, dtype=torch.float64)
LIMIT_LAW = GAUSS.law(0.5)
PAIR = dual_pair(Tanh())


def norm(cloud):
    return cloud.positions.norm()


class Run(list):
    """Clouds and their times."""

    times = (0.0, 1.0)


RUN = Run([CLOUD, OTHER])
NET = Deep(2, (Dense(4), Dense(4), Dense(1)), activation=Tanh())
NETS = [DeepLaw(NET).sample(masses=torch.ones(1, dtype=torch.float64), seed=seed) for seed in (0, 1)]
DEEP = {
    "x1": X,
    "x2": X[:3],
    "activation": Tanh(),
    "depth": 1,
    "weight_variance": 1.0,
    "bias_variance": 0.1,
    "accuracy": 1e-6,
}


def of_kernel(kernel):
    return kernel(X), kernel.sampled(CLOUD, X)


def of_kernel_flow(flow):
    return flow.predictions(1.0), flow.residual(1.0), flow.movement(1.0)


def middle(path):
    return path(0.5)


CASES = [
    Case("limits.PolygonalPath", PolygonalPath, {"clouds": [CLOUD, OTHER]}, middle),
    Case("limits.PolygonalPath.__call__", PolygonalPath([CLOUD, OTHER]), {"place": 0.5}),
    Case("limits.StraightPath", StraightPath, {"start": CLOUD, "end": OTHER}, middle),
    Case("limits.StraightPath.__call__", StraightPath(CLOUD, OTHER), {"place": 0.5}),
    Case("limits.TransportPath", TransportPath, {"start": CLOUD, "end": OTHER, "odd": NEURON}, middle),
    Case("limits.TransportPath.__call__", TransportPath(CLOUD, OTHER), {"place": 0.5}),
    Case("limits.DropoutPath", DropoutPath, {"start": CLOUD, "end": OTHER, "network": RISK, "kept": 3}, middle),
    Case("limits.DropoutPath.__call__", DropoutPath(CLOUD, OTHER, RISK), {"place": 0.5}),
    Case("limits.LayerDropoutPath", LayerDropoutPath, {"start": NETS[0], "end": NETS[1], "neuron": NET}, middle),
    Case("limits.LayerDropoutPath.__call__", LayerDropoutPath(*NETS, NET), {"place": 0.5}),
    Case("limits.LayerDropoutPath.stages", LayerDropoutPath(*NETS, NET).stages, {"cloud": NETS[0]}),
    Case("limits.dropped_units", dropped_units, {"cloud": NETS[0], "neuron": NET, "kept": {"layer1": 2}}),
    Case("limits.dropout_risk", dropout_risk, {"cloud": CLOUD, "risk": RISK, "kept": [0, 2], "rescaled": "mass"}),
    Case(
        "limits.mean_dropout_risk",
        mean_dropout_risk,
        {"cloud": CLOUD, "risk": RISK, "kept": 3, "rescaled": "mass", "subsets": 3, "seed": 0},
    ),
    Case("limits.barrier", barrier, {"path": StraightPath(CLOUD, OTHER), "risk": RISK, "points": 3}),
    Case(
        "limits.Barrier",
        Barrier,
        {"places": torch.linspace(0.0, 1.0, 3, dtype=torch.float64), "risks": torch.ones(3, dtype=torch.float64)},
        lambda b: (b.height, b.place, b.ends),
    ),
    Case("limits.Interval", Interval, {"low": -1.0, "high": 1.0, "cells": 4}, lambda i: Grid((i,)).centres),
    Case("limits.Atoms", Atoms, {"values": (-1.0, 1.0)}, lambda a: Grid((a,)).centres),
    Case("limits.Grid", Grid, {"axes": (Interval(-1.0, 1.0, 4), Atoms((-1.0, 1.0)))}, lambda g: g.centres),
    Case("limits.Grid.deposited", GRID.deposited, {"positions": LINE_CLOUD.positions, "masses": LINE_CLOUD.masses}),
    Case(
        "limits.Density", Density, {"grid": GRID, "masses": CELLS}, lambda d: (d.cloud, d.mean, d.entropy, d.covariance)
    ),
    Case("limits.Density.marginal", DENSITY.marginal, {"axis": 0}, lambda d: d.mean),
    Case("limits.Density.cdf", ONE.cdf, {"points": torch.tensor([0.0, 0.5], dtype=torch.float64)}),
    Case("limits.Density.quantile", ONE.quantile, {"levels": torch.tensor([0.1, 0.5], dtype=torch.float64)}),
    Case("limits.Density.sample", DENSITY.sample, {"count": 4, "seed": 0}),
    Case("limits.Density.distance", DENSITY.distance, {"other": DENSITY}),
    Case(
        "limits.Densities",
        Densities,
        {"times": torch.tensor([0.0], dtype=torch.float64), "densities": (DENSITY,), "coarse": (DENSITY,)},
        lambda d: (d.errors, d.last, d.density(0.0)),
    ),
    Case(
        "limits.FreeEnergy",
        FreeEnergy,
        {"risk": LINE_RISK, "temperature": 0.1, "confinement": 0.1},
        lambda e: e(DENSITY),
    ),
    Case("limits.FreeEnergy.__call__", ENERGY, {"density": DENSITY}),
    Case("limits.FreeEnergy.energy", ENERGY.energy, {"cloud": LINE_CLOUD}),
    Case("limits.FreeEnergy.potential", ENERGY.potential, {"cloud": LINE_CLOUD, "places": LINE_CLOUD.positions}),
    Case(
        "limits.FreeEnergy.estimated",
        ENERGY.estimated,
        {"cloud": LINE_LAW.sample(masses=MANY.masses, seed=0), "neighbours": 4},
    ),
    Case("limits.FreeEnergy.virial", ENERGY.virial, {"cloud": LINE_CLOUD}),
    Case(
        "limits.FokkerPlanck",
        FokkerPlanck,
        {"risk": LINE_RISK, "temperature": 0.5, "confinement": 1.0, "grid": GRID, "tolerance": 1e-2},
        lambda f: f.solve(LINE_LAW, [0.0, 0.05]),
    ),
    Case("limits.Shells", Shells, {"radius": 1.0, "dim": 2, "cells": 6}, lambda s: s.volumes),
    Case(
        "limits.PorousDensities",
        PorousDensities,
        {"medium": POROUS, "times": EIGHTHS[:1], "masses": EIGHTHS.tile(2)[None], "coarse": EIGHTHS[None]},
        lambda found: (found.errors, found.excess, found.free_energy),
    ),
    Case(
        "limits.PorousMedium",
        PorousMedium,
        {"target": torch.cos, "grid": Shells(1.0, 2, 6), "temperature": 0.1},
        lambda medium: medium.solve(torch.exp, [0.1]).excess,
    ),
    Case(
        "limits.PorousMedium.solve",
        POROUS.solve,
        {"start": torch.exp, "times": [0.0, 0.1]},
        lambda found: found.errors,
    ),
    Case("limits.FokkerPlanck.solve", PLANCK.solve, {"start": LINE_LAW, "times": [0.0, 0.05]}),
    Case(
        "limits.Gibbs",
        Gibbs,
        {"risk": LINE_RISK, "temperature": 0.5, "confinement": 1.0, "grid": GRID, "start": None, "tolerance": 1e-6},
        lambda g: g.solve(),
    ),
    Case("limits.Gibbs.generated", GIBBS.generated, {"measure": LINE_CLOUD}),
    Case("limits.Gibbs.self_consistency", GIBBS.self_consistency, {"cloud": LINE_CLOUD}),
    Case("limits.Gibbs.excess", GIBBS.excess, {"density": DENSITY}),
    Case(
        "limits.GibbsLaw",
        GibbsLaw,
        {"density": DENSITY, "predictions": Y, "free_energy": 1.0, "residual": 0.0, "steps": 1, "error": 0.0},
    ),
    Case(
        "limits.ReLUGibbs",
        ReLUGibbs,
        {"risk": RECTIFIED, "temperature": 0.25, "confinement": 0.3, "tolerance": 1e-10},
        lambda g: g.solve(),
    ),
    Case(
        "limits.ReLULaw",
        ReLULaw,
        {"residuals": RELU_LAW.residuals, "residual": 0.0, "steps": 1, "error": 0.0, "found": RELU_LAW.found},
    ),
    Case("limits.ReLULaw.__call__", RELU_LAW, {"inputs": X[:, :1]}),
    Case("limits.ReLULaw.curvature", RELU_LAW.curvature, {"inputs": X[:, :1]}),
    Case("limits.ReLULaw.angular_density", RELU_LAW.angular_density, {"angles": X[:, 0]}),
    Case("limits.ReLULaw.potential", RELU_LAW.potential, {"places": NEURONS}),
    Case("limits.ReLULaw.log_density", RELU_LAW.log_density, {"places": NEURONS}),
    Case("limits.ReLULaw.sample", RELU_LAW.sample, {"count": 4, "seed": 0}),
    Case("limits.knots", knots, {"law": RELU_LAW, "low": -1.0, "high": 1.0, "merged": 0.01, "least": 0.02}),
    Case(
        "limits.Knots",
        Knots,
        {"places": KNOT, "masses": KNOT, "turns": KNOT, "widths": KNOT, "total": 1.0, "off": 0.0},
    ),
    Case("limits.piecewise_linear", piecewise_linear, {"risk": RECTIFIED, "confinement": 0.02}),
    Case(
        "limits.PiecewiseLinear",
        PiecewiseLinear,
        {
            "directions": COLDEST.directions,
            "masses": COLDEST.masses,
            "predictions": COLDEST.predictions,
            "value": 1.0,
            "gap": 0.0,
        },
        lambda limit: limit(X[:, :1]),
    ),
    Case("limits.PiecewiseLinear.__call__", COLDEST, {"inputs": X[:, :1]}),
    Case("limits.PiecewiseLinear.turns", COLDEST.turns, {"low": -1.0, "high": 1.0, "merged": 1e-6}),
    Case(
        "limits.GaussianFlow",
        GaussianFlow,
        {"risk": LINE_RISK, "start": LINE_LAW, "temperature": 0.1, "confinement": 0.1, "tolerance": 1e-6},
        lambda f: f.law(0.5),
    ),
    Case("limits.GaussianFlow.laws", GAUSS.laws, {"times": [0.1, 0.5]}),
    Case("limits.GaussianFlow.law", GAUSS.law, {"time": 0.1}),
    Case("limits.GaussianFlow.mean", GAUSS.mean, {"time": 0.1}),
    Case("limits.GaussianFlow.predictions", GAUSS.predictions, {"time": 0.1, "inputs": X[:, :1]}),
    Case(
        "limits.LinearLaw",
        LinearLaw,
        {
            "propagator": torch.eye(2, dtype=torch.float64),
            "noise": torch.eye(2, dtype=torch.float64),
            "mean": torch.zeros(2, dtype=torch.float64),
            "covariance": torch.eye(2, dtype=torch.float64),
        },
        lambda law: law.carried(LINE_CLOUD, 0),
    ),
    Case("limits.LinearLaw.carried", LIMIT_LAW.carried, {"cloud": LINE_CLOUD, "seed": 0}),
    Case(
        "limits.KernelFlow",
        KernelFlow,
        {"kernel": KERNEL, "data": DATA, "loss": Squared(), "start": Y, "tolerance": 1e-6, "step": 0.5},
        of_kernel_flow,
    ),
    Case(
        "limits.KernelFlow(Gram)",
        KernelFlow,
        {"kernel": SQUARE, "data": DATA, "loss": Squared(), "start": None},
        of_kernel_flow,
    ),
    Case("limits.KernelFlow.predictions", KERNEL_FLOW.predictions, {"times": [0.0, 1.0], "inputs": X}),
    Case("limits.KernelFlow.residual", KERNEL_FLOW.residual, {"times": 1.0}),
    Case("limits.KernelFlow.movement", KERNEL_FLOW.movement, {"times": 1.0}),
    Case("limits.KernelFlow.cross", KERNEL_FLOW.cross, {"inputs": X}),
    Case("limits.KernelFlow.initial", KERNEL_FLOW.initial, {"inputs": X}),
    Case(
        "limits.KernelRidge",
        KernelRidge,
        {"kernel": KERNEL, "data": DATA, "strength": 0.1},
        lambda ridge: (ridge.coefficients, ridge.norm),
    ),
    Case("limits.KernelRidge.predictions", KernelRidge(KERNEL, DATA, 0.1).predictions, {"inputs": X}),
    Case("limits.ridge_outputs", ridge_outputs, {"risk": ROOF_RISK, "cloud": CLOUD}),
    Case("limits.lazy_gap", lazy_gap, {"trajectory": RUN, "flow": KERNEL_FLOW, "risk": RISK, "inputs": X}),
    Case(
        "limits.LazyGap",
        LazyGap,
        {"risk": RISK, "start": OTHER, "inputs": X, "time": 1.0},
        lambda gap: gap(CLOUD),
    ),
    Case(
        "limits.ensemble",
        over_starts,
        {"flow": KERNEL_FLOW, "features": FEATURES, "time": 1.0, "inputs": X, "initial": True},
    ),
    Case("limits.Ensemble", limits.Ensemble, {"mean": Y, "variance": Y}),
    Case("limits.TangentKernel", TangentKernel, {"neuron": NEURON, "law": LAW, "accuracy": 1e-6}, of_kernel),
    Case("limits.FeatureKernel", FeatureKernel, {"neuron": NEURON, "law": LAW, "accuracy": 1e-6}, of_kernel),
    Case("limits.tangent_kernel", tangent_kernel, {"neuron": NEURON, "law": LAW, "accuracy": 1e-6}, of_kernel),
    Case("limits.feature_kernel", feature_kernel, {"neuron": NEURON, "law": LAW, "accuracy": 1e-6}, of_kernel),
    Case("limits.TangentKernel.__call__", KERNEL, {"x1": X, "x2": X[:3]}),
    Case("limits.TangentKernel.evaluate", KERNEL.evaluate, {"x1": X, "x2": X[:3]}),
    Case("limits.TangentKernel.sampled", KERNEL.sampled, {"cloud": CLOUD, "x1": X, "x2": X[:3]}),
    Case("limits.FeatureKernel.__call__", FEATURES, {"x1": X, "x2": X[:3]}),
    Case("limits.FeatureKernel.evaluate", FEATURES.evaluate, {"x1": X, "x2": X[:3]}),
    Case("limits.FeatureKernel.sampled", FEATURES.sampled, {"cloud": CLOUD, "x1": X, "x2": X[:3]}),
    Case("limits.Evaluated", Evaluated, {"gram": SQUARE, "error": 0.0}),
    Case("limits.deep_kernels", deep_kernels, DEEP),
    Case(
        "limits.convolutional_kernels",
        convolutional_kernels,
        {**DEEP, "filter_size": 2, "shape": (1, 2), "padding": "zero", "pooling": True},
    ),
    Case(
        "limits.infinite_width_kernels",
        infinite_width_kernels,
        {"neuron": Deep(2, [Dense(3), Dense(1)], Tanh()), "x1": X, "x2": X[:3], "accuracy": 1e-6},
    ),
    Case("limits.DeepKernels", DeepKernels, {"nngp": SQUARE, "ntk": SQUARE, "error": 0.0}),
    Case(
        "limits.dual_pair",
        dual_pair,
        {"activation": Tanh(), "accuracy": 1e-6},
        lambda p: p.value.at(torch.ones(2, dtype=torch.float64)),
    ),
    Case("limits.DualPair", DualPair, {"value": PAIR.value, "derivative": PAIR.derivative}),
    Case(
        "limits.EarlyConstants",
        EarlyConstants,
        {"zeta": 1.0, "theta0": 1.0, "theta1": 1.0, "theta2": 1.0, "error": 0.0},
    ),
    Case(
        "limits.EarlyTimeModel",
        EarlyTimeModel,
        {"neuron": NEURON, "constants": CONSTANTS, "radius": 1.0, "overlap": 0.5, "hidden": 1.0, "output": 0.0},
        lambda m: m(X),
    ),
    Case("limits.EarlyTimeModel.__call__", MODEL, {"x1": X, "x2": X[:3]}),
    Case("limits.EarlyTimeModel.features", MODEL.features, {"inputs": X}),
    Case("limits.LinearModel", LinearModel, {"slope": 1.0, "constant": 0.1, "excess": 0.1, "outputs": 1}),
    Case("limits.LinearModel.__call__", LINEAR, {"x1": X, "x2": X[:3]}),
    Case("limits.LinearModel.features", LINEAR.features, {"inputs": X}),
    Case("limits.linear_model", linear_model, {"gram": SQUARE, "inputs": X}),
    Case("limits.KernelDistance", KernelDistance, {"spectral": 1.0, "frobenius": 2.0}),
    Case("limits.kernel_distance", kernel_distance, {"kernel": KERNEL, "other": KERNEL, "inputs": X}),
    Case("limits.EarlyTimeModel.distance", MODEL.distance, {"gram": SQUARE, "inputs": X}),
    Case("limits.early_constants", early_constants, {"activation": Tanh(), "variance": 1.0, "accuracy": 1e-6}),
    Case(
        "limits.early_time_model",
        early_time_model,
        {"neuron": NEURON, "law": LAW, "inputs": X, "accuracy": 1e-6},
        lambda m: m(X),
    ),
    Case("limits.entropy", entropy, {"cloud": SPREAD, "neighbours": 2}),
    Case("limits.Estimate", Estimate, {"value": 1.0, "standard_error": 1.0, "bias": 0.0}),
    Case(
        "limits.optimality_gap", optimality_gap, {"energy": ENERGY, "cloud": LINE_CLOUD, "places": LINE_CLOUD.positions}
    ),
    Case(
        "limits.OptimalityGap",
        OptimalityGap,
        {"on_support": CLOUD.masses, "spread": 0.0, "gap": 0.0, "place": CLOUD.positions[0]},
    ),
    Case(
        "limits.RandomKernel",
        RandomKernel,
        {"mean_kernel": KERNEL, "gamma": 0.5, "alpha": 0.5},
        lambda k: (k.mean(X), k.sample(X, seed=0, heavy=10), k.total_variance(X)),
    ),
    Case("limits.RandomKernel.sample", RandomKernel(KERNEL, 0.5, 0.5).sample, {"inputs": X, "seed": 0, "heavy": 10}),
    Case("limits.RandomKernel.mean", RandomKernel(KERNEL, 0.5, 0.5).mean, {"inputs": X}),
    Case("limits.RandomKernel.total_variance", RandomKernel(KERNEL, 0.5, 0.5).total_variance, {"inputs": X}),
    Case("limits.RandomGram", RandomGram, {"gram": SQUARE, "tail": 0.1}),
    Case("limits.total_variance", total_variance, {"kernel": KERNEL, "inputs": X, "masses": CLOUD.masses}),
    Case("limits.zipf_departure", zipf_departure, {"gamma": 0.5, "alpha": 0.5}),
    Case(
        "limits.approach",
        approach,
        {"make": made, "limit": STAND_IN, "counts": [4, 6], "repetitions": 2, "seed": 0, "parts": None},
        lambda a: a.excess,
    ),
    Case("limits.Approach", Approach, {"counts": (4, 6, 8), "squares": SAMPLES, "floors": SAMPLES}, lambda a: a.excess),
    Case("limits.deviation", deviation, {"samples": SAMPLES}),
    Case("limits.root_mean", root_mean, {"samples": SAMPLES}),
    Case("limits.sampled", sampled, {"make": made, "observable": norm, "counts": [4, 6], "repetitions": 2, "seed": 0}),
    Case(
        "limits.slope",
        slope,
        {"counts": COUNTS, "samples": SAMPLES, "statistic": deviation, "level": 0.9, "resamples": 50, "seed": 0},
    ),
    Case("limits.Slope", Slope, {"value": 1.0, "low": 0.0, "high": 2.0}),
    Case(
        "limits.stand_in", stand_in, {"make": made, "count": 8, "clouds": 2, "seed": 0}, lambda s: (s.count, s.error())
    ),
    Case("limits.StandIn", StandIn, {"clouds": (CLOUD, OTHER)}, lambda s: (s.count, s.error(), s.estimate(norm))),
    Case("limits.StandIn.estimate", STAND_IN.estimate, {"observable": norm}),
    Case("limits.StandIn.error", STAND_IN.error, {"parts": "hidden"}),
    Case(
        "limits.measure",
        measure,
        {"points": CLOUD.positions, "masses": CLOUD.masses},
        lambda m: (m.count, m.mean, m.spread),
    ),
    Case(
        "limits.Measure",
        Measure,
        {"points": CLOUD.positions, "masses": CLOUD.masses, "numbers": torch.arange(8)},
        lambda m: unbalanced_distance(m, MEASURE, 1.0),
    ),
    Case(
        "limits.Plan",
        Plan,
        {"rows": torch.tensor([0]), "columns": torch.tensor([0]), "masses": torch.ones(1, dtype=torch.float64)},
        lambda p: p.matrix(2, 2),
    ),
    Case("limits.Plan.matrix", PLAN.matrix, {"count1": 2, "count2": 2}),
    Case(
        "limits.Transport",
        Transport,
        {
            "distance": torch.tensor(1.0, dtype=torch.float64),
            "method": "x",
            "gap": 0.0,
            "plan": None,
            "standard_error": None,
            "seconds": 0.0,
        },
        lambda t: t.is_exact,
    ),
    Case(
        "limits.Iteration",
        Iteration,
        {"regularisation": 0.1, "tolerance": 1e-2, "iterations": 500},
        lambda i: transport(CLOUD, OTHER, method="entropic", iteration=i),
    ),
    *(
        Case(
            f"limits.wasserstein({method})",
            wasserstein,
            {"cloud1": CLOUD, "cloud2": OTHER, "p": 2.0, "method": method, "parts": None},
        )
        for method in ("auto", "sliced", "entropic", "debiased", "gaussian")
    ),
    Case(
        "limits.transport.transport",
        transport,
        {
            "cloud1": CLOUD,
            "cloud2": OTHER,
            "p": 2.0,
            "method": "sliced",
            "parts": "hidden",
            "outputs": 1,
            "projections": 10,
            "seed": 0,
        },
    ),
    Case(
        "limits.transport.transport(iteration)",
        transport,
        {"cloud1": CLOUD, "cloud2": OTHER, "method": "entropic", "iteration": Iteration()},
    ),
    Case(
        "limits.function_distance",
        function_distance,
        {"network": RISK.network, "cloud1": CLOUD, "cloud2": OTHER, "inputs": X, "weights": DATA.weights},
    ),
    Case("limits.projected", projected, {"cloud": CLOUD, "neuron": ROOF, "scaling": MeanField()}),
    Case(
        "limits.homogeneous_distance",
        homogeneous_distance,
        {"cloud1": CLOUD, "cloud2": OTHER, "neuron": ROOF, "scaling": MeanField()},
    ),
    Case("limits.odd_distance", odd_distance, {"cloud1": CLOUD, "cloud2": OTHER, "neuron": NEURON, "p": 2.0}),
    Case(
        "limits.unbalanced_distance",
        unbalanced_distance,
        {"first": MEASURE, "second": MEASURE, "penalty": 1.0, "p": 2.0},
    ),
]
