"""The matrix 1 - h A of an implicit step, A the Gauss-Newton Jacobian, and its inverse in function space."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows.integrators.function_space.damping import Damping
from flows.integrators.function_space.gauss_newton import GaussNewton, spread, spread_members
from particles import Perceptron
from particles.shapes import AnyFloat, Grams, Outputs, Velocity

#: Largest h tr G for which G may be a sum of single-precision products: rounding then changes h G by 10^-3 at the most.
ROUGH_ENOUGH = 1e4
#: Particles are left out of G where their part of h tr G is below this part of the error that is tolerated.
NEGLIGIBLE = 0.1
#: From this h tr G in units of 1 / eps on, rounding of G reaches eigenvalues that an implicit step feels.
ROUNDED = 0.01
#: Entries of the largest Jacobian that is factorised in place of a Gram matrix that rounding has reached.
FACTORED = 4_000_000
REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class Solved:
    """v = (1 - h A)^(-1) (right - M J^T q) = D^(-1) (right - M J^T z), and B^T J v [n k].

    `total` is z [data, outputs]. `doubt` is what the last refinement still changed; None where rounding is far away.
    """

    vector: Velocity
    pushed: Tensor
    total: Outputs
    doubt: Velocity | None = None


@dataclass(frozen=True, eq=False)
class Shifted:
    """The matrix 1 - h A = D + h M J^T C J, D = 1 + h Delta, by Woodbury's identity and one triangular factor.

    h and `rough` are one number or, at an `EnsembleRisk`, one for each member [members]. With a relative error `rough`
    that is tolerated, products of the Gram matrix are in single precision, and particles of little weight are left out
    of it, where that changes the matrix little enough: an error in K q and in what is corrected, none in M J^T q, the
    velocity given as cotangents. Twice as fast, and many times where a few particles have most of the mass. Where
    anything is not finite the solution is not either.

    With a `curvature` E_j of single neurons [particles, c, c] the matrix is that with D_j = 1 + h (Delta_j + E_j), in
    coordinates divided by the roots rho of their rates.

    A Gram matrix squares the units of the inputs. Where h tr G nears 1 / eps, rounding hides its small eigenvalues: the
    factor is then made from the scaled Jacobian itself, if that is small, and the solution is refined.
    """

    stiff: GaussNewton
    size: float | Tensor
    rough: float | Tensor = 0.0
    curvature: AnyFloat | None = None

    @cached_property
    def _damping(self) -> Damping:
        return Damping(self.stiff, self.size, self.curvature)

    @cached_property
    def _weights(self) -> AnyFloat:
        """Mobilities eta_j over D, the weights of particles in K; those of groups [particles, groups] if D differs."""
        at = self.stiff.at
        if self._damping.diagonal is None:
            return at.mobility
        if self._damping.diagonal.shape[1] == 1:
            return at.mobility / self._damping.diagonal[:, 0]
        return at.mobility[:, None] / self._damping.shifted(at.seen.scaled.decay_of_groups(at.risk.strength))

    @cached_property
    def _gram(self) -> Grams:
        """K = J D^-1 M J^T [n k, n k]."""
        if self._damping.blocks is not None:
            return self._curved_gram(self._damping.blocks)
        rough = torch.as_tensor(self.rough)
        if not bool((rough > 0.0).any()):
            return self.stiff.at.gram(self._weights)
        gram = self.stiff.at.gram(self._heavy, torch.float32)
        diagonal = gram.diagonal(dim1=-2, dim2=-1)
        trace = (self.stiff.root.square().sum(dim=2).reshape(diagonal.shape) * diagonal).sum(dim=-1)
        enough = (trace * self.size < ROUGH_ENOUGH) & (rough > 0.0)
        if bool(enough.all()):
            return gram
        return torch.where(enough[..., None, None], gram, self.stiff.at.gram(self._weights))

    @cached_property
    def _heavy(self) -> AnyFloat:
        """The weights w, zero for the lightest particles, whose part of h tr G is below a tenth of `rough` altogether.

        For one particle it is h w_j rate s_j^2 sum_i |B_i^T a_j|^2 sigma'(z_ij)^2 |phi_i|^2, bounded with |sigma'| <= L
        and |B_i^T a_j| <= |B_i|_F |a_j|. For perceptrons of which hidden weights are trained; of any others, and where
        this would be less than half of them, all are kept; and in a shared cloud, of which no process can order all.
        """
        at, neuron, weights = self.stiff.at, self.stiff.at.risk.network.neuron, self._weights
        if not isinstance(neuron, Perceptron) or neuron.trained != "hidden" or at.cloud.shared_by is not None:
            return weights
        members = self.size.shape if isinstance(self.size, Tensor) else ()
        squares = self.stiff.root.square().sum(dim=(1, 2)).reshape(*members, -1) * at.data.phi.square().sum(dim=1)
        sizes = neuron.activation.lipschitz**2 * self.size * squares.sum(dim=-1)
        outputs = at.cloud.positions[:, neuron.hidden :].square().sum(dim=1)
        rate = 1.0 if at.risk.network.rates is None else at.risk.network.rates[0]
        bounds = sizes[..., None] * (rate * weights * at.factors.square() * outputs).reshape(*members, -1)
        ordered, places = bounds.sort(dim=-1)
        rough = self.rough[:, None] if isinstance(self.rough, Tensor) else self.rough
        light = ordered.cumsum(dim=-1) < NEGLIGIBLE * rough
        light &= 2 * light.sum(dim=-1, keepdim=True) >= light.shape[-1]
        return weights.masked_fill(torch.zeros_like(light).scatter(-1, places, light).reshape(-1), 0.0)

    @cached_property
    def _matrix(self) -> Grams:
        """1 + h B^T K B [n k, n k]."""
        size = self.size[:, None, None] if isinstance(self.size, Tensor) else self.size
        matrix = self.stiff.weighted(self._gram).mul_(size)
        matrix.diagonal(dim1=-2, dim2=-1).add_(1.0)
        return matrix

    @cached_property
    def _stiffness(self) -> Tensor:
        """The diagonal of h B^T K B [n k], of all members one after another."""
        return self._matrix.diagonal(dim1=-2, dim2=-1).reshape(-1) - 1.0

    @cached_property
    def _rounded(self) -> Tensor | None:
        """One for each member [members] whose h B^T K B rounding has reached, zero for others; None without any."""
        traces = self._stiffness.reshape(-1, self._matrix.shape[-1]).sum(dim=1)
        reached = traces * torch.finfo(traces.dtype).eps > ROUNDED
        return reached.to(traces.dtype) if bool(reached.any()) else None

    @cached_property
    def _factor(self) -> Grams:
        """L, lower triangular, with L L^T = 1 + h B^T K B [n k, n k]."""
        factor: Grams
        factor, failed = torch.linalg.cholesky_ex(self._matrix)
        if bool(failed.any()):
            factor.masked_fill_((failed != 0)[..., None, None], torch.nan)
        entries, cloud = self.stiff.at.cloud.positions.numel() * self._matrix.shape[-1], self.stiff.at.cloud
        if (
            self._rounded is None
            or self._damping.blocks is not None
            or entries > FACTORED
            or cloud.shared_by is not None
        ):
            return factor
        chosen = self._rounded.reshape(*factor.shape[:-2], 1, 1) > 0.0
        return torch.where(chosen, self._factor_of_jacobian(), factor)

    def _factor_of_jacobian(self) -> Grams:
        """L by QR of Z = (h D^-1 M)^(1/2) J^T B and of (1, R), R that of Z, so that nothing is squared."""
        members, numbers = self._matrix.shape[:-2], self._matrix.shape[-1]
        weights = self._divided_mobilities.div(self.stiff.at.mobilities.square()).nan_to_num(0.0, 0.0, 0.0)
        weights = (spread(self.size, weights.shape[0]) * weights).sqrt()
        one = torch.eye(numbers, dtype=weights.dtype, device=weights.device).expand(*members, numbers, numbers)
        pulled = (self.stiff.pull(one[..., i, :].reshape(-1)) for i in range(numbers))
        columns = torch.stack([(weights * column).reshape(*members, -1) for column in pulled], dim=-1)
        upper = torch.linalg.qr(columns, mode="r").R
        factor: Grams = torch.linalg.qr(torch.cat([one, upper], dim=-2), mode="r").R.mT
        return factor

    @property
    def _divided_mobilities(self) -> AnyFloat:
        """D^-1 M [particles, dim], or [particles, 1] where it is the same for all coordinates of a particle."""
        mobilities = self.stiff.at.mobilities
        if self._damping.diagonal is None:
            return mobilities
        if mobilities.shape[1] == self._damping.diagonal.shape[1] == 1:
            return mobilities / self._damping.diagonal
        result = mobilities.expand_as(self.stiff.at.cloud.positions).clone()
        result[:, self.stiff.at.risk.network.neuron.trained_columns] /= self._damping.diagonal
        return result

    def _curved_gram(self, blocks: AnyFloat) -> Grams:
        """K where D has a block for each particle, from the Jacobian written out."""
        at, columns = self.stiff.at, self.stiff.at.risk.network.neuron.trained_columns
        numbers = at.data.targets.numel()
        one = torch.eye(numbers, dtype=at.cloud.dtype, device=at.cloud.positions.device)
        pulled = torch.stack([at.pull(unit.reshape(at.data.targets.shape))[:, columns] for unit in one], dim=2)
        if self._damping.roots is not None:
            pulled = pulled / self._damping.roots[1][:, None]
        weighted = pulled * at.mobility.reciprocal().nan_to_num(0.0, 0.0, 0.0)[:, None, None]
        gram: Grams = torch.einsum("jca,jcb->ab", weighted, torch.cholesky_solve(pulled, blocks))
        return gram

    def solve(self, right: Velocity, cotangents: Outputs | None = None) -> Solved:
        """v = (1 - h A)^(-1) (right - M J^T q), and its change of the function, refined where rounding asks for it.

        A part of the right side that is given as q [data, outputs] costs no product with J.
        """
        solved = self._solved(right, cotangents)
        if self._rounded is None:
            return solved
        chosen, chosen_data = (spread_members(self._rounded, rows.shape[0]) for rows in (right, solved.total))
        for _ in range(REFINEMENTS):
            bent = self.stiff.unrooted(solved.pushed)
            missing = spread(self.size, bent.shape[0]) * bent - solved.total
            more = self._solved(None, missing if cotangents is None else missing + cotangents)
            vector = torch.addcmul(solved.vector, chosen, more.vector)
            total = torch.addcmul(solved.total, chosen_data, more.total)
            solved = Solved(vector, self.stiff.push(vector), total, chosen * more.vector)
        return solved

    def _solved(self, right: Velocity | None, cotangents: Outputs | None) -> Solved:
        """With q = q_0 + B u, z = q_0 + B y: (1 + h B^T K B) y = u + h B^T (J D^-1 right - K q_0), h B^T J v = y - u.

        u has what stiff directions answer at once, and y is small there: nothing cancels.
        """
        first = None if right is None else self._damping.divided(right)
        outputs = torch.zeros_like(self.stiff.at.data.targets) if first is None else self.stiff.at.push(first)
        direct, carried = torch.zeros_like(outputs), torch.zeros_like(self._stiffness)
        if cotangents is not None:
            direct, carried = self._split(cotangents)
            outputs = outputs - (self._gram @ direct.reshape(*self._gram.shape[:-1], 1)).reshape(outputs.shape)
        size = spread_members(self.size, carried.shape[0])[:, 0] if isinstance(self.size, Tensor) else self.size
        answer = (carried + size * self.stiff.rooted(outputs)).reshape(*self._gram.shape[:-1], 1)
        y = torch.cholesky_solve(answer, self._factor).reshape(-1)
        total = direct + self.stiff.unrooted(y)
        pulled = self._damping.divided(self.stiff.at.pull(total))
        return Solved(-pulled if first is None else first - pulled, (y - carried) / size, total)

    def _split(self, cotangents: Outputs) -> tuple[Outputs, Tensor]:
        """q_0 [data, outputs] and u [n k] with q = q_0 + B u, u zero where h B^T K B is small."""
        lengths = self.stiff.root.square().sum(dim=1).reshape(-1)
        carried = torch.where(self._stiffness > 1.0, self.stiff.rooted(cotangents) / lengths, 0.0)
        return cotangents - self.stiff.unrooted(carried), carried
