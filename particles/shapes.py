"""Shapes of the tensors that pass between modules, as jaxtyping annotations.

The words for axes are particles (m), dim (D + k), data (n), inputs (d), features (D) and outputs (k). A word that
occurs twice in one signature stands for one number, which the test run checks.
"""

from jaxtyping import Float
from torch import Tensor

Positions = Float[Tensor, "particles dim"]
Velocity = Float[Tensor, "particles dim"]
Masses = Float[Tensor, " particles"]
PerParticle = Float[Tensor, " particles"]
PerParticleAndGroup = Float[Tensor, "particles groups"]

Inputs = Float[Tensor, "data inputs"]
OtherInputs = Float[Tensor, "others inputs"]
#: Inputs as users have them: rows, or images [data, channels, height, width], which are rows once flattened.
Images = Float[Tensor, "data *inputs"]
Features = Float[Tensor, "data features"]
Outputs = Float[Tensor, "data outputs"]
PerDatum = Float[Tensor, " data"]
Curvature = Float[Tensor, "data outputs outputs"]

Hidden = Float[Tensor, "particles data"]
ParticleFeatures = Float[Tensor, "particles data outputs"]
ParticleGradients = Float[Tensor, "particles data outputs dim"]
#: Of a layer with some units, by the particles that are whole networks, or of a perceptron's one unit.
PreActivations = Float[Tensor, "particles data units"]

Teacher = Float[Tensor, "teachers hidden"]
PerTeacher = Float[Tensor, " teachers"]
PerClass = Float[Tensor, " classes"]

Gram = Float[Tensor, "rows columns"]
Scalar = Float[Tensor, ""]
AnyFloat = Float[Tensor, "..."]

#: Shapes for several clouds of one size, the members. Where they are stacked, row e m + j is particle j of member e.
MemberPositions = Float[Tensor, "members particles dim"]
MemberMasses = Float[Tensor, "members particles"]
#: Outputs of one cloud, or of several clouds one after the other: one row for each datum of each member.
StackedOutputs = Float[Tensor, "stacked outputs"]
StackedPerDatum = Float[Tensor, " stacked"]
#: Of one cloud, or with a leading axis of several.
ManyPositions = Float[Tensor, "*members particles dim"]
ManyPerParticle = Float[Tensor, "*members particles"]
ManyOutputs = Float[Tensor, "*members data outputs"]
ManyParticleOutputs = Float[Tensor, "*members particles outputs"]
ManyHidden = Float[Tensor, "*members particles data"]
ManyOtherHidden = Float[Tensor, "*members particles others"]
Grams = Float[Tensor, "*members rows columns"]
