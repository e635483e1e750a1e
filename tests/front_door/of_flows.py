"""What `flows` offers."""

from matplotlib.figure import Figure

from flows import *
from particles import MeanMovement
from tests.front_door.case import Case
from tests.front_door.parts import *

KINETIC = UnderdampedFlow(RISK, 0.1, 1.0)
GROWING = BirthDeathFlow(RISK)
#: An observer that any number of runs may have.
LOOKING = Every(time=0.1, observer=lambda step, time, cloud: None)
PACE = Minibatches(Draws(2), 0.1)


#: Coordinates that are trained, which walls surround.
MOVING = CLOUD.positions[:, NEURON.trained_columns].shape[1]


def by(integrator, flow=FLOW):
    """A short run."""
    return evolve(flow, CLOUD, integrator, until=0.25)


def recorded():
    """A trace of a short run."""
    trace = Trace(risk=RISK)
    watched(trace)
    return trace


def of_flow(flow):
    return evolve(flow, CLOUD, EULER, until=0.25)


def watched(observer):
    return evolve(FLOW, CLOUD, EULER, until=0.25, observers=[observer])


def of_batches(batches):
    return of_flow(MinibatchFlow(RISK, batches, 0.1))


def paced(rate):
    return by(HeavyBall(0.1, schedule=rate))


def some(seed, number):
    return DATA


GIVEN = {
    "flow": FLOW,
    "cloud": CLOUD,
    "integrator": EULER,
    "until": 0.25,
    "step": 0.1,
    "observers": [seen, LOOKING],
    "seed": 0,
    "split": 1,
    "first": 0,
    "time": 0.0,
    "index": 0,
    "keep": lambda checkpoint: None,
    "progress": False,
}
ALL = {
    "flow": FLOW,
    "ensemble": ENSEMBLE,
    "integrator": EULER,
    "until": 0.25,
    "step": 0.1,
    "observers": [[seen], [seen]],
    "seeds": [0, 1],
    "firsts": [0, 4],
    "together": 2,
    "keep": [None, None],
    "resume": [None, None],
    "progress": False,
}
PLAIN = (Euler, Heun, RK4)
NOISED = (EulerMaruyama, LeimkuhlerMatthews, LinearSplitting)
CHOOSING = (Adaptive, BDF, Chebyshev, DormandPrince, Exponential)

