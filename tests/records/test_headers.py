"""The comments that open a cell's yaml are the one home of its name and of the model it is for."""

import re
from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.cells import Cell
from longlag.nn.references import Reference
from longlag.records.headers import (
    FAMILIES,
    Header,
    display_name,
    folder,
    header_of,
    model_mismatch,
    read_header,
)
from longlag.records.seed_groups import task_label
from recurrences import YAMLS as RECURRENCES
from some_record import some_run

YAMLS = sorted((folder() / "cell").glob("*.yaml"))
MODELS = {path.stem for path in (folder() / "model").glob("*.yaml")}


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_cell_has_a_gloss_a_name_a_source_an_equation_and_the_model_it_is_for(path: Path):
    found = read_header(path)
    assert found.gloss.endswith(".") and found.name and found.source and found.equation
    assert found.model in MODELS


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_the_class_cites_what_the_yaml_cites(path: Path):
    """The class holds the equations with their places, the yaml names the papers."""
    cell, docs = instantiate(OmegaConf.load(path))(2, 4), []
    while isinstance(cell, Cell | Reference):
        docs.append(" ".join((cell.__doc__ or "").split()))
        cell = getattr(cell, "cell", None)
    assert all(doc.count("Source: ") == 1 for doc in docs)
    for paper in read_header(path).source.split("; "):
        author, year = re.split(r"[ ,]", paper)[0], re.findall(r"\b(?:19|20)\d\d\b", paper)[0]
        assert any(re.search(rf"{author}.{{1,90}}?{year}", doc) for doc in docs), paper


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_cell_is_of_one_family_and_of_a_year(path: Path):
    found = read_header(path)
    assert found.family in FAMILIES and found.year is not None and 1985 < found.year < 2030


def test_a_reference_and_no_cell_is_of_the_family_without_recurrence():
    alone = {path.stem for path in YAMLS if read_header(path).family == FAMILIES[-1]}
    assert alone == {path.stem for path in YAMLS} - {path.stem for path in RECURRENCES}


def test_the_year_of_a_cell_is_that_of_its_first_paper():
    assert header_of("cell", "lstm_peephole").year == 2002  # before the odyssey of 2015
    assert Header(source="an unpublished note").year is None


def test_names_are_all_different():
    names = [display_name(path.stem) for path in YAMLS]
    assert len(set(names)) == len(names)


def test_a_cell_without_a_header_is_called_by_its_file(tmp_path: Path):
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / "mine.yaml").write_text(
        "# Mine.\n# model: block\n_target_: x.Y\n# name: no\n"
    )
    assert header_of("cell", "mine", tmp_path) == Header("Mine.", model="block")
    assert display_name("mine", tmp_path) == "mine" and display_name("no_such") == "no_such"
    said = model_mismatch("mine", "stack", 1, tmp_path)
    assert said == "mine was made for model=block, and ran in model=stack"


def test_a_cell_that_runs_otherwise_than_published_is_told():
    assert model_mismatch("lru", "block") is None and model_mismatch("lstm", "stack") is None
    assert model_mismatch("lru", "stack") == "LRU was made for model=block, and ran in model=stack"
    said = "IndRNN was published with 2 layers or more, and ran with 1"
    assert model_mismatch("indrnn", "stack") == said
    assert model_mismatch("indrnn", "stack", 2) is None


def test_a_recorded_run_says_so_itself():
    for cell, model, otherwise in (
        ("lru", "stack", True),
        ("lru", "block", False),
        ("lstm", "stack", False),
        ("no_cell_of_conf", "stack", False),
    ):
        run = some_run(names={"cell": cell, "task": "adding", "model": model})
        assert bool(run.mismatch) == otherwise
    assert some_run().mismatch is None  # records that do not name their model


def test_a_task_is_called_what_its_header_says_and_no_two_are_called_alike():
    paths = sorted((folder() / "task").glob("*.yaml"))
    names = [task_label(path.stem) for path in paths]
    assert names == [read_header(path).name for path in paths]
    assert len(set(names)) == len(names)
    assert task_label("my_own_task") == "my own task"
