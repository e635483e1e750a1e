"""The content of a trajectory file: frames, records, kept states, provenance and data."""
