"""What lies in a trajectory's file: frames, records, kept states, provenance, data."""
