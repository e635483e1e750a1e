"""Distances modulo symmetries of the network: rescaled homogeneous neurons and sign flips of odd neurons.

All distances are between measures, so the order of the particles never matters.
"""

import numpy as np
import torch

from limits.transport.exact.simplex import along_optimum, array, optimal, pairwise
from limits.transport.problem import Measure, measure, posed
from limits.transport.result import Transport
from limits.transport.unbalanced import unbalanced_distance
from particles import MeanField, ParticleCloud, Perceptron, Scaling

#: Diameter of the unit sphere, which is the price of mass that is not matched.
DIAMETER = 2.0
#: Points at which an activation is tested for being odd, and the rounding error allowed.
PROBES = torch.linspace(0.1, 6.0, 60, dtype=torch.float64)
ROUNDING = 1e-12


def projected(cloud: ParticleCloud, neuron: Perceptron, scaling: Scaling = MeanField()) -> tuple[Measure, Measure]:
    """The positive and the negative part of nu = sum_j s_j a_j |w_j| delta(w_j / |w_j|) on the unit sphere.

    For sigma(c z) = c sigma(z), c > 0, the network is f(x) = int sigma(u . phi(x)) nu(du). So (w, a) and (c w, a / c)
    are one atom, and a neuron with w = 0 or a = 0 is none (Chizat and Bach 2018, section 3.2). Each part is a `Measure`
    with points [atoms, D] and non-negative masses of any total. Raises ValueError for a neuron that is not a
    `Perceptron` with a homogeneous activation and one output, MassError where an amount a_j |w_j| is not finite.
    """
    if not isinstance(neuron, Perceptron) or not neuron.activation.homogeneous or neuron.outputs != 1:
        raise ValueError(
            "The projection on the sphere is for a Perceptron with a homogeneous activation and one output; for other "
            "neurons take wasserstein or function_distance."
        )
    hidden = cloud.positions[:, : neuron.hidden].double()
    output = cloud.positions[:, neuron.hidden].double()
    lengths = torch.linalg.vector_norm(hidden, dim=1)
    amounts = scaling.factor(cloud.masses.double()) * output * lengths
    directions = hidden / torch.where(lengths > 0.0, lengths, 1.0)[:, None]
    return measure(directions, amounts.clamp_min(0.0)), measure(directions, (-amounts).clamp_min(0.0))


def homogeneous_distance(
    cloud1: ParticleCloud, cloud2: ParticleCloud, neuron: Perceptron, scaling: Scaling = MeanField()
) -> Transport:
    """The flat norm of nu1 - nu2: the supremum of int h d(nu1 - nu2) over |h| <= 1 with Lip h <= 1.

    nu1 and nu2 are the signed measures of `projected`. The norm is KR_{1,2} between nu1^+ + nu2^- and nu2^+ + nu1^-
    (Piccoli and Rossi 2014), a metric on signed measures. It is zero where rescaling, splitting, reordering or
    cancelling neurons turns one network into the other. It bounds the difference of outputs: |f1(x) - f2(x)| is at most
    L |phi(x)| times the norm, with L the Lipschitz constant of the activation. The result is exact, with a gap.
    Raises ValueError or MassError as `projected`, ShapeError or TransportUnsolved as `unbalanced_distance`.
    """
    positive1, negative1 = projected(cloud1, neuron, scaling)
    positive2, negative2 = projected(cloud2, neuron, scaling)
    first, second = _apart(_joined(positive1, negative2), _joined(positive2, negative1))
    return unbalanced_distance(first, second, DIAMETER, 1.0)


def odd_distance(cloud1: ParticleCloud, cloud2: ParticleCloud, neuron: Perceptron, p: float = 2.0) -> Transport:
    """W_p between clouds with theta and -theta identified: the cost is min(|x - y|, |x + y|)^p.

    For sigma(-z) = -sigma(z) the neurons (w, a) and (-w, -a) are the same function, since a sigma(w . phi) =
    (-a) sigma(-w . phi). The result is exact, with a gap, rooted, and in float64.
    Raises ValueError for an activation that is not odd, and ValueError, ShapeError, MassError or TransportUnsolved as
    `transport` does.
    """
    values = neuron.activation.value(PROBES), neuron.activation.value(-PROBES)
    if float((values[0] + values[1]).abs().max()) > ROUNDING * float(values[0].abs().max()):
        raise ValueError(
            f"{type(neuron.activation).__name__} is not odd, so theta and -theta are two neurons; take wasserstein."
        )
    posed_here = posed(cloud1, cloud2, p)
    both = [sign * at.points for at in (posed_here.first, posed_here.second) for sign in (1.0, -1.0)]
    problem, unit = posed_here.in_units(both)
    first, second = problem.first, problem.second
    flipped = Measure(-second.points, second.masses, second.numbers)
    cost = np.minimum(pairwise(first, second, p), pairwise(first, flipped, p))
    found = optimal(cost, array(first.masses), array(second.masses))
    pairs = first.points.detach()[found.rows] * second.points.detach()[found.columns]
    signs = torch.where(pairs.sum(dim=1, keepdim=True) < 0.0, -1.0, 1.0)
    return along_optimum(problem, found, unit, "odd", signs)


def _apart(first: Measure, second: Measure) -> tuple[Measure, Measure]:
    """Both measures without their common mass, which the flat norm of their difference does not depend on.

    With it, the norm would have the rounding error of the common mass. Derivatives of a place are those of its atoms,
    weighted by their part in the mass that is left.
    """
    points = torch.cat([first.points, second.points])
    places, where = torch.unique(points.detach(), dim=0, return_inverse=True)
    if len(places) == len(points):
        return first, second
    signed = torch.cat([first.masses, -second.masses])
    left = signed.new_zeros(len(places)).index_add(0, where, signed)
    shares = (signed / torch.where(left == 0.0, 1.0, left)[where]).detach()
    moved = places.index_add(0, where, shares[:, None] * (points - points.detach()))
    return measure(moved, left.clamp_min(0.0)), measure(moved, (-left).clamp_min(0.0))


def _joined(first: Measure, second: Measure) -> Measure:
    """The sum of two measures."""
    return measure(torch.cat([first.points, second.points]), torch.cat([first.masses, second.masses]))
