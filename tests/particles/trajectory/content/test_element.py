"""An element counts the records whose step was written, refuses disorder, and is cut back to a length."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_element
from particles.trajectory.content.element import Element, recorded_elements
from particles.trajectory.layout import UNWRITTEN


@pytest.fixture
def group(tmp_path: Path) -> h5py.Group:
    """The group of an element with records 10, 11, 12 at the steps 0, 2, 4."""
    with h5py.File(tmp_path / "element.h5", "x") as file:
        add_element(made := file.create_group("walk"), (), np.dtype(np.float64), (4,))
        element = Element(made)
        for index in range(3):
            element.put(np.array(10.0 + index), 0.1 * index)
            element.commit(2 * index)
        yield made


def test_records_count_once_committed(group: h5py.Group) -> None:
    """Assert that steps and times are those committed, and that a record that was only put is none."""
    element = Element(group)
    element.put(np.array(13.0), 0.3)
    again = Element(group)
    assert (again.length, again.last_step) == (3, 4)
    assert again.steps().tolist() == [0, 2, 4] and again.times().tolist() == [0.0, 0.1, 0.2]


def test_a_step_with_room_but_no_number_does_not_count(group: h5py.Group) -> None:
    """Assert that a process killed between making room for a step and writing it has not committed."""
    group["step"].resize(4, axis=0)
    group["time"].resize(4, axis=0)
    group["value"].resize(4, axis=0)
    assert group["step"][3] == UNWRITTEN
    assert Element(group).length == 3


def test_steps_that_were_cut_off_in_part_do_not_count(group: h5py.Group) -> None:
    """Assert that entries emptied by a cut whose new length was not written are no records, be they few or all."""
    group["step"][1:] = UNWRITTEN
    assert (Element(group).length, Element(group).last_step) == (1, 0)
    group["step"][0] = UNWRITTEN
    assert Element(group).length == 0


def test_an_uncommitted_record_is_overwritten(group: h5py.Group) -> None:
    """Assert that the next record takes the place of one that was never committed."""
    Element(group).put(np.array(99.0), 9.9)
    element = Element(group)
    element.put(np.array(13.0), 0.3)
    element.commit(6)
    assert group["value"][:].tolist() == [10.0, 11.0, 12.0, 13.0] and group["time"][3] == 0.3


@pytest.mark.parametrize("length", [0, 1, 3])
def test_trim_cuts_all_three_datasets(group: h5py.Group, length: int) -> None:
    """Assert that step, time and value have the length asked for, and the last step follows."""
    element = Element(group)
    element.put(np.array(13.0), 0.3)
    element.trim(length)
    assert [len(group[name]) for name in ("step", "time", "value")] == [length] * 3
    assert element.last_step == [UNWRITTEN, 0, 2, 4][length]


@pytest.mark.parametrize(
    ("step", "time", "sentence"),
    [
        (4, 0.2, "Step 4 came after step 4 in /walk, but steps must increase; hand on every step once."),
        (3, 0.5, "Step 3 came after step 4 in /walk, but steps must increase"),
        (-1, 0.5, "Step -1 at time 0.5 came for /walk, but steps must not be negative and times must be finite"),
        (5, float("nan"), "Step 5 at time nan came for /walk, but steps must not be negative and times must be finite"),
        (5, 0.2, "Time 0.2 came after time 0.2 in /walk, but times must increase"),
        (5, 0.1, "Time 0.1 came after time 0.2 in /walk, but times must increase; continue from the last recorded"),
    ],
)
def test_disorder_is_refused(group: h5py.Group, step: int, time: float, sentence: str) -> None:
    """Assert that falling steps and times that do not rise are refused, and a later moment of a step is not."""
    element = Element(group)
    with pytest.raises(TrajectoryError, match=sentence):
        element.check_order(step, time)
    element.check_order(5, 0.3)
    element.check_order(4, 0.3)


def test_more_steps_than_values_are_damage(group: h5py.Group) -> None:
    """Assert that a file whose values are missing is refused."""
    group["value"].resize(1, axis=0)
    with pytest.raises(TrajectoryError, match="has 3 steps in /walk but fewer times or values, as only a damaged file"):
        Element(group)


def test_a_group_with_a_name_only_has_no_element(group: h5py.Group) -> None:
    """Assert that observables announced and never recorded are left out."""
    group.parent.create_group("announced")
    assert list(recorded_elements(group.parent, group.parent)) == ["walk"]
