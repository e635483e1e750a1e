"""Early training is that of a linear model with one extra feature: when, for which layers, how long."""
