"""
Finite against infinite width
=============================

In NTK scaling a network of more and more neurons becomes a kernel method, and both the kernel and its training are
known without a network. We train networks of growing width beside the kernel flow of the limit, from the same initial
function. The gap closes as one over the root of the width.
"""

import matplotlib.pyplot as plt
import torch

from flows import Adaptive, GradientFlow, evolve
from limits import KernelFlow, tangent_kernel
from particles import NTK, Dataset, GaussianLaw, Identity, Perceptron, Risk, Squared, Tanh, masses, tangent_gram

generator = torch.Generator().manual_seed(0)
x = torch.randn(20, 5, dtype=torch.float64, generator=generator)
y = torch.sin(2.0 * x[:, :1])
others = torch.randn(200, 5, dtype=torch.float64, generator=generator)

# %%
# The limit: a kernel in closed form or by quadrature, and its flow at any time, infinity included.
neuron = Perceptron(Tanh(), Identity(5), trained="both")
law, time = GaussianLaw(neuron), 20.0
kernel = tangent_kernel(neuron, law)

# %%
# Networks of six widths, eight seeds each: their kernel at the start, and their function at time 20 at other inputs.
widths = (32, 64, 128, 256, 512, 1024)
risk = Risk(neuron, NTK(), Squared(), Dataset(x, y))
kernel_gaps, function_gaps = torch.zeros(len(widths), 8), torch.zeros(len(widths), 8)
for i, width in enumerate(widths):
    for seed in range(8):
        start = law.sample(masses=masses.uniform(width), seed=seed)
        gram = tangent_gram(risk, start, x, x)
        kernel_gaps[i, seed] = torch.linalg.norm(gram - kernel(x, x)) / torch.linalg.norm(kernel(x, x))
        end = evolve(GradientFlow(risk), start, Adaptive(rtol=1e-4), until=time)
        limit = KernelFlow(kernel, risk.data, start=lambda z, cloud=start: risk.predictions(cloud, z))
        gap = risk.predictions(end, others) - limit.predictions(time, others)
        function_gaps[i, seed] = gap.square().mean().sqrt()

figure, axis = plt.subplots()
for name, gaps, marker in (
    ("tangent kernel at the start", kernel_gaps, "o"),
    ("function at time 20", function_gaps, "s"),
):
    means = gaps.square().mean(dim=1).sqrt()
    exponent = float(torch.log(means[-1] / means[0]) / torch.log(torch.tensor(widths[-1] / widths[0])))
    print(f"{name}: the gap goes as width^({exponent:.2f})")
    axis.loglog(widths, means, marker + "-", label=f"{name}, slope {exponent:.2f}")
axis.loglog(widths, means[0] * (torch.tensor(widths) / widths[0]) ** -0.5, ":", color="0.5", label="slope -1/2")
axis.set(xlabel="width m", ylabel="root mean square gap to the limit")
axis.legend()
plt.show()

# %%
# Where to go on: :func:`limits.slope` gives such slopes with an interval; the study :doc:`kernel-checks
# </studies/kernel_checks>` measures them with sixteen seeds and more; :func:`limits.infinite_width_kernels` has the
# limits of deep networks.
