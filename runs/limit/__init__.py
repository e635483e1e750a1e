"""The limit of infinitely many trained particles: the loop over clouds for `limits.infinite_width`."""

from runs.limit.asking import infinite_width_of
from runs.limit.training import trained

__all__ = ["infinite_width_of", "trained"]
