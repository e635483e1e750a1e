"""Five vignettes: dropout, convexity of displacement, knots, pyramids, the smallest NTK eigenvalue."""