CASES = [
    Case("flows.evolve", evolve, GIVEN),
    Case(
        "flows.evolve(resume)",
        evolve,
        {"flow": FLOW, "cloud": CLOUD, "integrator": EULER, "until": 0.25, "resume": CHECKPOINT},
    ),
    Case("flows.evolve_all", evolve_all, ALL),
    Case(
        "flows.evolve_all(Adaptive)",
        evolve_all,
        {**{k: ALL[k] for k in ("flow", "ensemble")}, "integrator": Adaptive(), "until": 0.25},
    ),
    *(Case(f"flows.{kind.__name__}", kind, {"step": 0.1}, by) for kind in PLAIN),
    *(Case(f"flows.{kind.__name__}", kind, {"step": 0.1}, lambda i: by(i, NOISY)) for kind in NOISED),
    Case(
        "flows.HeavyBall",
        HeavyBall,
        {
            "step": 0.1,
            "momentum": 0.5,
            "nesterov": False,
            "dampening": 0.0,
            "weight_decay": 0.1,
            "schedule": CosineDecay(1.0),
        },
        by,
    ),
    Case(
        "flows.Adam",
        Adam,
        {
            "step": 0.1,
            "betas": (0.9, 0.99),
            "eps": 1e-8,
            "weight_decay": 0.1,
            "decoupled": True,
            "amsgrad": False,
            "schedule": CosineDecay(1.0),
        },
        by,
    ),
    *(
        Case(f"flows.{kind.__name__}", kind, {"every": 0.1, "factor": 0.5}, paced)
        for kind in (StepDecay, ExponentialDecay)
    ),
    Case("flows.CosineDecay", CosineDecay, {"until": 1.0, "least": 0.1}, paced),
    Case("flows.Warmup", Warmup, {"over": 0.2, "first": 0.1, "then": CosineDecay(1.0)}, paced),
    Case("flows.Scheduled", Scheduled, {"flow": FLOW, "rate": CosineDecay(1.0)}, of_flow),
    Case("flows.BAOAB", BAOAB, {"step": 0.1}, lambda i: by(i, KINETIC)),
    Case("flows.GrowthSplitting", GrowthSplitting, {"transport": RK4(0.1)}, lambda i: by(i, GROWING)),
    Case("flows.Walled", Walled, {"scheme": Euler(0.1), "walls": Ball(9.0), "groups": "hidden"}, by),
    Case("flows.Box", Box, {"low": -9.0, "high": (9.0,) * MOVING}, lambda walls: by(Walled(Euler(0.1), walls))),
    Case(
        "flows.Ball",
        Ball,
        {"radius": 9.0, "centre": (0.1,) * MOVING},
        lambda walls: by(Walled(Euler(0.1), walls)),
    ),
    *(Case(f"flows.{kind.__name__}", kind, {"rtol": 1e-3, "atol": 1e-9}, by) for kind in CHOOSING),
    *(
        Case(
            f"flows.{kind.__name__}.step",
            kind(0.1).step,
            {"flow": NOISY, "cloud": CLOUD, "state": None, "time": 0.0, "until": 1.0, "noise": NOISE},
        )
        for kind in ()
    ),
    Case("flows.GivenStep", GivenStep, {"step": 0.1}),
    Case("flows.Euler.sized", Euler().sized, {"step": 0.1}, by),
    Case("flows.Euler.resolved", Euler(StepBound(0.5)).resolved, {"flow": FLOW, "cloud": CLOUD}, by),
    Case("flows.GradientFlow", GradientFlow, {"risk": RISK}, of_flow),
    Case("flows.NTKFlow", NTKFlow, {"risk": RISK}, of_flow),
    Case(
        "flows.LangevinFlow",
        LangevinFlow,
        {"risk": RISK, "temperature": 0.1, "confinement": 0.1, "pairing": "measure", "batches": PACE},
        lambda flow: by(EulerMaruyama(0.1), flow),
    ),
    Case(
        "flows.UnderdampedFlow",
        UnderdampedFlow,
        {
            "risk": RISK,
            "temperature": 0.1,
            "friction": 1.0,
            "confinement": 0.1,
            "pairing": "measure",
            "batches": PACE,
        },
        lambda flow: by(BAOAB(0.1), flow),
    ),
    Case("flows.UnderdampedFlow.maxwellian", KINETIC.maxwellian, {"cloud": CLOUD, "seed": 0, "time": 0.0, "first": 0}),
    Case("flows.UnderdampedFlow.kinetic_energy", KINETIC.kinetic_energy, {"cloud": CLOUD}),
    Case(
        "flows.BirthDeathFlow",
        BirthDeathFlow,
        {"risk": RISK, "rate": 1.0},
        lambda flow: by(GrowthSplitting(Euler(0.1)), flow),
    ),
    Case("flows.MinibatchFlow", MinibatchFlow, {"risk": RISK, "batches": Epochs(2), "step": 0.1}, of_flow),
    Case("flows.LinearisedFlow", LinearisedFlow, {"risk": RISK, "anchor": CLOUD, "batches": PACE}, of_flow),
    Case("flows.LinearisedFlow.exact", LinearisedFlow(RISK, CLOUD).exact, {"time": 1.0, "start": OTHER}),
    Case("flows.LinearisedFlow.predictions", LinearisedFlow(RISK, CLOUD).predictions, {"cloud": OTHER, "inputs": X}),
    Case("flows.LinearisedRisk", LinearisedRisk, {"risk": RISK, "anchor": CLOUD}, lambda risk: risk(OTHER)),
    Case("flows.LinearisedRisk.__call__", LinearisedRisk(RISK, CLOUD), {"cloud": OTHER}),
    Case("flows.LinearisedRisk.predictions", LinearisedRisk(RISK, CLOUD).predictions, {"cloud": OTHER, "inputs": X}),
    Case("flows.LinearisedRisk.residual", LinearisedRisk(RISK, CLOUD).residual, {"cloud": OTHER}),
    Case(
        "flows.KineticCloud",
        KineticCloud,
        {"positions": CLOUD.positions, "masses": CLOUD.masses, "velocities": CLOUD.positions},
        lambda cloud: evolve(KINETIC, cloud, BAOAB(0.1), until=0.2),
    ),
    Case(
        "flows.Minibatches",
        Minibatches,
        {"batches": Epochs(2), "step": 0.1},
        lambda pace: by(EulerMaruyama(0.1), LangevinFlow(RISK, 0.1, batches=pace)),
    ),
    Case("flows.Epochs", Epochs, {"size": 2, "seed": 0}, of_batches),
    Case("flows.Draws", Draws, {"size": 2, "seed": 0}, of_batches),
    Case("flows.Online", Online, {"sample": some, "seed": 0}, of_batches),
    Case("flows.Every", Every, {"steps": 2, "observer": seen}, watched),
    Case("flows.Every(time)", Every, {"time": 0.1, "observer": seen}, watched),
    Case("flows.LogSpaced", LogSpaced, {"first": 0.1, "last": 1.0, "count": 3, "observer": seen}, watched),
    Case("flows.Trace", Trace, {"risk": RISK, "movement": MeanMovement(CLOUD)}, watched),
    Case("flows.Trace.plot", recorded().plot, {"axes": Figure().subplots(), "log_time": True, "log_values": False}),
    Case("flows.StopBelow", StopBelow, {"observable": RISK, "level": 1e-9}, watched),
    Case("flows.StopAbove", StopAbove, {"observable": RISK, "level": 1e9}, watched),
    Case("flows.StopAfter", StopAfter, {"seconds": 100.0}, watched),
    Case("flows.StopStationary", StopStationary, {"flow": FLOW, "below": 1e-9}, watched),
    Case("flows.speed", speed, {"flow": FLOW, "cloud": CLOUD, "time": 0.0}),
    Case("flows.parts", parts, {"flow": FLOW}),
    Case("flows.Progress", Progress, {"until": 0.25, "report": print, "interval": 0.0}, watched),
    Case("flows.Report", Report, {"step": 1, "time": 0.1, "share": 0.5, "remaining": 1.0}, str),
    Case("flows.StepBound", StepBound, {"safety": 0.5}, lambda rule: by(Euler(rule))),
    Case("flows.StepBound.longest_step", StepBound(0.5).longest_step, {"flow": FLOW, "cloud": CLOUD, "interval": 2.0}),
    Case(
        "flows.StepNoise",
        StepNoise,
        {"seed": 0, "step": 0, "stream": 0, "split": 1},
        lambda noise: noise.normals(CLOUD.positions),
    ),
    Case(
        "flows.Checkpoint",
        Checkpoint,
        {"step": 1, "time": 0.1, "cloud": CLOUD, "state": None},
        lambda at: evolve(FLOW, CLOUD, EULER, until=0.25, resume=at),
    ),
    Case("flows.Advance", Advance, {"time": 0.1, "cloud": CLOUD, "state": None, "between": None}),
    Case("flows.MembersFailed", MembersFailed, {"failures": {0: ArithmeticError("x")}, "ends": {1: CLOUD}}, str),
]
