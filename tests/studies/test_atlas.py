"""The atlas holds every built-in cell, each in the model it was made for."""

from longlag.records.headers import folder, header_of
from longlag.studies.study import Place, study_of

ANY = {"torchrecurrent"}  # stands for the cells of a package that is an extra


def test_every_cell_of_conf_is_in_the_atlas_and_none_is_there_twice():
    cells = study_of(["study=atlas"]).cells
    assert set(cells) == {p.stem for p in (folder() / "cell").glob("*.yaml")} - ANY
    assert len(cells) == len(set(cells))


def test_each_cell_of_the_atlas_runs_in_the_model_that_it_was_made_for():
    study = study_of(["study=atlas"])
    for cell in study.cells:
        model, layers = header_of("cell", cell).model, header_of("cell", cell).layers
        shared = study.point(Place(cell, "adding", 10), 0.01, 0).shared
        assert f"model={model}" in shared
        assert (f"model.layers={layers}" in shared) == bool(layers)


def test_the_first_rung_of_every_ladder_is_shorter_than_what_a_plain_rnn_holds():
    assert all(rungs[0] <= 10 for rungs in study_of(["study=atlas"]).ladders.values())
