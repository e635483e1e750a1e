"""Early in training a network is a linear model with one extra feature: when, for which layers, and where it ends."""
