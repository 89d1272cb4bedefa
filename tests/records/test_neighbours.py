"""A cell stands between better and worse ones, and nothing undecided has a place."""

from dataclasses import replace
from pathlib import Path

from longlag.cli.place_tables import footnote, neighbours, summary
from longlag.records.atlas import Atlas, AtlasRow, read_atlas
from longlag.records.neighbours import join, stand


def row(cell: str, value: float | None, **more) -> AtlasRow:
    basis = {"low": None, "high": None, "decided": True, "decay_at_init": None, "step_us": None}
    basis |= {"year": None, "family": "LSTM", "parameters": 9, "state": 3, "kind": "horizon"}
    return AtlasRow(
        **{**basis, "cell": cell, "name": cell, "task": "adding", "value": value, **more}
    )


ROWS = [
    row("far", 100), row("near", 20), row("own", 10), row("twin", 10), row("poor", 5),
    row("none", None), row("open", 50, decided=False), row("last", None, decided=False),
]  # fmt: skip


def names(rows) -> list[str]:
    return [row.cell for row in rows]


def test_longer_horizons_are_above_and_one_below_the_shortest_rung_is_last():
    standing = stand(ROWS, "own")
    assert standing is not None
    assert names(standing.above) == ["far", "near"] and names(standing.beside) == ["twin"]
    assert names(standing.below) == ["poor", "none"]
    assert names(standing.near) == ["far", "near", "twin", "own", "poor", "none"]
    assert summary(standing) == "2 remember longer, 1 as long, 2 less long"


def test_an_undecided_cell_has_no_place_and_is_named():
    standing = stand(ROWS, "own")
    assert standing is not None and names(standing.undecided) == ["open", "last"]
    assert footnote(standing) == "undecided as yet: open and last"


def test_a_cell_that_is_not_decided_stands_where_it_came_to_and_says_so():
    standing = stand(ROWS, "open")
    assert standing is not None and names(standing.above) == ["far"]
    assert summary(standing).startswith("undecided; as far as it came, 1 remember longer")
    unknown = stand(ROWS, "last")
    assert unknown is not None and names(unknown.near) == ["last"]


def test_a_loss_is_better_where_it_is_smaller_and_worst_where_all_runs_diverged():
    score = {"kind": "score", "rises": False, "metric": "nll"}
    rows = [row("a", 2.0, **score), row("own", 3.0, **score), row("dead", None, **score)]
    standing = stand(rows, "own")
    assert standing is not None
    assert names(standing.above) == ["a"] and names(standing.below) == ["dead"]
    assert summary(standing) == "1 do better, 0 as well, 1 worse"


def test_of_equals_the_cheapest_steps_are_shown():
    costs = {"dear": 30.0, "cheap": 10.0, "middle": 20.0}
    standing = stand([row("own", 10), *(row(c, 10, step_us=t) for c, t in costs.items())], "own")
    assert standing is not None and names(standing.near) == ["cheap", "middle", "own"]
    assert neighbours(standing).row_count == 3


def test_a_joined_atlas_has_the_cells_of_both(atlas_folder: Path):
    whole = read_atlas(atlas_folder)
    parts = [part(whole, own) for own in (False, True)]
    joined = join(*parts)
    key = lambda row: (row.task, row.cell)  # noqa: E731
    assert sorted(joined.rows, key=key) == sorted(whole.rows, key=key)


def part(atlas: Atlas, own: bool, cell: str = "lstm") -> Atlas:
    """An atlas of one cell alone, or of all others."""
    keep = lambda name: (name == cell) == own  # noqa: E731
    plan = atlas.study.plan
    some = {k: [e for e in plan[k] if keep(e["cell"])] for k in ("chosen", "ladders")}
    runs = tuple(run for run in atlas.study.runs if keep(run.cell))
    ids = [i for i in plan["stages"][0]["ids"] if keep(i.split("-")[0])]
    study = replace(
        atlas.study, runs=runs, plan=plan | some | {"stages": [{"name": "final", "ids": ids}]}
    )
    start = atlas.untrained
    starts = [s for s in start.starts if keep(s.cell)]
    times = {c: us for c, us in start.step_us.items() if keep(c)}
    return Atlas(study, replace(start, starts=starts, step_us=times))
