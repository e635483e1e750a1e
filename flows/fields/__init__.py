"""How a cloud moves: gradient, NTK, Langevin and linearised flows, batches, birth and death."""
