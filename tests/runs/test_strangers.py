"""What a run keeps tells nothing of who ran it, and a stranger's record cannot steer a terminal."""

import getpass
import io
import os
import platform
from dataclasses import replace

import pytest
from rich.console import Console

import tiny
from longlag.cli import train
from longlag.records.record import Answer, as_text, parse
from longlag.records.run import Run
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.run import execute
from some_record import RECORD


def test_no_variable_user_host_or_absolute_path_reaches_what_a_run_keeps(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVICE_API_KEY", "sk-0123456789abcdef")
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path, "single")
    store.prepare()
    config = resolve((*tiny.TINY, "logger=csv", "checkpoint.steps=3", f"results={tmp_path}"))
    store.save(*execute(config, store.folder))
    secrets = {"sk-0123456789abcdef", str(tmp_path), os.path.expanduser("~") + "/", os.getcwd()}
    names = {name for name in (getpass.getuser(), platform.node()) if len(name) > 4}
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes()
        for word in secrets | names:
            assert word.encode() not in content, (path.name, word)


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\x9b31m", "a\x00b", "\x7f"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_record_with_characters_that_a_terminal_obeys_is_not_read(text, indent):
    planted = as_text(replace(RECORD, command=text), indent)
    with pytest.raises(ValueError, match="control characters"):
        parse(planted)
    assert parse(as_text(replace(RECORD, command="lr=0.1\n\tτ é"), indent)).command


def test_markup_in_a_record_is_shown_and_not_followed(monkeypatch, tmp_path):
    out = Console(file=io.StringIO(), width=300, soft_wrap=True, highlight=False)
    monkeypatch.setattr(train, "OUT", out)
    link = "[link=https://example.org]x[/link]"
    floor = Answer(RECORD.score, 0.5, link)
    names = {**RECORD.names, "cell": link, "task": "[bold"}
    train.show(Run(tmp_path, replace(RECORD, names=names, floors=(floor,))))
    said = out.file.getvalue()
    assert said.count(link) == 2 and "on [bold: " in said
