"""The HDF5 file of a trajectory on the disk: created whole, opened with checks, and read beside its writer."""
