"""Random features, NTK and mean field on one axis (Fang, Dong and Zhang 2020): every statement, exact ones first."""

from limits.theorems.one_axis.few_directions import kernel_data

__all__ = ["kernel_data"]
