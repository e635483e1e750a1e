"""The choices of options on the command line, in a module that does not import torch."""

#: Data sets by name, the default first; each has a loader in `runs.datasets`.
DATA_SETS = ("diabetes", "concrete", "energy", "airfoil", "plant", "mnist", "simulated")

#: The sizes of a study: one for seconds, one for minutes, and the published one.
SCALES = ("smoke", "laptop", "paper")

#: The devices on which a study computes; auto is CUDA where there is a GPU.
DEVICES = ("auto", "cpu", "cuda")
