"""An example of any task can be read in a terminal."""

from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.errors import MissingData, MissingPackage
from longlag.tasks import Adding, Copy, EmbeddedReber, Sine, TemporalOrder
from longlag.tasks.show import COLUMNS, show

YAMLS = sorted((Path(__file__).parents[2] / "conf" / "task").glob("*.yaml"))


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_task_shows_an_example_its_floor_and_its_source(path: Path):
    try:
        task = instantiate(OmegaConf.load(path))
        text = show(task)
    except (MissingPackage, MissingData) as missing:
        pytest.skip(str(missing))
    assert text.startswith(f"{task.name}(")
    assert text.count("\nfloor   ") == len(task.spec.floors)
    assert text.count("\nbeside  ") == len(task.spec.baselines)
    assert f"\nsource  {task.source}" in text
    example = text.split("\n\nfloor")[0]
    assert "input" in example and ("target" in example or "answer   " in example)
    drawn = [line for line in text.splitlines() if line.startswith(("input", "target", "asked"))]
    assert all(len(line) <= COLUMNS + 12 for line in drawn)
    assert show(task) == text
    assert any(show(task, seed=seed) != text for seed in range(1, 9))


def test_the_example_of_copy_is_its_sequence_word_by_word():
    x, target, *_ = Copy(length=5).batch("train", 3, 0, 1)
    seen = " ".join("01234567_:"[i] for i in x[:, 0].argmax(-1))
    asked = " ".join("01234567_"[i] for i in target[:, 0])
    lines = show(Copy(length=5), seed=3).splitlines()
    assert f"input   {seen}" in lines and f"target  {asked}" in lines
    assert next(line for line in lines if line.startswith("scored")).count("^") == 10


def test_a_single_answer_stands_in_a_line_of_its_own():
    order, target = TemporalOrder(length=30), TemporalOrder(length=30).batch("train", 0, 0, 1)[1]
    lines = show(order).splitlines()
    assert f"answer   {('XX', 'XY', 'YX', 'YY')[target[-1, 0]]}" in lines
    lines = show(Adding(length=6)).splitlines()
    x, total, *_ = Adding(length=6).batch("train", 0, 0, 1)
    words = [f"{number:.2f}" for number in x[:, 0, 0].tolist()]
    assert next(line for line in lines if line.startswith("input 0")).split()[2:] == words
    assert f"answer   {total[-1, 0, 0].item():.3g}" in lines


def test_sets_and_series_are_drawn():
    assert "target  TP B " in show(EmbeddedReber())
    line = next(line for line in show(Sine()).splitlines() if line.startswith("input"))
    assert set(line.removeprefix("input").strip()) <= set("▁▂▃▄▅▆▇█")
