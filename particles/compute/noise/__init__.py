"""Normal numbers of particles by address: the generator of words, the numbers, and compiled loops for CPUs."""
