"""Random features with L2 are kernel regression: the primal problem over output weights, and the one over data."""

from dataclasses import replace
from typing import Any

import torch

from limits.kernel_training.ridge import KernelRidge, ridge_outputs
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import in_double
from limits.theorems.one_axis.first_variation import SOURCE
from particles import ParticleCloud, Perceptron, Risk, Squared
from particles.shapes import Gram

STATEMENT = Statement("random features with L2 on u give the function of kernel ridge regression", f"{SOURCE}, (6)")
#: Relative gap of the two functions, by direct solvers.
EQUAL = 1e-8


def ridge_duality(risk: Risk, cloud: ParticleCloud) -> Result:
    """argmin_u R has the function f = K beta, (K + strength P^(-1)) beta = y, K = sum_j (s_j^2 / lambda_j) h_j h_j^T.

    K is the paper's k_m = (1/m) sum_j h_j h_j^T times alpha^2, for any masses, weights of data and outputs. The left
    side is solved over particles (`ridge_outputs`), the right side over data (`KernelRidge`). Measured is the largest
    gap at the data over the largest |f|.
    """
    strength = risk.strength if isinstance(risk.strength, float) else 0.0
    assumptions = (
        Assumption("a Perceptron of which output weights alone are trained", _trains_outputs(risk)),
        Assumption("squared loss", isinstance(risk.loss, Squared)),
        Assumption(f"L2 on the output weights (its strength is {strength:g})", strength > 0.0),
    )
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    cloud = in_double(cloud)
    primal = risk.predictions(ridge_outputs(risk, cloud))
    dual = KernelRidge(ridge_gram(risk, cloud), risk.data, strength).predictions().to(primal)
    return from_above(STATEMENT, assumptions, EQUAL, (primal - dual).abs().max() / dual.abs().max())


def ridge_gram(risk: Risk, cloud: ParticleCloud) -> Gram:
    """K = sum_j (s_j^2 / lambda_j) h_j h_j^T (x) I [n k, n k] at the data, of the particles with mass."""
    scaling: Any = risk.scaling
    plain = replace(risk, scaling=replace(scaling, rates=None)) if hasattr(scaling, "rates") else risk
    return plain.at(cloud).gram(torch.where(cloud.masses > 0.0, 1.0 / cloud.masses, 0.0))


def _trains_outputs(risk: Risk) -> bool:
    neuron = risk.network.neuron
    return isinstance(neuron, Perceptron) and neuron.trained == "output"
