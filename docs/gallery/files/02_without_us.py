"""
Reading a file without us
=========================

A run is one HDF5 file with named dimensions, which says what is in it. It opens with h5py and, as a labelled tree,
with xarray; nothing of this project is imported to read it, and nothing is unpickled. We write one run, and then
forget who wrote it.
"""

import tempfile
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import torch
import xarray

from flows import Adaptive, Every, GradientFlow, evolve
from particles import Dataset, GaussianLaw, Identity, MeanField, Perceptron, Risk, Squared, Tanh, Trajectory, masses

path = Path(tempfile.mkdtemp()) / "run.h5"

# %%
# The run. Leaving the block without an error marks the file complete.
generator = torch.Generator().manual_seed(0)
x = torch.randn(40, 2, dtype=torch.float64, generator=generator)
y = torch.sin(2.0 * x[:, 0]) * x[:, 1]
neuron = Perceptron(Tanh(), Identity(2), trained="both")
law = GaussianLaw(neuron)
risk = Risk(neuron, MeanField(), Squared(), Dataset(x, y))
flow, integrator = GradientFlow(risk), Adaptive(rtol=1e-3)
with Trajectory.create(
    path, flow=flow, integrator=integrator, law=law, seed=0, observables={"risk": risk}
) as trajectory:
    cloud = law.sample(masses=masses.uniform(200), seed=0)
    evolve(flow, cloud, integrator, until=50.0, observers=[Every(time=1.0, observer=trajectory)])

# %%
# With h5py alone: what is in the file, and in what words.
with h5py.File(path) as file:
    value = file["observables/risk/value"]
    print(file.attrs["title"].decode())
    print(f"observables/risk/value {value.shape}: {value.attrs['formula'].decode()}")
    positions = file["particles/cloud/position/value"][:]  # [frames, particles, coordinates]
print(f"positions {positions.shape}, file {path.stat().st_size / 1e3:.0f} kB")

# %%
# With xarray: dimensions have names, so that a time is asked for and not a number of a frame.
tree = xarray.open_datatree(path, engine="h5netcdf")
position, recorded = tree["particles/cloud/position/value"], tree["observables/risk/value"]
print(dict(position.sizes))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
left.plot(recorded["time"], recorded)
left.set(xlabel="time t", ylabel="risk")
for particle in range(60):
    right.plot(*position.isel(particle=particle, coordinate=slice(0, 2)).T, color="0.7", lw=0.8)
right.scatter(*position.sel(time=50.0, method="nearest").isel(coordinate=slice(0, 2)).T, s=8)
right.set(xlabel="w$_0$", ylabel="w$_1$", title="Paths of sixty particles, all at the end")
tree.close()
plt.show()

# %%
# Where to go on: :doc:`the layout </files/trajectories>`, path by path, with what each program reads; ``meanfield
# export`` for netCDF, npz, csv and MDAnalysis.
