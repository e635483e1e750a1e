"""Random features, NTK and mean field on one axis alpha: experiments and identities of Fang, Dong and Zhang (2020)."""
