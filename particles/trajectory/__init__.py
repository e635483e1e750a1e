"""The trajectory file: one HDF5 file for one run, which any HDF5 tool reads and which survives a killed process."""

from particles.trajectory.reader import Series, TrajectoryReader
from particles.trajectory.recorder import ObservableRecorder
from particles.trajectory.shared_trajectory import SharedTrajectory
from particles.trajectory.trajectory import Trajectory
from particles.trajectory.writer import TrajectoryWriter

__all__ = ["ObservableRecorder", "Series", "SharedTrajectory", "Trajectory", "TrajectoryReader", "TrajectoryWriter"]
