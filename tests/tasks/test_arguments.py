"""An argument of the wrong type or out of range is refused in one line, whoever gives it."""

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import jaxtyping
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.tasks import Adding, Chorales, Mnist5k, TextFile, TwoSequence, WordProblem

YAMLS = sorted((Path(__file__).parents[2] / "conf" / "task").glob("*.yaml"))
NO_LENGTHS = [10.5, 0, -3, True, None, math.nan, math.inf, "abc", "10"]


@pytest.fixture(autouse=True, scope="module")
def as_outside_the_tests() -> Iterator[None]:
    """Types are checked by jaxtyping in tests alone, and before any task sees them."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize("value", NO_LENGTHS)
@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_a_length_that_is_none_is_refused_in_one_line(path: Path, value):
    make = type(instantiate(OmegaConf.load(path)))
    if not any(field.name == "length" for field in fields(make)):
        pytest.skip("its data fix the length")
    with pytest.raises(ValueError) as refused:
        make(length=value)
    said = str(refused.value)
    assert said.startswith(f"{make.name}: length must be ") and said.endswith(f"not {value!r}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TwoSequence(noise=True), "two_sequence: noise must be a finite number, not True"),
        (lambda: Mnist5k(permuted=1), "mnist5k: permuted must be true or false, not 1"),
        (
            lambda: WordProblem(group=5),
            "word_problem: group must be S5 or A5 or A4xZ5 or Z60, not 5",
        ),
        (lambda: Chorales(frame="half"), "chorales: frame must be eighth or sixteenth, not 'half'"),
        (lambda: TextFile(path=3), "text: path must be a text or null, not 3"),
        (lambda: Adding().at(7.0), "adding: length must be a whole number, not 7.0"),
    ],
)
def test_an_argument_of_another_type_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError) as refused:
        make()
    assert str(refused.value) == said


@pytest.mark.parametrize("size", [0, -1, 2.5, True, float("nan"), "8"])
def test_a_batch_of_no_whole_number_of_sequences_is_refused_in_one_line(size):
    said = f"adding: batch_size must be a whole number of at least 1, not {size!r}"
    with pytest.raises(ValueError) as refused:
        Adding().batch("train", 0, 0, size)
    assert str(refused.value) == said
    with pytest.raises(ValueError, match="size must be a whole number of at least 1"):
        next(Adding().evaluation("test", 0, size, 8))
