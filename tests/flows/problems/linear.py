"""Linear neurons, whose residual is a matrix exponential as long as only hidden or only output weights move."""

from typing import Any

import torch
from scipy.linalg import expm

from flows import GradientFlow, Integrator, evolve
from particles import Linear, Scaling
from tests.problems import FACTORS, network_cloud, network_risk
from tests.problems import factors as factors_of

UNTIL = 30.0
#: Scaling and trained weights of each case, by name.
LINEAR = [(type(scaling).__name__, trained) for scaling, _, _ in FACTORS for trained in ("hidden", "output")]


def residual_off(integrator: Integrator[Any], case: tuple[str, str]) -> float:
    """|r(t) - exp(-K P t) r(0)| / |r(0)| with K = sum_j eta_j s_j^2 grad g_j . grad g_j written out."""
    risk, cloud = network_risk(_scaling(case[0]), activation=Linear(), trained=case[1]), network_cloud()
    s, mobility = factors_of(risk.scaling, cloud.masses)
    phi = risk.data.inputs / risk.data.inputs.shape[1] ** 0.5
    hidden, output = cloud.positions[:, :3], cloud.positions[:, 3:]
    speeds = mobility * s.square()
    gram = (speeds @ output.square()) * (phi @ phi.T)
    if case[1] == "output":
        gram = phi @ hidden.T @ torch.diag(speeds) @ hidden @ phi.T
    first = (phi @ hidden.T) @ (s[:, None] * output) - risk.data.targets
    expected = torch.from_numpy(expm((-UNTIL * gram * risk.data.weights).numpy())) @ first
    end = evolve(GradientFlow(risk), cloud, integrator, until=UNTIL)
    return float((risk.residual(end) - expected).norm() / first.norm())


def _scaling(name: str) -> Scaling:
    return next(scaling for scaling, _, _ in FACTORS if type(scaling).__name__ == name)
