"""The experiments of asymmetric-scaling, one a file, and the figures of the first."""
