"""A trajectory's HDF5 file on the disk: created whole, opened with care, beside its writer."""
