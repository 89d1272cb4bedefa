"""The page's commands build the nets of the papers, weight for weight."""

from pathlib import Path

import pytest

from longlag.runs.config import resolve
from longlag.runs.instantiate import build, build_model, build_optimizer, check
from longlag.training.online import online_descent

PAGE = (Path(__file__).parents[2] / "docs/experiments-of-1997.md").read_text()
BLOCK = PAGE.split("```sh\n")[1].split("```")[0]
COMMON = BLOCK.replace("\\\n", " ").removeprefix("longlag train").split()
ROWS = [
    [part.strip(" `") for part in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and "`" in line
]


def test_the_page_has_all_experiments():
    assert [int(row[2]) for row in ROWS] == [264, 276, 10504, 364, 102, 93, 93, 156, 308, 424]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_command_builds_a_net_of_as_many_weights_as_the_paper_counts(row):
    config = resolve([*COMMON, *row[1].split()])
    check(config)
    model = build_model(config.values, build(config.values.task))
    assert sum(p.numel() for p in model.parameters()) == int(row[2])
    assert not hasattr(config.values.optim, "momentum") and config.values.trainer.batch_size == 1


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_of_these_nets_is_trained_in_c(row):
    config = resolve([*COMMON, *row[1].split()])
    model = build_model(config.values, build(config.values.task))
    optimizer = build_optimizer(config.values.optim)(model.parameters())
    assert online_descent(model, optimizer, config.values.trainer.clip) is not None
