"""When a measure is optimal: its potential is the same on the support and nowhere lower; and what it may miss."""

from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.optimality import optimality_gap
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import in_double
from limits.theorems.one_axis.first_variation import SOURCE
from particles import ParticleCloud
from particles.shapes import Positions

SUPPORT = Statement("g = int g d rho on the support of a trained cloud", f"{SOURCE}, (17) and (19)", proven=False)
LEAST = Statement("g >= int g d rho everywhere, for a trained cloud", f"{SOURCE}, (17) and (19)", proven=False)
CONVEX = Statement("phi(rho) - phi(mu) <= int g d rho - int g d mu for every measure mu", f"{SOURCE}, section 5")
#: What a trained cloud may miss by, relative to its risk.
NEAR = 1e-2
#: Rounding of a difference of risks, relative to the risk.
ROUNDING = 1e-12


def optimality(
    energy: FreeEnergy, cloud: ParticleCloud, places: Positions | None = None, *, near: float = NEAR
) -> tuple[Result, Result]:
    """g = int g d rho on the support and g >= int g d rho everywhere, to `near` times the risk.

    Measured are the root mean square of g - int g d rho over the particles by mass, and int g d rho - min g over the
    particles and `places` [places, dim], both over phi(rho). The second bounds (phi(rho) - inf phi) / phi(rho) where
    the places hold the lowest potential. Whether a run ended there is empirical.
    """
    assumptions = (Assumption("temperature zero", energy.heat == 0.0),)
    if fails(assumptions):
        return unchecked(SUPPORT, assumptions), unchecked(LEAST, assumptions)
    cloud = in_double(cloud)
    gap, risk = optimality_gap(energy, cloud, places), energy.energy(cloud)
    return (
        from_above(SUPPORT, assumptions, near, gap.spread / risk),
        from_above(LEAST, assumptions, near, gap.gap / risk),
    )


def convexity(energy: FreeEnergy, cloud: ParticleCloud, rival: ParticleCloud) -> Result:
    """phi(rho) - phi(mu) <= int g d rho - int g d mu, with g that of rho: phi is convex in the measure.

    So no rival mu, of however many particles, gains more than int g d rho - inf g. For convex losses and any L2.
    """
    assumptions = (Assumption("temperature zero", energy.heat == 0.0),)
    if fails(assumptions):
        return unchecked(CONVEX, assumptions)
    cloud, rival = in_double(cloud), in_double(rival)
    own, other = energy.potential(cloud), energy.potential(cloud, rival.positions)
    value, away = energy.energy(cloud), energy.energy(rival)
    bound = float(cloud.masses @ own - rival.masses @ other) + ROUNDING * (abs(value) + abs(away))
    return from_above(CONVEX, assumptions, bound, value - away)
