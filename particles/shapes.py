"""Shapes of the tensors that cross a file border, as jaxtyping annotations.

Axis words: particles (m), dim (D + k), data (n), inputs (d), features (D), outputs (k). A word that occurs twice in
one signature is one number; the test run checks it.
"""

from jaxtyping import Float
from torch import Tensor

Positions = Float[Tensor, "particles dim"]
Velocity = Float[Tensor, "particles dim"]
Masses = Float[Tensor, " particles"]
PerParticle = Float[Tensor, " particles"]

Inputs = Float[Tensor, "data inputs"]
OtherInputs = Float[Tensor, "others inputs"]
Features = Float[Tensor, "data features"]
Outputs = Float[Tensor, "data outputs"]
PerDatum = Float[Tensor, " data"]
Curvature = Float[Tensor, "data outputs outputs"]

Hidden = Float[Tensor, "particles data"]
OtherHidden = Float[Tensor, "particles others"]
ParticleOutputs = Float[Tensor, "particles outputs"]
ParticleFeatures = Float[Tensor, "particles data outputs"]
ParticleGradients = Float[Tensor, "particles data outputs dim"]

Gram = Float[Tensor, "rows columns"]
Scalar = Float[Tensor, ""]
AnyFloat = Float[Tensor, "..."]

#: Of several clouds of one size; where they are stacked into one, row e m + j is particle j of member e.
MemberPositions = Float[Tensor, "members particles dim"]
MemberMasses = Float[Tensor, "members particles"]
#: Of one cloud, or of several member by member: as many rows as all members have data together.
StackedOutputs = Float[Tensor, "stacked outputs"]
Grams = Float[Tensor, "*members rows columns"]
