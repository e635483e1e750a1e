"""How near the particles are to the hidden weights of a teacher, the network that made the targets."""

from dataclasses import dataclass
from math import pi

import torch
from torch.nn.functional import normalize

from particles.cloud import TOTAL_TOLERANCE, ParticleCloud
from particles.errors import ShapeError
from particles.observables.observable import Observable
from particles.risk.risk import Risk
from particles.shapes import PerParticle, PerTeacher, Positions, Scalar, Teacher

#: Halvings of [0, pi] after which less than the rounding of the smallest angles in use is left.
HALVINGS = 64


@dataclass(frozen=True, eq=False)
class _Taught(Observable):
    """Particles and the directions of a teacher's neurons."""

    risk: Risk
    teacher: Teacher

    def __post_init__(self) -> None:
        hidden = self.risk.network.neuron.hidden
        if self.teacher.ndim != 2 or self.teacher.shape[1] != hidden or not len(self.teacher):
            raise ShapeError(
                f"The teacher has shape {tuple(self.teacher.shape)}, but [teachers, {hidden}] is needed, the hidden "
                "weights of one of its neurons or more in the rows."
            )
        if not bool((torch.isfinite(self.teacher) & (self.teacher != 0.0).any(dim=1, keepdim=True)).all()):
            raise ValueError("A neuron of the teacher has hidden weights that are all zero or not finite; drop it.")

    def _directions(self, cloud: ParticleCloud) -> tuple[Positions, Teacher]:
        """w_j / |w_j| of the particles held here, zero where w_j is, and u_t = v_t / |v_t|."""
        hidden = cloud.positions[:, : self.risk.network.neuron.hidden]
        return normalize(hidden, dim=1, eps=0.0).nan_to_num(0.0), normalize(self.teacher, dim=1).to(hidden)


@dataclass(frozen=True, eq=False)
class TeacherOverlap(_Taught):
    """max_j w_j . v_t / (|w_j| |v_t|) over particles with mass, [teachers]: how well each teacher's neuron is found.

    `teacher` are the hidden weights v_t [teachers, hidden] of its neurons, as the cloud's neuron has them, with those
    of a bias. The cosines are the normalised overlaps R_jt / sqrt(Q_jj T_tt) of the soft committee machine (Saad and
    Solla 1995). Signs count: where (w, a) and (-w, -a) are the same neuron, give v_t and -v_t. A particle whose hidden
    weights are zero has cosine zero. Raises ShapeError for a teacher of another shape, ValueError for one that is zero
    or not finite.
    """

    def __call__(self, cloud: ParticleCloud) -> PerTeacher:
        """The largest cosine for each neuron of the teacher."""
        w, u = self._directions(cloud)
        cosines = (w @ u.T).masked_fill(cloud.masses[:, None] == 0.0, -1.0)
        return torch.stack([cloud.largest(column) for column in cosines.T]).clamp(-1.0, 1.0)

    def entries(self, cloud: ParticleCloud) -> int:
        """The number of the teacher's neurons."""
        return len(self.teacher)


@dataclass(frozen=True, eq=False)
class TeacherAngle(_Taught):
    """Median over particles, weighted by mass, of the angle between w_j and the nearest v_t, in radians.

    It is the smallest angle within which half of the mass lies. The arguments and errors are those of `TeacherOverlap`;
    a particle whose hidden weights are zero is at a right angle.
    """

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The median angle in [0, pi], a scalar."""
        w, u = self._directions(cloud)
        nearest = u[(w @ u.T).argmax(dim=1)]
        across, along = (torch.linalg.vector_norm(each, dim=1) for each in (w - nearest, w + nearest))
        return median(cloud, 2.0 * torch.atan2(across, along))


def median(cloud: ParticleCloud, angles: PerParticle) -> Scalar:
    """The smallest of values in [0, pi] below or at which half of the mass lies.

    It is found by halvings, since processes may share the cloud, and sums are what they share.
    """
    half = 0.5 - TOTAL_TOLERANCE[cloud.dtype]
    low, high = angles.new_tensor(-pi), angles.new_tensor(pi)

    def below(level: Scalar) -> Scalar:
        return cloud.summed(lambda part: cloud.masses[part] @ (angles[part] <= level).to(cloud.masses))

    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        enough = below(middle) >= half
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return cloud.largest(angles.masked_fill(angles > high, 0.0))
