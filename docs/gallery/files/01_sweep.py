"""
A sweep and its dataset
=======================

A study is a text file: what is fixed, what is varied, how many seeds. One command runs it, and the same command after
a kill goes on where it was. All runs together are one labelled dataset, in which a mean over seeds is a word.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from runs.collect import collect

folder = Path(tempfile.mkdtemp())

# %%
# Data, as NumPy saves them, and the study.
x = np.random.default_rng(0).uniform(-1.5, 1.5, (60, 2))
np.savez(folder / "data.npz", inputs=x, targets=np.sign(x[:, 0] * x[:, 1]))
study = folder / "study.toml"
study.write_text("""
until = 10.0
seeds = 3
frames = { time = 10.0 }
records = { first = 0.1, last = 10.0, count = 12 }
observables = ["risk", "mean_movement"]
data = { file = "data.npz" }
neuron = { kind = "perceptron", activation = "relu", embedding = "biased", trained = "both" }
law = { kind = "gaussian", symmetric = true }
masses = { kind = "uniform", count = 100 }
scaling = { kind = "lazy", scale = 1.0 }

[sweep.over]
"scaling.scale" = [1.0, 2.0, 4.0, 8.0]
""")

# %%
# In a terminal this is ``meanfield run study.toml --workers 0``: twelve runs in this process, no folder of figures.
command = f"{sys.executable} -m runs run {study} --out {folder / 'out'} --workers 0 --no-summary"
subprocess.run(command.split(), check=True, capture_output=True)

# %%
# One dataset: the key that was varied and the seed are its dimensions.
sweep = collect(folder / "out")
print(sweep.sizes)
movement = sweep["mean_movement"].isel(time=-1)
slope = np.polyfit(np.log(movement["scale"]), np.log(movement.mean("seed")), 1)[0]
print(f"movement falls as scale^({slope:.2f})")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
for k, scale in enumerate(sweep["scale"].values):
    risks = sweep["risk"].sel(scale=scale)
    left.semilogx(risks["time"], risks.mean("seed"), color=plt.cm.viridis(k / 4), label=f"c = {scale:g}")
    left.fill_between(risks["time"], risks.min("seed"), risks.max("seed"), color=plt.cm.viridis(k / 4), alpha=0.2, lw=0)
left.set(xlabel="time t", ylabel="risk, mean and range of three seeds")
left.legend()
right.loglog(movement["scale"], movement.transpose("scale", "seed"), "o", color="C0")
right.loglog(movement["scale"], movement.mean("seed"), color="C0")
right.set(xlabel="scale c", ylabel="mean movement at the end", yticks=[0.2, 0.4, 0.8], yticklabels=[0.2, 0.4, 0.8])
right.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
right.minorticks_off()
plt.show()

# %%
# Where to go on: :doc:`study files </files/study_files>` has every key; without ``--no-summary`` the command itself
# leaves a table and figures; ``--ensemble 12`` evolves the runs side by side.
