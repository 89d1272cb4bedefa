"""A config is composed, refused or identified."""

import pytest

from longlag.errors import LonglagError
from longlag.runs.config import expand_sweeps, folder, keys, resolve, template

SMALL = ("cell=lstm", "task=adding")


def test_changing_any_scientific_value_changes_the_id():
    base = resolve(SMALL).id
    scientific = (
        "cell=gru",
        "cell.forget_bias=0.5",
        "task=copy",
        "task.length=99",
        "model.layers=2",
        "optim.lr=0.5",
        "optim=sgd",
        "trainer.max_steps=50",
        "trainer.clip=null",
        "seed=1",
        "seeds.init=1",
        "budget=5000",
        "match=state",
        "probe=off",
        "threads=2",
    )
    ids = [resolve((*SMALL, change)).id for change in scientific]
    assert len({base, *ids}) == len(scientific) + 1


@pytest.mark.parametrize("change", ["results=/elsewhere", "logger=none"])
def test_changing_a_path_or_a_logger_does_not_change_the_id(change: str):
    assert resolve((*SMALL, change)).id == resolve(SMALL).id


def test_the_order_of_overrides_does_not_change_the_id():
    assert resolve(("seed=2", "task.length=50")).id == resolve(("task.length=50", "seed=2")).id


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["cell=lsmt"], ["unknown cell 'lsmt'", "did you mean 'lstm'", "gru"]),
        (["task=adding", "task.lenght=5"], ["'task.lenght'", "did you mean 'task.length'"]),
        (["cel=lstm"], ["'cel'", "did you mean 'cell'", "seed"]),
        (["trainer.max_step=3"], ["did you mean 'trainer.max_steps'", "trainer.clip"]),
        (["+colour=red"], ["unknown key 'colour'", "allowed"]),
        (["trainer={foo: 1}"], ["trainer holds settings of fixed names", "trainer.max_steps"]),
        (["optim.lr"], ["optim.lr", "key=value"]),
        (["study=nothing"], ["unknown study 'nothing'"]),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_allowed(overrides: list[str], said: list[str]):
    with pytest.raises(LonglagError) as error:
        resolve(overrides)
    text = str(error.value)
    assert "\n" not in text
    for part in said:
        assert part in text


def test_a_cell_from_outside_is_found_by_config_dir(tmp_path):
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / "leaky.yaml").write_text("_target_: longlag.cells.Elman\nrate: 0.1\n")
    config = resolve(["cell=leaky", "cell.rate=0.2"], tmp_path)
    assert config.values.cell.rate == 0.2
    assert config.id.startswith("leaky-adding-")


def test_a_config_dir_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LonglagError, match="no folder"):
        resolve([], tmp_path / "missing")


def test_the_command_of_a_config_composes_the_same_config():
    config = resolve(("cell=gru", "task.length=77", "seed=4"))
    program, command, *overrides = config.command.split()
    assert (program, command) == ("longlag", "train")
    assert resolve(overrides).id == config.id


def test_every_choice_of_every_group_composes():
    for group in ("cell", "task", "optim", "trainer", "logger", "probe", "model"):
        for path in sorted((folder() / group).glob("*.yaml")):
            beside = ["match=none"] if path.stem == "net_1997" else []  # it has a size of its own
            assert resolve([f"{group}={path.stem}", *beside]).names[group] == path.stem


def test_every_key_is_listed():
    assert {"cell.forget_bias", "trainer.clip", "seeds.data"} <= set(keys(resolve(SMALL).values))


def test_a_run_of_a_template_is_what_the_command_line_gives():
    shared = ("cell=gru", "task.length=60")
    made = template(shared)
    for change in ({"seed": 3, "optim.lr": 0.01}, {"seed": 0, "optim.lr": 0.003}):
        one, same = made.at(change), resolve((*shared, *(f"{k}={v}" for k, v in change.items())))
        assert one.scientific == same.scientific
        assert one.id == same.id
        assert one.command == same.command


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=0,1", ["seed=0", "seed=1"]),
        ("seed=range(3)", ["seed=0", "seed=1", "seed=2"]),
        ("cell=choice(rnn,gru)", ["cell=rnn", "cell=gru"]),
        ("cell=glob(rnn*)", ["cell=rnn", "cell=rnn_orthogonal", "cell=rnn_relu"]),
        ("task.length=[1,2]", ["task.length=[1,2]"]),
        ("results=a,b", ["results=a,b"]),  # a path
        ("seed=7", ["seed=7"]),
    ],
)
def test_a_sweep_is_expanded_as_hydra_does(word: str, values: list[str]):
    assert expand_sweeps(["cell=rnn", word]) == [["cell=rnn", value] for value in values]


def test_a_sweep_without_an_end_is_refused():
    with pytest.raises(LonglagError, match="no list of values"):
        expand_sweeps(["optim.lr=interval(0,1)"])


def test_the_command_of_a_run_trains_it_again_and_names_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / "mine.yaml").write_text("_target_: longlag.cells.Elman\n")
    command = resolve(["cell=mine", "results=mine", "logger=none"], tmp_path).command
    assert command == "longlag train --config-dir . cell=mine results=again"
