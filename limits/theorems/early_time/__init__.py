"""Early training is linear (Hu, Xiao, Adlam and Pennington 2020): every statement, exact ones and rates in d."""

from limits.theorems.early_time.inputs import inner_products, input_norms, input_spectrum
from limits.theorems.early_time.linear_dynamics import linear_dynamics
from limits.theorems.early_time.linearisation import model_gap
from limits.theorems.early_time.rates import Asymptotics, agreement, convolution_distance, kernel_distance_rate

__all__ = [
    "Asymptotics",
    "agreement",
    "convolution_distance",
    "inner_products",
    "input_norms",
    "input_spectrum",
    "kernel_distance_rate",
    "linear_dynamics",
    "model_gap",
]
