"""Rows of images: what is drawn where, in which colours."""

from pathlib import Path

import numpy as np
from PIL import Image

from runs.figures.image_rows import draw_image_rows


def test_images_have_their_place_and_their_colours(tmp_path: Path) -> None:
    """Assert that the largest number is dark red where it is positive and dark blue where negative, image by image."""
    one = np.zeros((2, 4, 4))
    one[0, :, :2], one[1, :, :2] = 3.0, -0.01
    path = tmp_path / "rows.png"
    draw_image_rows({"first": one, "second": -one, "third": np.zeros((1, 4, 4))}, path, title="Images")
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    places = [np.argwhere((pixels == colour).all(axis=2)) for colour in ((103, 0, 31), (5, 48, 97))]
    centres = []
    for red in places:
        assert len(red) > 1000
        upper = red[red[:, 0] < red[:, 0].mean()], red[red[:, 0] >= red[:, 0].mean()]
        centres += [tuple(part.mean(axis=0).round().astype(int).tolist()) for part in upper]
    (top, left), (bottom, right), (above, other), (below, another) = centres
    assert top == above < bottom == below and left == another < right == other
