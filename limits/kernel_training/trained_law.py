"""The trained law: mean and variance over initialisations of the function that a kernel flow trains, at any time."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_flow import KernelFlow
from particles import ShapeError, Squared
from particles.shapes import Gram, OtherInputs


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Mean and variance over initialisations of every output at every input, both [data, outputs]; from `ensemble`."""

    mean: Float[Tensor, "data outputs"]
    variance: Float[Tensor, "data outputs"]


def ensemble(
    flow: KernelFlow,
    features: Callable[[Tensor, Tensor | None], Tensor],
    time: float,
    inputs: OtherInputs | None = None,
    *,
    initial: bool = True,
) -> Ensemble:
    """Mean and variance of f_t over Gaussian f_0 of mean zero and covariance S; with initial=False those of f_t - f_0.

    For the squared loss dr/dt = -K P r, so P int_0^t r ds = A(t) r(0) with a matrix A(t). At inputs x, with
    B = K(x, X) A(t) (Lee et al. 2019, section 2.3):

        f_t = f_0(x) - B (f_0(X) - y):  mean B y,  covariance S_xx - B S_Xx - S_xX B^T + B S_XX B^T;
        f_t - f_0:                      mean B y,  covariance B S_XX B^T.

    `features` is the function S(x1, x2): a `feature_kernel`, times sum_j s_j^2 where the scaling is not `NTK`. `inputs`
    are the data where left out, and the time may be infinite. A network that starts at zero (`SymmetricPairs`) has no
    variance, and the flow itself predicts it.
    Raises TypeError for another loss than `Squared`, ValueError for a flow with a `start` of its own, ShapeError where
    `features` has other outputs than the flow, and what the methods of `KernelFlow` raise.
    """
    if not isinstance(flow.loss, Squared):
        raise TypeError(f"The ensemble is known for Squared(), but the flow has {type(flow.loss).__name__}; take that.")
    if flow.start is not None:
        raise ValueError("An ensemble is over initial functions, but the flow has one of its own; leave start out.")
    data = flow.data.inputs
    targets = flow.data.targets.double().flatten()
    cross = flow.gram if inputs is None else flow.cross(inputs)
    gain = cross @ flow.spectrum.propagator(time)
    trained = features(data, None).double()
    if trained.shape != flow.gram.shape:
        raise ShapeError(
            f"The features gave a Gram matrix of shape {tuple(trained.shape)}, but the flow has "
            f"{tuple(flow.gram.shape)}; give feature_kernel(neuron, law) of the same neuron."
        )
    for start in (targets, trained.diagonal().sqrt()):
        flow.spectrum.check(start, torch.tensor([time], dtype=torch.float64))
    variance = ((gain @ trained) * gain).sum(dim=1)
    if initial:
        mixed = trained if inputs is None else features(inputs, data).double()
        own = trained.diagonal() if inputs is None else _diagonal(features, inputs)
        variance = own - 2.0 * (mixed * gain).sum(dim=1) + variance
    shape = (-1, flow.data.outputs)
    mean = (gain @ targets).reshape(shape)
    return Ensemble(mean.to(data), variance.clamp_min(0.0).reshape(shape).to(data))


def _diagonal(features: Callable[[Tensor, Tensor | None], Gram], inputs: Tensor) -> Tensor:
    """S(x, x) for every input, a hundred inputs at a time."""
    return torch.cat([features(chunk, None).double().diagonal() for chunk in torch.split(inputs, 100)])
