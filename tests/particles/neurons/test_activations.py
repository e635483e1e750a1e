"""Every activation keeps the contract, and the contract sees planted errors."""

import math

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

import particles.neurons.activations
import particles.neurons.gated
import particles.neurons.smooth_leaky_relu
from particles import GELU, Activation, Erf, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from particles.neurons.activations import SMALL
from tests.particles.risk.contracts import activation as contract
from tests.particles.risk.contracts.members import ACTIVATIONS, Map, name_of
from tests.particles.risk.contracts.planted.activations import PLANTED_ACTIVATIONS
from tests.tolerances import assert_identical

LongDouble = npt.NDArray[np.longdouble]
MEMBERS = [member for member, _ in ACTIVATIONS]


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_activation_keeps_the_law(activation: Activation, law: contract.Law) -> None:
    """Assert that the activation keeps this law of its family."""
    law(activation)


@pytest.mark.parametrize(("activation", "law", "claim"), PLANTED_ACTIVATIONS, ids=name_of)
def test_law_rejects_the_planted_activation(activation: Activation, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted activation breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(activation)


@pytest.mark.parametrize(("activation", "plain"), ACTIVATIONS, ids=name_of)
def test_value_is_the_formula(activation: Activation, plain: Map) -> None:
    """Assert that sigma is the function it is named after."""
    z = torch.linspace(-20.0, 20.0, 4001, dtype=torch.float64)
    assert_identical(activation.value(z), plain(z), claim=repr(activation))


def test_every_activation_is_a_member() -> None:
    """Assert that no activation of the module is left out of the contract."""
    neurons = particles.neurons
    modules = neurons.activations, neurons.gated, neurons.smooth_leaky_relu
    kinds = [kind for module in modules for kind in vars(module).values()]
    defined = {kind for kind in kinds if hasattr(kind, "__dataclass_fields__")}
    assert {type(member) for member in MEMBERS} == defined


@pytest.mark.parametrize("slope", [1.0, math.inf, math.nan])
def test_leaky_relu_refuses_slopes_that_make_no_kink(slope: float) -> None:
    """Assert that LeakyReLU says which slope came and what to use instead."""
    with pytest.raises(ValueError, match=r"slope of LeakyReLU is (.*, but a finite number|1; use Linear\(\))"):
        LeakyReLU(slope=slope)


def test_slope_at_the_kink_is_the_left_one() -> None:
    """Assert that the derivative at zero is 0 for ReLU and the slope for LeakyReLU, as their docstrings say."""
    zero = torch.zeros(1, dtype=torch.float64)
    assert ReLU().derivative(zero).item() == 0.0
    assert LeakyReLU(slope=0.3).derivative(zero).item() == 0.3


@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_extreme_numbers_give_no_nan(activation: Activation) -> None:
    """Assert that neither value nor derivative is NaN at the ends of float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        ends = torch.tensor([-1.0, 1.0], dtype=dtype) * torch.finfo(dtype).max ** 0.9
        assert not activation.value(ends).isnan().any()
        assert activation.derivative(ends).isfinite().all()


def long_tanh(z: Tensor) -> LongDouble:
    """tanh in extended precision: (exp(2 |z|) - 1) / (exp(2 |z|) + 1), with the sign of z."""
    wide = z.double().numpy().astype(np.longdouble)
    grown = np.expm1(2.0 * np.abs(wide))
    return np.asarray(np.sign(wide) * grown / (grown + 2.0), dtype=np.longdouble)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fast_tanh_has_the_stated_error(dtype: torch.dtype) -> None:
    """Assert that the error is at most 1.6 units in the last place of 1, and 16 of its own from 1/8 on."""
    places = [torch.linspace(-reach, reach, 200_001, dtype=dtype) for reach in (1e-3, 0.2, 1.0, 9.0, 25.0, 5000.0)]
    z = torch.cat(places)
    value = Tanh().overwrite(z.clone()[None])[0]
    error = np.abs(value.double().numpy() - long_tanh(z))
    own = torch.finfo(dtype).eps * np.exp2(np.floor(np.log2(np.maximum(np.abs(value.double().numpy()), 1e-30))))
    assert error.max() <= 1.6 * torch.finfo(dtype).eps
    assert (error / own)[z.abs().numpy() >= SMALL].max() <= 16.0
    assert value.abs().max() <= 1.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("largest", [0.124, 0.126, 30.0])
def test_small_arguments_keep_their_digits_where_all_are_small(sign: float, largest: float) -> None:
    """Assert that tanh itself is taken exactly where no |z| exceeds 1/8, whatever the sign and place of the largest."""
    z = torch.full((4, 5), 1e-12, dtype=torch.float64)
    z[3, 2] = sign * largest
    digits = float((Tanh().overwrite(z.clone()) - torch.tanh(z)).abs().max()) == 0.0
    assert digits == (largest < SMALL)


#: sigma and sigma' with as many digits as mpmath is asked for.
PRECISE = {
    "Tanh": (mpmath.tanh, lambda z: mpmath.sech(z) ** 2),
    "Sigmoid": (lambda z: 1 / (1 + mpmath.exp(-z)), lambda z: 1 / ((1 + mpmath.exp(-z)) * (1 + mpmath.exp(z)))),
    "Softplus": (lambda z: mpmath.log1p(mpmath.exp(z)), lambda z: 1 / (1 + mpmath.exp(-z))),
    "SiLU": (
        lambda z: z / (1 + mpmath.exp(-z)),
        lambda z: (1 + (1 + z) * mpmath.exp(-z)) / (1 + mpmath.exp(-z)) ** 2,
    ),
    "Erf": (mpmath.erf, lambda z: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-z * z)),
    "GELU": (lambda z: z * mpmath.ncdf(z), lambda z: mpmath.ncdf(z) + z * mpmath.npdf(z)),
}


@pytest.mark.parametrize("activation", [each for each in MEMBERS if type(each).__name__ in PRECISE], ids=name_of)
def test_saturated_values_and_derivatives_keep_their_digits(activation: Activation) -> None:
    """Assert that both are right to 1e-12 of themselves for |z| up to 700, down to numbers of 1e-290."""
    z = torch.cat([torch.linspace(-700.0, 700.0, 281), torch.linspace(-40.0, 40.0, 321)]).double()
    for found, precise in zip(
        (activation.value(z), activation.derivative(z)), PRECISE[type(activation).__name__], strict=True
    ):
        with mpmath.workdps(400):
            exact = [precise(mpmath.mpf(each)) for each in z.tolist()]
            pairs = zip(found.tolist(), exact, strict=True)
            errors = [abs(value / right - 1) for value, right in pairs if abs(right) > mpmath.mpf("1e-290")]
        assert max(errors) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("activation", [Erf(), GELU(), Sigmoid(), SiLU(), Softplus(), Tanh()], ids=repr)
def test_slopes_have_a_slope_everywhere(activation: Activation, dtype: torch.dtype) -> None:
    """Assert that autograd goes through sigma' at any z, is finite and leaves the values as they are."""
    z = torch.linspace(-900.0, 900.0, 1801, dtype=dtype)
    given = z.clone().requires_grad_()
    found = activation.derivative(given)
    assert torch.equal(found.detach(), activation.derivative(z))
    (slope,) = torch.autograd.grad(found.sum(), given)
    assert bool(torch.isfinite(slope).all()) and float(slope[[0, -1]].abs().max()) == 0.0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_softplus_keeps_its_digits(dtype: torch.dtype) -> None:
    """Assert that it errs by at most two roundings of itself at every size."""
    z = torch.cat([torch.linspace(-80.0, 80.0, 999), torch.linspace(39.9, 40.1, 99)]).to(dtype)
    with mpmath.workdps(30):
        exact = torch.tensor([float(mpmath.log1p(mpmath.exp(x))) for x in z.tolist()], dtype=torch.float64)
    error = (Softplus().value(z).double() - exact).abs() / exact
    assert 0.0 < float(error.max()) < 2.0 * torch.finfo(dtype).eps
