"""Nothing that a stranger's record names is run; what longlag or the user names is."""

import json
import shutil
from pathlib import Path

import pytest

from longlag.cli.main import main
from longlag.errors import LonglagError
from longlag.runs.allow_list import refuse_strangers
from longlag.runs.config import folder, resolve
from longlag.runs.restore import restore_run
from tiny import TINY

COMMAND = {"_target_": "torch.utils.collect_env.run", "command": "touch RAN"}
PLANTED = {
    "a command as the task": {"task": COMMAND},
    "a command inside the cell": {"cell.inner": {"deeper": [COMMAND]}},
    "a command as a layer": {"model.layer": COMMAND},
    "hydra's way to any function": {"model.front": {"_target_": "hydra.utils.get_method"}},
    "a module that nobody knows": {"cell._target_": "planted.Cell"},
    "a function of longlag's that imports": {"task": {"_target_": "longlag.errors.need"}},
    "a logger of longlag's": {"task": {"_target_": "longlag.runs.loggers.csv_logger"}},
    "a target that is no word": {"task._target_": ["os.system"]},
    "positional arguments": {"cell._args_": ["x"]},
    "a change of Hydra's recursion": {"cell._recursive_": False},
    "a look into the environment": {"task.length": "${oc.env:HOME}"},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    results = tmp_path_factory.mktemp("results")
    assert main(["train", "cell=gru", *TINY, "logger=none", f"results={results}"]) == 0
    (record,) = results.glob("*/*/record.json")
    return record.parent


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("command", ["probe", "forecast", "extrapolate"])
def test_a_planted_record_is_refused_in_one_line_and_nothing_of_it_runs(
    trained, tmp_path, monkeypatch, capsys, what, command
):
    ran = tmp_path / "ran"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "planted.py").write_text(f"open({str(ran)!r}, 'w')\n")
    record = json.loads((trained / "record.json").read_text())
    for place, value in PLANTED[what].items():
        *parents, last = place.split(".")
        part = record["config"]
        for name in parents:
            part = part[name]
        part[last] = value
    copy = tmp_path / trained.name
    copy.mkdir()
    (copy / "record.json").write_text(json.dumps(record).replace("RAN", str(ran)))
    (copy / "weights.pt").write_bytes((trained / "weights.pt").read_bytes())
    capsys.readouterr()
    assert main([command, str(copy)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "the record" in said
    assert not ran.exists()


ALONE = {"net_1997": ("match=none",)}  # what a choice asks for beside itself


def test_everything_that_longlag_can_compose_may_be_built():
    for group in ("cell", "task", "model", "optim", "trainer", "probe"):
        for path in sorted((folder() / group).glob("*.yaml")):
            refuse_strangers(
                resolve([f"{group}={path.stem}", *ALONE.get(path.stem, ())]).scientific
            )
    refuse_strangers({"optim": {"_target_": "torch.optim.AdamW"}})


def test_what_the_users_own_config_dir_names_may_be_built_and_only_with_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_cells.py").write_text(
        "from longlag.cells import Elman\n\n\nclass Own(Elman):\n    pass\n"
    )
    (tmp_path / "conf" / "cell").mkdir(parents=True)
    text = "_target_: own_cells.Own\n_partial_: true\n"
    (tmp_path / "conf" / "cell" / "own.yaml").write_text(text)
    (tmp_path / "conf" / "cell" / "broken.yaml").write_text("a: [")
    words = ["train", "--config-dir", str(tmp_path / "conf"), "cell=own", *TINY, "logger=none"]
    assert main([*words, f"results={tmp_path}/r"]) == 0
    (record,) = tmp_path.glob("r/*/*/record.json")
    assert type(restore_run(record.parent, config_dir=tmp_path / "conf").model.cells[0]).__name__
    with pytest.raises(LonglagError, match=r"own_cells\.Own.*give --config-dir"):
        restore_run(record.parent)


@pytest.mark.parametrize("command", ["probe", "forecast", "extrapolate"])
def test_a_record_whose_settings_were_edited_is_refused_in_one_line(
    trained, tmp_path, capsys, command
):
    copy = tmp_path / trained.name
    shutil.copytree(trained, copy)
    record = json.loads((copy / "record.json").read_text())
    record["config"]["task"]["length"] += 1  # and the id as it was
    (copy / "record.json").write_text(json.dumps(record))
    assert main([command, str(copy)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "its settings were edited" in said
    assert {path.name for path in copy.iterdir()} == {path.name for path in trained.iterdir()}


def test_damaged_weights_are_one_line(trained, tmp_path):
    copy = tmp_path / trained.name
    copy.mkdir()
    (copy / "record.json").write_bytes((trained / "record.json").read_bytes())
    for content in (b"", b"no weights", (trained / "weights.pt").read_bytes()[:500]):
        (copy / "weights.pt").write_bytes(content)
        with pytest.raises(LonglagError, match=r"weights\.pt is damaged or of another model") as e:
            restore_run(copy)
        assert "\n" not in str(e.value)
