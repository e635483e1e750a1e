"""A data set is checked once: shapes, finite values, weights that are probabilities."""

import pandas as pd
import pytest
import torch
from torch import Tensor

from particles import Dataset, MassError, ShapeError
from tests.draws import normals, unequal
from tests.tolerances import assert_identical

X, Y = normals(4, 3, seed=85), normals(4, 2, seed=86)


def test_weights_left_out_are_equal() -> None:
    """Assert that the weights are 1/n in the dtype of the inputs."""
    for dtype in (torch.float64, torch.float32):
        data = Dataset(X.to(dtype), Y)
        assert_identical(data.weights, torch.full((4,), 0.25, dtype=dtype))
        assert data.targets.dtype == dtype


def test_targets_without_outputs_are_one_output() -> None:
    """Assert that targets [data] become [data, 1], value by value."""
    data = Dataset(X, Y[:, 0])
    assert torch.equal(data.targets, Y[:, :1])
    assert (data.count, data.outputs) == (4, 1)


def test_weights_are_kept() -> None:
    """Assert that given weights stay as they are, in the dtype of the inputs."""
    assert torch.equal(Dataset(X, Y, unequal(4)).weights, unequal(4))
    assert_identical(Dataset(X.float(), Y, unequal(4)).weights, unequal(4).float())


def test_widened_weights_sum_to_one_again() -> None:
    """Assert that float32 data taken to float64 are data there: 3 x float32(1/3) is 1 + 3e-8, a refused total."""
    wide = Dataset(X[:3].float(), Y[:3]).to(dtype=torch.float64)
    assert wide.inputs.dtype == wide.targets.dtype == wide.weights.dtype == torch.float64
    assert_identical(wide.weights.sum(), torch.ones((), dtype=torch.float64))


@pytest.mark.parametrize(("what", "index"), [("Inputs", 0), ("Targets", 1)])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(what: str, index: int, value: float) -> None:
    """Assert that NaN and infinity are refused with how many there are and where."""
    values = [X.clone(), Y.clone()]
    values[index][1:3, 0] = value
    with pytest.raises(
        ValueError, match=rf"{what} hold 2 values that are not finite \(NaN or infinite\); remove or fill"
    ):
        Dataset(*values)


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [(X, Y[:3]), (X, Y[:, :, None]), (X[:0], Y[:0])],
    ids=["fewer-targets", "deep-targets", "no-data"],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_shapes_that_disagree_are_refused(inputs: Tensor, targets: Tensor) -> None:
    """Assert that both shapes are told with what is needed."""
    sentence = r"Inputs have shape .* and targets .*; give \[data, inputs\] and \[data, outputs\] with the same number"
    with pytest.raises(ShapeError, match=sentence):
        Dataset(inputs, targets)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (torch.tensor([0.5, 0.6, -0.1, 0.0]), "must be finite and non-negative"),
        (torch.tensor([0.5, float("nan"), 0.5, 0.0]), "must be finite and non-negative"),
        (2.0 * unequal(4), "Data weights sum to 2 instead of 1; divide them by their sum"),
    ],
    ids=["negative", "nan", "two"],
)
def test_impossible_weights_are_refused(weights: Tensor, sentence: str) -> None:
    """Assert that weights that are no probabilities are refused."""
    with pytest.raises(MassError, match=sentence):
        Dataset(X, Y, weights)


@pytest.mark.usefixtures("without_shape_checks")
def test_images_are_flattened_in_their_order() -> None:
    """Assert that inputs of more axes become rows as torch.flatten makes them, of tensors and of arrays."""
    images = torch.arange(48.0).double().reshape(4, 3, 2, 2)
    for given in (images, images.numpy()):
        assert torch.equal(Dataset(given, Y).inputs, images.flatten(1))


@pytest.mark.usefixtures("without_shape_checks")
def test_flat_inputs_are_refused() -> None:
    """Assert that inputs without an axis for the data are refused with how they get one."""
    with pytest.raises(ShapeError, match=r"inputs \[data, inputs\] are needed; write inputs\[:, None\] for one"):
        Dataset(X[0], Y)


@pytest.mark.usefixtures("without_shape_checks")
def test_one_weight_per_datum_is_needed() -> None:
    """Assert that another number of weights is refused with both numbers."""
    with pytest.raises(ShapeError, match=r"There are 4 data but weights of shape \(5,\); give one per datum"):
        Dataset(X, Y, unequal(5))


