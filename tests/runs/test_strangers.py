"""What a run keeps tells nothing of who ran it, and a stranger's record cannot steer a terminal."""

import getpass
import io
import platform
import shutil
from dataclasses import replace

import pytest
from omegaconf import OmegaConf

import tiny
from longlag.cli import train
from longlag.cli.terminal import console
from longlag.records import headers
from longlag.records.discretion import told, told_override
from longlag.records.record import Answer, as_text, parse
from longlag.records.run import Run
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.repeat import recorded_config
from longlag.runs.restore import restore_run
from longlag.runs.run import execute
from some_record import RECORD

KEY = "sk-0123456789abcdefghij"
ANOTHER = "Zx81kQ0pLw7RtY2vBn5MdH3sJc9GfA6e"  # drawn, and in no form that is known


@pytest.mark.parametrize("logger", ["csv", "wandb", "tensorboard", "mlflow", "none"])
def test_no_variable_user_host_or_absolute_path_reaches_what_a_run_keeps(
    logger, tmp_path, monkeypatch
):
    """Not of the environment, of an option named like a secret, of a folder or of a text's file."""
    home, work = tmp_path / "somebody_home", tmp_path / "working_folder"
    (work / "conf" / "cell").mkdir(parents=True)
    home.mkdir()
    (home / "words.txt").write_text("to be or not to be " * 400)
    shutil.copy(headers.folder() / "cell" / "lstm.yaml", work / "conf" / "cell" / "mine.yaml")
    for name, value in (("SERVICE_API_KEY", KEY), ("HOME", str(home)), ("USER", "somebody")):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(work)
    store = Store(work / "results", "single")
    store.prepare()
    words = [word for word in tiny.TINY if not word.startswith("task")]
    secret = ("++cell._target_=longlag.cells.LSTM", f"++probe.note={KEY}")
    own = ("cell=mine", "task=text", f"task.path={home}/words.txt", f"logger={logger}")
    config = resolve((*words, *own, "checkpoint.steps=3", *secret[:1]), work / "conf")
    store.save(*execute(config, store.folder))
    store.fail("x", config.command, f"{KEY} in {work}/a", f'File "{home}/lib/a.py", api_key={KEY}')
    secrets = {KEY, str(tmp_path), "somebody", "working_folder"}
    names = {name for name in (getpass.getuser(), platform.node()) if len(name) > 4}
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes() + str(path.relative_to(store.folder)).encode()
        for word in secrets | names:
            assert word.encode() not in content, (path.name, word)
    found = store.read(config.id)
    assert found and found.setting("task.path") == "~/words.txt"
    assert "--config-dir conf" in found.command and "'task.path=~/words.txt'" in found.command
    assert recorded_config(found, work / "conf").id == config.id
    restore_run(found.folder, config_dir=work / "conf")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("api_key", "abcd"), ("password", "a b"), ("hub_token", "x"), ("note", KEY),
        ("note", ANOTHER),
        ("note", "ghp_" + "a1" * 18), ("note", "0123456789abcdef" * 2 + "01234567"),
        ("url", "https://me:pass@host.org/x"), ("note", f"the key is {KEY}."),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_hidden_and_told_from_another(key, value):
    shown = told({"a": [{key: value}]})["a"][0][key]
    assert "***" in shown and value not in shown and shown != value
    assert told({key: shown}) == {key: shown}
    assert told({key: value + "1"}) != told({key: value}) or " " in value or "//" in value
    assert shown.removesuffix(".").split("***")[1][:4] in told_override(f"x.{key}={value}")


def test_no_setting_of_longlag_is_taken_for_a_secret():
    chosen = [(), ("task=mackey_glass", "model=block"), ("task=text", "executor=dask")]
    for words in chosen:
        config = resolve(words)
        assert told(config.plain) == config.plain
    for path in headers.folder().rglob("*.yaml"):
        plain = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
        if path.parent.name != "claim":  # a citation has a key
            assert told(plain) == plain, path


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\x9b31m", "a\x00b", "\x7f"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_record_with_characters_that_a_terminal_obeys_is_not_read(text, indent):
    planted = as_text(replace(RECORD, command=text), indent)
    with pytest.raises(ValueError, match="control characters"):
        parse(planted)
    assert parse(as_text(replace(RECORD, command="lr=0.1\n\tτ é"), indent)).command


def test_markup_in_a_record_is_shown_and_not_followed(monkeypatch, tmp_path):
    out = console(file=io.StringIO(), width=300)
    monkeypatch.setattr(train, "OUT", out)
    link = "[link=https://example.org]x[/link]"
    floor = Answer(RECORD.score, 0.5, link)
    train.show(Run(tmp_path, replace(RECORD, floors=(floor,))))
    assert out.file.getvalue().count(link) == 1
