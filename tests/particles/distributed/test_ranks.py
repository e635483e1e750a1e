"""Ranks: what they gather, what the first one does for all, and how they end when one of them does."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from particles import RankLost, Ranks
from particles.distributed import ranks
from particles.trajectory.describe import describe
from tests.problems import numbers
from tests.ranks import needs_fork, on_ranks

pytestmark = needs_fork
#: Rows of three ranks in a whole of seven.
SPANS = (slice(0, 2), slice(2, 6), slice(6, 7))


def talked(own: Ranks) -> dict[str, Any]:
    """What one of three ranks sees of everything that ranks do together."""
    ranks.SLICE_BYTES = 40  # two rows
    whole, mine = numbers(0, 7, 2), SPANS[own.rank]
    found: dict[str, Any] = {"numbers": [float(each) for each in own.gathered(torch.tensor(float(own.rank)))]}
    found["total"] = own.total(torch.full((2, 2), 10.0**own.rank))
    found["told"] = (own.number(7 + own.rank), own.text("grüße" if own.is_first else ""), own.text(""))
    rows, masses = whole[mine].clone(), whole[mine, 0].clone()

    def joined() -> tuple[torch.Tensor, torch.Tensor, list[slice]]:
        next(own.rows(rows))  # begun and left: the others must not wait for ever
        places = [place for place, _ in own.rows(rows)]
        return torch.cat([each for _, each in own.rows(masses)]), torch.cat([r for _, r in own.rows(rows)]), places

    found["joined"] = own.at_first(joined, [rows, masses], SPANS)
    found["dealt"] = torch.equal(own.dealt(lambda part: whole[part], rows, SPANS), rows)
    try:
        own.at_first(lambda: next(own.rows(rows)) and masses.reshape(3), [rows], SPANS)
    except RuntimeError as error:
        found["error"] = f"{type(error).__name__}: {error}"
    found["after"] = own.number(3)
    return found


def test_ranks_talk(tmp_path: Path) -> None:
    """Assert that sums, numbers, texts, rows and errors arrive as they were sent, on every rank, in slices."""
    first, *others = on_ranks(3, talked, tmp_path)
    whole = numbers(0, 7, 2)
    for found in (first, *others):
        assert found["numbers"] == [0.0, 1.0, 2.0] and found["total"].tolist() == [[111.0, 111.0]] * 2
        assert found["told"] == (7, "grüße", "") and found["dealt"] and found["after"] == 3
    masses, rows, places = first["joined"]
    assert torch.equal(rows, whole) and torch.equal(masses, whole[:, 0])
    assert places == [slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 7)]
    assert first["error"] == "RuntimeError: shape '[3]' is invalid for input of size 2"
    assert [found["error"] for found in others] == ["RankFailed: shape '[3]' is invalid for input of size 2"] * 2
    assert [found["joined"] for found in others] == [None, None]


def test_a_process_by_itself_needs_no_group() -> None:
    """Assert that one rank gets back what it gives, and that its rows are its own."""
    alone, rows = Ranks(), numbers(0, 7, 2)
    assert alone.number(5) == 5 and alone.text("so") == "so" and torch.equal(alone.total(rows), rows)
    assert alone.at_first(lambda: [part for part, _ in alone.rows(rows)], [rows], [slice(0, 7)]) == [slice(0, 7)]
    assert torch.equal(alone.dealt(lambda part: rows[part], rows, [slice(0, 7)]), rows)
    with pytest.raises(RuntimeError, match="asked for by an act of no at_first"):
        alone.rows(rows)


def test_what_the_first_rank_does_can_describe_the_ranks() -> None:
    """Assert that ranks are described by their number and count, also while the first one takes in rows."""
    alone = Ranks()
    described = alone.at_first(lambda: describe(alone), (torch.ones(2),), (slice(0, 2),))
    assert described == describe(alone) == {"class": "particles.Ranks", "rank": 0, "count": 1}


def test_a_rank_that_dies_ends_the_others(tmp_path: Path) -> None:
    """Assert that the others are told in one sentence, wherever they wait, instead of waiting for ever."""

    def left(own: Ranks) -> str:
        own.number()
        if own.rank == 1:
            os._exit(0)
        try:
            own.total(torch.zeros(3))
        except RankLost as error:
            return str(error)
        return "nothing happened"

    said, _ = on_ranks(2, left, tmp_path)
    assert said.startswith("Rank 0 of 2 lost another one, which was killed or ended early")