@pytest.mark.usefixtures("without_shape_checks")
def test_data_of_another_kind_are_refused() -> None:
    """Assert that what holds no numbers is refused in all three places."""
    for place, what in enumerate(("Inputs", "Targets", "Data weights")):
        values: list[object] = [X, Y, None]
        values[place] = "tanh"
        with pytest.raises(TypeError, match=f"{what} are 'tanh', but a tensor, a NumPy array, a frame or a list"):
            Dataset(*values)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_arrays_frames_and_lists_are_the_data_of_their_tensors(dtype: torch.dtype) -> None:
    """Assert that inputs, targets and weights in any container are the tensors they hold, in the inputs' dtype."""
    x, y = X.to(dtype).numpy(), Y.numpy()
    for inputs, targets, weights in (
        (x, y, unequal(4).numpy()),
        (pd.DataFrame(x), pd.DataFrame(y), pd.Series(unequal(4).numpy())),
        (X.to(dtype), y.tolist(), unequal(4).tolist()),
    ):
        data, exact = Dataset(inputs, targets, weights), Dataset(X.to(dtype), Y, unequal(4))
        for name in ("inputs", "targets", "weights"):
            assert torch.equal(getattr(data, name), getattr(exact, name)) and getattr(data, name).dtype == dtype
        assert data.classes is None


def test_labels_are_classes_with_names() -> None:
    """Assert that targets are one-hot in the inputs' dtype, and names and classes stay with parts and copies."""
    frame = pd.DataFrame(X.numpy(), columns=["a", "b", "c"])
    data = Dataset(frame, pd.Series(["x", "z", "x", "y"], name="kind"))
    assert data.targets.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    for part in (data, data.some(slice(2)), data.to(dtype=torch.float32), data.some(torch.tensor([3, 1]))):
        assert (part.classes, part.input_names, part.target_names) == (("x", "y", "z"), ("a", "b", "c"), None)
        assert part.targets.dtype == part.inputs.dtype
    assert Dataset(X[:2], ["z", "z"], classes=data.classes).targets.tolist() == [[0.0, 0.0, 1.0]] * 2
    assert Dataset(X, Y, target_names=["u", "v"]).target_names == ("u", "v")


def test_some_data_have_equal_weights() -> None:
    """Assert that a part has its rows in the order asked for, equally weighted."""
    part = Dataset(X, Y, unequal(4)).some(torch.tensor([2, 0, 2]))
    assert torch.equal(part.inputs, X[[2, 0, 2]]) and torch.equal(part.targets, Y[[2, 0, 2]])
    assert_identical(part.weights, torch.full((3,), 1.0 / 3.0, dtype=torch.float64))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"targets": [0, 1, 2, 3], "classes": [0, 1, 2]}, r"A target is 3, but the classes are \[0, 1, 2\]"),
        ({"classes": ["a", "b", "c"]}, "There are 3 classes and 2 columns of targets; name each column"),
        ({"input_names": ["a"]}, "There are 1 names of inputs and 3 columns; name each column"),
        ({"inputs": X.float(), "targets": 1e300 * Y}, "Targets are too large for the torch.float32 of the inputs"),
        ({"inputs": pd.DataFrame(X.numpy()), "targets": pd.Series(range(1, 5), range(1, 5))}, "different indices"),
    ],
    ids=["foreign", "classes", "names", "overflow", "index"],
)
def test_names_and_values_that_do_not_fit_are_refused(given: dict[str, object], sentence: str) -> None:
    """Assert that classes, names, indices and ranges are compared with the data."""
    with pytest.raises(ValueError, match=sentence):
        Dataset(**{"inputs": X, "targets": Y, **given})


def test_data_are_constants() -> None:
    """Assert that parameters of a module are data without autograd history."""
    data = Dataset(*(torch.nn.Parameter(tensor) for tensor in (X, Y, unequal(4))))
    assert not any(tensor.requires_grad for tensor in (data.inputs, data.targets, data.weights))
    assert torch.equal(data.inputs, X) and torch.equal(data.weights, unequal(4))


def test_data_go_to_every_device(device: torch.device) -> None:
    """Assert that inputs, targets and weights arrive together."""
    data = Dataset(X, Y).to(device=device)
    assert {tensor.device.type for tensor in (data.inputs, data.targets, data.weights)} == {device.type}
