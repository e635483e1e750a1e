"""
Noise leaves few knots
======================

Noisy gradient descent at low temperature learns piecewise linear functions, with at most three bends between
neighbouring data (Shevchenko, Kungurtsev and Mondelli 2022). The stationary law of infinitely many ReLU neurons on a
line is computed at any temperature, with the places where its predictor bends. As the temperature falls the curvature
gathers in a few points.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import torch

from limits import ReLUGibbs, knots
from particles import Biased, Dataset, MeanField, Perceptron, Plain, ReLU, Risk, Squared

# %%
# Five data on a line.
x = torch.tensor([[-0.9], [-0.4], [0.05], [0.3], [0.85]], dtype=torch.float64)
y = torch.tensor([0.6, -0.7, 0.5, 0.4, -0.5], dtype=torch.float64)
risk = Risk(Perceptron(ReLU(), Biased(Plain(1)), trained="both"), MeanField(), Squared(), Dataset(x, y))
places = torch.linspace(-1.2, 1.2, 400, dtype=torch.float64)[:, None]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.plot(x, y, "o", color="0.2", label="data", zorder=3)
for temperature, colour in zip((1e-1, 1e-2, 1e-4, 1e-6), plt.cm.plasma([0.85, 0.6, 0.35, 0.05]), strict=True):
    law = ReLUGibbs(risk, temperature, confinement=0.005).solve()
    left.plot(places, law(places), color=colour, label=f"T = {temperature:g}")
    right.semilogy(places, law.curvature(places).abs(), color=colour)
coldest = knots(law)
most = max(coldest.between(float(low), float(high)) for low, high in pairwise(x))
print(f"knots at T = 1e-6: {[round(float(place), 3) for place in coldest.places]}, at most {most} between two data")
left.set(xlabel="x", ylabel="f(x)", title="The predictor")
left.legend()
right.set(xlabel="x", ylabel="|f''|", ylim=(1e-3, None), title="Where it bends")
plt.show()

# %%
# Where to go on: :doc:`the study </studies/vignettes>` counts knots of many data sets, and has four more results:
# dropout and paths between networks, convexity, pyramids, the smallest eigenvalue of deep kernels.
