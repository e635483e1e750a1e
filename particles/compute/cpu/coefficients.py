"""Coefficients of the polynomials in Numba's kernels, in each dtype, of the highest power first.

Those of log, erf and Mills' ratio interpolate at the nodes of Chebyshev; their tests state what they leave.
"""

from math import factorial

import numpy as np

#: 1 / k! down to k = 2, for exp.
SINGLE_EXP = tuple(np.float32(1.0 / factorial(k)) for k in range(7, 1, -1))
DOUBLE_EXP = tuple(1.0 / factorial(k) for k in range(13, 1, -1))

#: log((1 + s) / (1 - s)) / s as a polynomial in s^2, for s <= 1/3.
SINGLE_LOG = tuple(map(np.float32, (0.2815778, 0.27965158, 0.40024596, 0.6666632, 2.0)))
DOUBLE_LOG = (
    *(0.17044163562781398, 0.0832450651186082, 0.12110168728069218, 0.13300374032674625, 0.1538661404230401),
    *(0.18181740832504806, 0.22222224080747674, 0.28571428545454114, 0.4000000000018575, 0.6666666666666615, 2.0),
)

#: erf(x) / x as a polynomial in x^2, for x <= 1/2.
SINGLE_ERF = tuple(map(np.float32, (0.0047190827, -0.026757732, 0.112828314, -0.37612608, 1.1283791)))
DOUBLE_ERF = (
    *(1.4725865480556744e-06, -1.4845849259707869e-05, 0.00012053335124353741, -0.0008548297753674966),
    *(0.00522397737302147, -0.026866170632887928, 0.11283791670925353, -0.37612638903183476, 1.1283791670955126),
)

#: Mills' ratio exp(y^2 / 2) (1 - Phi(y)) = t p(u), u = a t + b, t = 1 / (y + c), for y up to the `FURTHEST`, where u is
#: -1; it is 1 at y = 0. These are a, b and c.
SINGLE_FURTHEST, DOUBLE_FURTHEST = np.float32(14.0), 39.0
SINGLE_MILLS = tuple(map(np.float32, (10.285714149475098, -1.5714285373687744, 4.0)))
DOUBLE_MILLS = (11.282051282051283, -1.2564102564102564, 5.0)

#: p, in float64 the sum of u^12 times a first polynomial and a second one.
SINGLE_SERIES = (
    *map(np.float32, (-4.3555847e-06, 1.2302311e-05, 7.005724e-05, -0.00017184335, -0.0012455143, 0.00038608327)),
    *map(np.float32, (0.02400948, 0.11434984, 0.32065532, 0.6302497, 0.9116889)),
)
DOUBLE_HIGH = (
    *(-1.1174902448524967e-11, -1.707206265482664e-10, 2.6929843110446725e-10, 2.184847942393451e-09),
    *(-3.4946389528051303e-09, -1.873121333024284e-08, 3.4822672526117384e-08, 1.603105407453975e-07),
    *(-2.951248365230187e-07, -1.584260196038094e-06, 1.8564801540633828e-06),
)
DOUBLE_LOW = (
    *(1.7809850904071157e-05, 4.471113104623623e-06, -0.0001932275656909335, -0.0005243514710366582),
    *(0.0008627486200349754, 0.01106537799022295, 0.045972932975532586, 0.12867006513544002),
    *(0.27721847210375594, 0.4839898957497961, 0.701226008664366, 0.8516896445588363),
)
