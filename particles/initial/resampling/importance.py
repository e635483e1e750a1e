"""How much each particle adds to the network, and the probabilities by which some of them are best drawn."""

import torch

from particles.cloud import ParticleCloud
from particles.compute.tiles import Tiles
from particles.risk.risk import Risk
from particles.shapes import PerParticle


def importance(cloud: ParticleCloud, risk: Risk, *, centred: bool = True) -> PerParticle:
    """P_j = c_j / sum_l c_l [particles] with c_j the standard deviation over the data of what particle j adds to f.

    c_j^2 = s_j^2 sum_i p_i |g_j(x_i) - sum_l p_l g_j(x_l)|^2 with output factors s_j and data weights p_i; for
    perceptrons of equal mass P_j ~ |a_j| std(sigma(w_j . phi)) (Fang, Dong and Zhang 2020, figure 11). If `count`
    particles are drawn independently by probabilities P, then f_c = (1/count) sum_k s_k g_k / P_k has the mean f, and

        E sum_i p_i |f_c(x_i) - f(x_i)|^2 = (1/count) (sum_j c_j^2 / P_j - sum_i p_i |f(x_i)|^2)

    with c_j^2 = s_j^2 sum_i p_i |g_j(x_i)|^2, the mean square, of which `centred=False` takes the root: these P_j make
    it least (Cauchy and Schwarz). The standard deviation does the same for f_c and f less their means over the data,
    which is what counts where an offset of the outputs is trained, or does not matter.

    Data are streamed through tiles of particles. In a shared cloud every process gets those of its own particles.
    Raises ValueError where no particle adds anything.
    """
    added = contributions(cloud, risk, centred=centred)
    total = cloud.summed(lambda part: added[part].sum())
    if not float(total) > 0.0:
        what = "the same at all data" if centred else "zero at all data"
        raise ValueError(f"What the particles add to the network is {what}, so none of them is more important.")
    return added / total


def contributions(cloud: ParticleCloud, risk: Risk, *, centred: bool) -> PerParticle:
    """c_j [particles], the root mean square over the data of s_j g_j(x_i), or its standard deviation if `centred`."""
    at = risk.at(cloud)
    weights = at.data.weights
    squares = torch.empty_like(cloud.masses)
    for part, tangent in Tiles(risk.network.neuron, cloud.positions, at.data.phi):
        features = tangent.features()
        if centred:
            features = features - torch.einsum("i,jic->jc", weights, features)[:, None, :]
        squares[part] = torch.einsum("i,ji->j", weights, features.square().sum(dim=2))
    return at.factors * squares.sqrt()
