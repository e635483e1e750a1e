"""What an observable is: a frozen value that is called with a cloud."""

from abc import ABC, abstractmethod

from particles.cloud import ParticleCloud
from particles.shapes import AnyFloat


class Observable(ABC):
    """An observable that is a value of its own: it holds what it refers to and is called with a cloud.

    It sums over particles by the cloud's own `summed` and `largest`, so that processes may share the cloud. Study files
    know each class of these that `particles` offers by its name, MeanMovement as mean_movement. They make it of what
    its parameters are called, `risk` and `start` of the run and `inputs` of the training data; other parameters, which
    are numbers, words and lists of them, are keys. The first line of its docstring is its formula in trajectory files.
    """

    @abstractmethod
    def __call__(self, cloud: ParticleCloud) -> AnyFloat:
        """Its value at a cloud: a number, or an array of a shape that does not change along a run."""

    def entries(self, cloud: ParticleCloud) -> int:
        """How many numbers its value has, without computing it: what a record of it takes in a file."""
        return 1
