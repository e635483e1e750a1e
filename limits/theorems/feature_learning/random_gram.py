"""The Gram matrix of a frozen layer of random features: how far it is from that of infinitely many."""

from collections.abc import Iterable
from dataclasses import replace

import torch

from limits.kernels.gaussian_duals import quadrature
from limits.kernels.input_pairs import embedded
from limits.kernels.quadrature import ACCURACY
from limits.kernels.two_layer import feature_kernel
from limits.theorems.base import Result, Statement, as_mean
from limits.theorems.feature_learning.decay import SOURCE
from particles import GaussianLaw, Perceptron, RandomFeatures
from particles.shapes import Gram, Inputs

STATEMENT = Statement("E |G - Gbar|_F^2 = (1/D) sum_ik Var[ sigma(z_i) sigma(z_k) ]", f"{SOURCE}, theorem 2")


def limit_gram(embedding: RandomFeatures, inputs: Inputs) -> Gram:
    """Gbar = E sigma(z_i) sigma(z_k) [n, n], z = Z inner(x): the Gram matrix of infinitely many random features."""
    neuron = Perceptron(embedding.activation, embedding.inner)
    return feature_kernel(neuron, GaussianLaw(neuron))(inputs)


def gram_deviation(embedding: RandomFeatures, inputs: Inputs) -> float:
    """E |G - Gbar|_F^2 = (1/D) sum_ik ( E sigma(z_i)^2 sigma(z_k)^2 - Gbar_ik^2 ), with inner features as they are."""
    activation, accuracy = embedding.activation, ACCURACY
    squares = quadrature(activation, lambda z: activation.value(z).square(), accuracy)
    phi = embedded(embedding.inner, inputs.double())
    every = slice(0, len(phi.rows))
    overlaps = phi.pairs(phi, every, every)
    rows = squares.at(phi.variances)
    fourth = rows.gram(rows, overlaps.scaled(1.0))[0]
    return float((fourth - limit_gram(embedding, inputs.double()).square()).sum()) / embedding.count


def gram_concentration(embedding: RandomFeatures, inputs: Inputs, seeds: Iterable[int] = range(100)) -> Result:
    """E |G - Gbar|_F^2 over frozen layers from these seeds, exact at every number of features: it falls as 1/D."""
    x = inputs.double()
    limit, drawn = limit_gram(embedding, x), []
    for seed in seeds:
        phi = replace(embedding, seed=seed)(x)
        drawn.append((phi @ phi.T - limit).square().sum())
    return as_mean(STATEMENT, (), gram_deviation(embedding, x), torch.stack(drawn))
