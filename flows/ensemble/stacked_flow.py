"""Flows of the members of an ensemble side by side: one flow of all their particles that couples no two members."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from flows.base import Flow
from flows.fields.gradient import GradientFlow
from flows.fields.langevin import LangevinFlow
from flows.fields.ntk import NTKFlow
from particles import FlowRefused
from particles.ensemble.risk import EnsembleRisk

#: The flows whose formulas hold for stacked members as they stand: they read a risk, and treat particles one by one.
STACKABLE = (GradientFlow, NTKFlow, LangevinFlow)


def side_by_side(flows: Sequence[Flow]) -> GradientFlow | LangevinFlow:
    """The flow of a `Stacked` cloud that moves each member as its own flow would, to rounding.

    The members' flows may differ in the scaling, targets and data weights of their risks. Raises FlowRefused for other
    flows and for neurons without closed form, ValueError where flows differ in anything else.
    """
    plain = [_plain(flow) for flow in flows]
    first = plain[0]
    for e, flow in enumerate(plain):
        if replace(flow, risk=first.risk) != first:
            raise ValueError(
                f"The flow of member {e} differs from that of member 0 in more than its risk; make an ensemble of each."
            )
    try:
        return replace(first, risk=EnsembleRisk.of([flow.risk for flow in plain]))
    except TypeError as error:
        raise FlowRefused(str(error)) from error


def _plain(flow: Flow) -> GradientFlow | LangevinFlow:
    """The flow itself; that of a cloud in NTK scaling is the gradient flow of its own risk."""
    if type(flow) not in STACKABLE:
        names = ", ".join(known.__name__ for known in STACKABLE)
        raise FlowRefused(
            f"An ensemble is evolved by one of {names}, but was given {type(flow).__name__}; evolve its members one "
            "by one."
        )
    return flow if isinstance(flow, GradientFlow | LangevinFlow) else GradientFlow(cast(NTKFlow, flow).risk)
