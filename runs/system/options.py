"""What one can choose from on the command line, known without importing torch."""

#: Data sets by name, the default first; each has a loader in `runs.datasets`.
DATA_SETS = ("diabetes", "concrete", "energy", "airfoil", "plant", "mnist", "simulated")

#: How large a study is: seconds, minutes, or the published sizes.
SCALES = ("smoke", "laptop", "paper")

#: Where a study computes; auto takes CUDA where there is one.
DEVICES = ("auto", "cpu", "cuda")
