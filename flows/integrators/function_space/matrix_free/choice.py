"""Whether an implicit step is solved by a Gram matrix and its factor, or by products with J and J^T."""

from torch import Tensor

from flows.base import Flow
from flows.integrators.function_space.gauss_newton import (
    DenseRisk,
    GaussNewton,
    dense_risk,
    gradient_risk,
    network_risk,
)
from flows.integrators.function_space.matrix_free.iterative_solve import Iterative
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner
from flows.integrators.function_space.shifted_solve import Shifted
from particles import ParticleCloud, Risk
from particles.shapes import AnyFloat

#: n k from which products are taken.
PRODUCTS = 400


def by_products(risk: Risk, cloud: ParticleCloud) -> bool:
    """Whether steps of a network's cloud are solved by products: its data are many, and one process holds all of it."""
    return cloud.shared_by is None and risk.data.targets.numel() > PRODUCTS


def step_risk(flow: Flow, cloud: ParticleCloud) -> DenseRisk:
    """The risk as a step of BDF evaluates it; FlowRefused for other flows, and for Gram matrices that are too large."""
    risk = gradient_risk(flow, "BDF")
    if by_products(network_risk(risk), cloud):
        return risk
    return dense_risk(flow, "BDF" if cloud.shared_by is None else "BDF of a cloud that several processes share")


def solver(
    stiff: GaussNewton,
    size: float | Tensor,
    rough: float | Tensor = 0.0,
    curvature: AnyFloat | None = None,
    preconditioner: Preconditioner | None = None,
) -> Shifted | Iterative:
    """1 - h A to be inverted, for one step or, with a size for each, for those of several members."""
    if isinstance(size, Tensor) or isinstance(rough, Tensor) or not by_products(stiff.at.risk, stiff.at.cloud):
        return Shifted(stiff, size, rough, curvature)
    return Iterative(stiff, size, rough, curvature, preconditioner or Preconditioner())
