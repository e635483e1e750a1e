"""Flows of the members of an ensemble side by side: one flow of all their particles that couples no two members."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from flows.base import Flow, PiecewiseFlow, declared
from flows.fields import FLOWS
from flows.fields.gradient import GradientFlow
from flows.fields.ntk import NTKFlow
from particles import FlowRefused, Risk
from particles.ensemble.risk import EnsembleRisk


@runtime_checkable
class RiskFlow(Flow, Protocol):
    """A flow that reads a risk; one that is stackable treats its particles one by one beside that."""

    @property
    def risk(self) -> Risk:
        """That risk."""
        ...


def side_by_side(flows: Sequence[Flow]) -> RiskFlow:
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
        joint: RiskFlow = replace(first, risk=EnsembleRisk.of([flow.risk for flow in plain]))
    except TypeError as error:
        raise FlowRefused(str(error)) from error
    return joint


def _plain(flow: Flow) -> Any:
    """The flow itself, a dataclass; that of a cloud in NTK scaling is the gradient flow of its own risk."""
    if not declared(type(flow), "stackable"):
        names = ", ".join(known.__name__ for known in FLOWS if declared(known, "stackable"))
        raise FlowRefused(
            f"An ensemble is evolved by one of {names}, but was given {type(flow).__name__}; evolve its members one "
            "by one."
        )
    if isinstance(flow, PiecewiseFlow) and flow.piece is not None:
        raise FlowRefused(
            f"Members of an ensemble see all data at once, but this {type(flow).__name__} has batches; evolve its "
            "members one by one."
        )
    return GradientFlow(flow.risk) if isinstance(flow, NTKFlow) else flow
