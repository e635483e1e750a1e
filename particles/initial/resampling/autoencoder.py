"""A variational autoencoder of weighted clouds as a law: a small network that turns Gaussian numbers into particles."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from particles.arguments.integers import whole
from particles.arguments.reals import non_negative, positive
from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.initial.resampling.kernel_density import Clouds, merged
from particles.initial.resampling.row_blocks import in_blocks
from particles.initial.uniform_points import Points, Random
from particles.numerics.randomness import generator
from particles.shapes import Masses

PerCoordinate = Float[Tensor, "_"]
#: Weights and biases of layers one after the other.
Layers = tuple[tuple[Tensor, Tensor], ...]
#: Bounds of the logarithm of an encoder's variances, so that exp stays a number early in training.
LOGARITHMS = (-20.0, 20.0)


@dataclass(frozen=True, eq=False)
class AutoencoderLaw:
    """Draws theta = mean + deviation (decoder(z) + noise e) with z and e from N(0, I), coordinate by coordinate.

    `AutoencoderLaw.fitted(clouds)` trains it (Kingma and Welling 2014). `mean` and `deviation` [dim] are those of the
    clouds, `decoder` the weights of a network of one hidden layer with ReLU, `noise` the standard deviation that is
    left after decoding. With `smooth` the noise is left out: draws are what the decoder says, which are smoother than
    particles and vary less. `points` is the source of uniform numbers. Raises ShapeError where the three have different
    numbers of coordinates.
    """

    mean: PerCoordinate
    deviation: PerCoordinate
    decoder: Layers
    noise: float
    smooth: bool = False
    points: Points = Random()

    def __post_init__(self) -> None:
        sizes = {"mean": len(self.mean), "deviation": len(self.deviation), "decoder": len(self.decoder[-1][1])}
        if len({*sizes.values()}) > 1:
            said = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise ShapeError(f"The coordinates of a particle are {said}; make the law by AutoencoderLaw.fitted.")
        object.__setattr__(self, "noise", non_negative(self.noise, "The noise"))

    @classmethod
    def fitted(
        cls,
        clouds: Clouds,
        *,
        hidden: int = 256,
        latent: int = 128,
        steps: int = 2000,
        batch: int = 128,
        rate: float = 1e-3,
        smooth: bool = False,
        seed: int,
    ) -> Self:
        """The law of all particles of these clouds, each of which counts alike, trained by Adam in float32.

        Encoder dim-hidden-latent and decoder latent-hidden-dim minimise the mean over particles, drawn by their masses,
        of |theta - decoder(z)|^2 / (2 v) + (dim / 2) log v + KL(encoder || N(0, I)), in coordinates divided by their
        deviations, where v is the mean square of what is left in the batch (Rybkin, Daniilidis and Levine 2021). The
        first weights, the batches and z come from streams of the seed: on one machine, with one number of threads, the
        same clouds give the same bits. It computes on the device of the clouds. Raises ValueError for sizes that are
        not positive, and what `merged` raises.
        """
        cloud = merged(clouds).detached()
        hidden, latent = whole(hidden, "The number of hidden units"), whole(latent, "The number of latent ones")
        mean = cloud.masses @ cloud.positions
        deviation = (cloud.masses @ (cloud.positions - mean).square()).sqrt()
        scaled = ((cloud.positions - mean) / torch.where(deviation > 0.0, deviation, 1.0)).float()
        training = _Training(scaled, cloud.masses, hidden, latent, seed)
        training.run(whole(steps, "The number of steps"), whole(batch, "The batch"), positive(rate, "The rate"))
        decoder = tuple((weight.detach(), bias.detach()) for weight, bias in training.decoder)
        return cls(mean, deviation, decoder, training.left(), smooth)

    def sample(self, *, masses: Masses, seed: int) -> ParticleCloud:
        """Independent draws as a cloud with these masses [particles], in their dtype and on their device.

        The same seed gives the same positions, and more masses begin with those of fewer.
        """
        latent, dim = self.decoder[0][0].shape[1], len(self.mean)
        normals = torch.special.ndtri(self.points.draw(len(masses), latent + dim, seed)).to(self.mean)
        codes = normals[:, :latent].to(self.decoder[0][0])
        found = in_blocks(lambda rows: _through(self.decoder, rows), codes).to(self.mean)
        if not self.smooth:
            found = found + self.noise * normals[:, latent:]
        return ParticleCloud((self.mean + self.deviation * found).to(masses), masses)


class _Training:
    """An encoder and a decoder in training on rows [particles, dim] that are drawn by their masses."""

    def __init__(self, rows: Tensor, masses: Masses, hidden: int, latent: int, seed: int) -> None:
        self._rows, self._latent = rows, latent
        self._levels = masses.cpu().double().cumsum(dim=0).numpy()
        self._weights, self._draws = (generator(seed, stream) for stream in ("autoencoder", "autoencoder batches"))
        dim = rows.shape[1]
        self.encoder = self._layers(dim, hidden, 2 * latent)
        self.decoder = self._layers(latent, hidden, dim)

    def run(self, steps: int, batch: int, rate: float) -> None:
        """Steps of Adam, with a learning rate that falls to zero by a cosine."""
        parameters = [part for layer in (*self.encoder, *self.decoder) for part in layer]
        optimiser = torch.optim.Adam(parameters, lr=rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        with torch.enable_grad():
            for _ in range(steps):
                optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward(self._loss(batch))
                optimiser.step()
                schedule.step()

    def left(self, rows: int = 4096) -> float:
        """The root mean square of what is left after decoding, of rows drawn by their masses."""
        with torch.no_grad():
            x = self._batch(rows)
            found, _, _ = self._coded(x)
            return float((x - found).square().mean().sqrt())

    def _loss(self, batch: int) -> Tensor:
        x = self._batch(batch)
        found, mean, logarithm = self._coded(x)
        divergence = 0.5 * (mean.square() + logarithm.exp() - 1.0 - logarithm).sum(dim=1).mean()
        v = (x - found).square().mean().clamp_min(1e-12)
        return 0.5 * x.shape[1] * v.log() + divergence

    def _coded(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x decoded, and mean and logarithm of the variance of its code."""
        mean, logarithm = _through(self.encoder, x).chunk(2, dim=1)
        logarithm = logarithm.clamp(*LOGARITHMS)
        return _through(self.decoder, mean + (0.5 * logarithm).exp() * self._normals(mean.shape)), mean, logarithm

    def _batch(self, count: int) -> Tensor:
        places = self._draws.random(count) * self._levels[-1]
        found = np.minimum(self._levels.searchsorted(places, side="right"), len(self._levels) - 1)
        return self._rows[torch.from_numpy(found).to(self._rows.device)]

    def _normals(self, shape: tuple[int, ...]) -> Tensor:
        return torch.from_numpy(self._draws.standard_normal(shape, dtype=np.float32)).to(self._rows)

    def _layers(self, *sizes: int) -> Layers:
        """Layers between these sizes: weights from N(0, 2 / inputs), of the last one N(0, 1 / inputs); zero biases."""
        gains = [*[2.0] * (len(sizes) - 2), 1.0]
        return tuple(
            (self._made((out, into), math.sqrt(gain / into)), self._made((out,), 0.0))
            for into, out, gain in zip(sizes[:-1], sizes[1:], gains, strict=True)
        )

    def _made(self, shape: tuple[int, ...], deviation: float) -> Tensor:
        normals = deviation * self._weights.standard_normal(shape, dtype=np.float32)
        return torch.from_numpy(normals.astype(np.float32)).to(self._rows).requires_grad_()


def _through(layers: Layers, x: Tensor) -> Tensor:
    """x through linear layers with ReLU between them."""
    for place, (weight, bias) in enumerate(layers):
        x = functional.linear(functional.relu(x) if place else x, weight, bias)
    return x
