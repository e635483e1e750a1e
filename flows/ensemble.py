"""The loop that evolves an ensemble: members side by side, each with its own observers, noise, steps and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from flows.base import Flow, Integrator, Observer, StepRule
from flows.evolve import checked, evolve
from flows.hand import Hands
from flows.integrators.adaptive import Adaptive
from flows.integrators.bdf import BDF
from flows.integrators.bdf_group import BDFGroup
from flows.integrators.euler import Euler
from flows.integrators.euler_maruyama import EulerMaruyama
from flows.integrators.heun import Heun
from flows.integrators.leimkuhler_matthews import LeimkuhlerMatthews
from flows.integrators.linear_splitting import LinearSplitting
from flows.integrators.rk4 import RK4
from flows.member_group import GivenStepGroup, Group, Outcome
from flows.noise import checked_seed
from flows.side_by_side import side_by_side
from particles import Ensemble, FlowDiverged, FlowRefused, ParticleCloud, Risk, ToleranceNotReached

GIVEN_STEP = (Euler, Heun, RK4, EulerMaruyama, LeimkuhlerMatthews, LinearSplitting)
#: Where a member's run ended, or what ended it.
End = ParticleCloud | ArithmeticError
#: Entries of a [particles, data] matrix of all members of a group together: on a CPU a MiB in float64, beyond which
#: sharing operations gains nothing and caches lose; on a GPU what its memory holds several of.
CORE_ENTRIES, DEVICE_ENTRIES = 2**17, 2**27


class MembersFailed(ArithmeticError):
    """An ensemble of which not every member reached its end.

    `failures` holds the error of each that did not, by its number, and `ends` the cloud of each that did.
    """

    def __init__(self, failures: Mapping[int, ArithmeticError], ends: Mapping[int, ParticleCloud]) -> None:
        self.failures, self.ends = dict(failures), dict(ends)
        super().__init__(self.failures, self.ends)

    def __str__(self) -> str:
        count, first = len(self.failures) + len(self.ends), min(self.failures)
        which = ", ".join(map(str, sorted(self.failures)))
        return f"{len(self.failures)} of {count} members failed ({which}). Member {first}: {self.failures[first]}"


def evolve_all(
    flow: Flow | Sequence[Flow],
    ensemble: Ensemble,
    integrator: Integrator[Any],
    *,
    until: float,
    step: float | None = None,
    observers: Sequence[Sequence[Observer]] = (),
    seeds: Sequence[int] | None = None,
    together: int | None = None,
) -> Ensemble:
    """The ensemble at flow time `until`; a member of which an observer stopped the run, where it was then.

    Every member evolves as by `evolve(flow, ensemble[e], integrator, until=until, observers=observers[e],
    seed=seeds[e])`, to rounding, but `together` members at a time share each operation: as many as fit a core's cache,
    or a GPU, where left out. `flow` is one for all, or one for each member, which may then differ in the scaling,
    targets and data weights of their risks. Steps of a given size are the same for all; `BDF`, and `Adaptive` where it
    chooses it, give each member its own. Members for which `Adaptive` chooses otherwise evolve one by one. `observers`
    are a sequence for each member, such as the writer of its own file; `seeds` of the noise are 0, 1, 2, ... where left
    out.

    A member that diverges or cannot meet the tolerance is dropped and the others go on; in the end MembersFailed says
    which, and holds the ends of the others. Raises FlowRefused for flows, neurons and integrators that have no form for
    ensembles, ValueError where there is not one flow, seed or sequence of observers for each member, and what `evolve`
    raises at its door.
    """
    members = _members(flow, ensemble, observers, seeds)
    if isinstance(step, StepRule) or isinstance(getattr(integrator, "size", None), StepRule):
        raise TypeError("Members of an ensemble share their step, but a rule finds one for each cloud; give a number.")
    risk = side_by_side([member.flow for member in members]).risk
    for member in members:
        integrator = checked(member.flow, integrator, 0.0, until, step)
    _check_integrator(integrator)
    size = _checked_size(together) or _fitting(ensemble, risk)
    results: dict[int, End] = {}
    for method, group in _grouped(integrator, members, until, size):
        results.update(_side_by_side(method, group, until) if len(group) > 1 else _alone(method, group[0], until))
    failures = {number: found for number, found in results.items() if isinstance(found, ArithmeticError)}
    ends = {number: found for number, found in results.items() if isinstance(found, ParticleCloud)}
    if failures:
        raise MembersFailed(failures, ends)
    return Ensemble.of([ends[member.number] for member in members])


@dataclass(frozen=True, eq=False)
class _Member:
    """A member with all that its run needs."""

    number: int
    flow: Flow
    cloud: ParticleCloud
    observers: Sequence[Observer]
    seed: int


class _Run:
    """Where the run of a member is."""

    def __init__(self, member: _Member, until: float) -> None:
        self._hands, self._until = Hands(member.observers), until
        self._step, self._time = 0, 0.0
        self.end: End = member.cloud
        self.goes_on = not self._hands.give(0, 0.0, member.cloud) and until > 0.0

    def take(self, outcome: Outcome) -> None:
        """Go on with what became of a trial."""
        if isinstance(outcome, ArithmeticError):
            self.end, self.goes_on = outcome, False
        elif outcome is not None:
            stopped = self._hands.offer((self._step, self._time), self._step + 1, outcome)
            self._step, self._time, self.end = self._step + 1, outcome.time, outcome.cloud
            self.goes_on = not stopped and outcome.time < self._until
            if not self.goes_on:
                self._hands.give(self._step, outcome.time, outcome.cloud)


def _side_by_side(method: Integrator[Any], members: Sequence[_Member], until: float) -> dict[int, End]:
    """The end of every member, or the error that ended its run."""
    runs = {member.number: _Run(member, until) for member in members}
    live = [member for member in members if runs[member.number].goes_on]
    group = _group(method, live, until) if live else None
    while group is not None and live:
        for member, outcome in zip(live, group.advance(), strict=True):
            runs[member.number].take(outcome)
        rows = [row for row, member in enumerate(live) if runs[member.number].goes_on]
        if len(rows) < len(live):
            group.keep(rows)
            live = [live[row] for row in rows]
    return {number: run.end for number, run in runs.items()}


def _alone(method: Integrator[Any], member: _Member, until: float) -> dict[int, End]:
    """The same of one member by itself."""
    try:
        end = evolve(member.flow, member.cloud, method, until=until, observers=member.observers, seed=member.seed)
    except (FlowDiverged, ToleranceNotReached) as error:
        return {member.number: error}
    return {member.number: end}


def _group(method: Integrator[Any], members: Sequence[_Member], until: float) -> Group:
    flows, clouds = [member.flow for member in members], [member.cloud for member in members]
    if isinstance(method, BDF):
        return BDFGroup(method, flows, clouds, until)
    return GivenStepGroup(method, flows, clouds, [member.seed for member in members], until)


def _grouped(
    integrator: Integrator[Any], members: Sequence[_Member], until: float, size: int
) -> list[tuple[Integrator[Any], list[_Member]]]:
    """Groups of at most so many members that one method steps side by side; one member where it cannot."""
    alone: list[tuple[Integrator[Any], list[_Member]]] = []
    method, rest = integrator, list(members)
    if isinstance(integrator, Adaptive) and until > 0.0:
        method, rest = BDF(integrator.rtol, integrator.atol), []
        for member in members:
            chosen: Integrator[Any] = integrator.choose(member.flow, member.cloud, 0.0, until).method
            if chosen == method:
                rest.append(member)
            else:
                alone.append((chosen, [member]))
    return [*alone, *((method, rest[first : first + size]) for first in range(0, len(rest), size))]


def _members(
    flow: Flow | Sequence[Flow],
    ensemble: Ensemble,
    observers: Sequence[Sequence[Observer]],
    seeds: Sequence[int] | None,
) -> list[_Member]:
    count = len(ensemble)
    flows = [flow] * count if not isinstance(flow, Sequence) else flow
    observers = observers or [()] * count
    seeds = range(count) if seeds is None else seeds
    for what, given in (("flows", flows), ("sequences of observers", observers), ("seeds", seeds)):
        if len(given) != count:
            raise ValueError(f"The ensemble has {count} members but {len(given)} {what}; give one for each member.")
    return [_Member(e, flows[e], cloud, observers[e], checked_seed(seeds[e])) for e, cloud in enumerate(ensemble)]


def _check_integrator(integrator: Integrator[Any]) -> None:
    if type(integrator) not in (*GIVEN_STEP, BDF, Adaptive):
        names = ", ".join(known.__name__ for known in (*GIVEN_STEP, BDF))
        raise FlowRefused(
            f"{type(integrator).__name__} has no form for ensembles; take {names} or Adaptive, or evolve the members "
            "one by one."
        )


def _checked_size(together: int | None) -> int | None:
    if together is not None and (isinstance(together, bool) or not isinstance(together, Integral) or together < 1):
        raise ValueError(f"together is {together!r} members, but a positive integer is needed.")
    return None if together is None else int(together)


def _fitting(ensemble: Ensemble, risk: Risk) -> int:
    """How many members' matrices [particles, data] and Gram matrices fit where they are fast."""
    most = CORE_ENTRIES if ensemble.device.type == "cpu" else DEVICE_ENTRIES
    data = risk.data.count
    return max(1, most // max(ensemble.count * data, (data * risk.data.outputs) ** 2))
