"""Random features, NTK and mean field on one axis alpha (Fang, Dong and Zhang 2020)."""
