"""A compiled library is whole when it is loaded, whatever befell its file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from longlag.cells import LSTM
from longlag.engine import c_compiler, unroll
from longlag.engine.c_compiler import (
    CHECKSUM,
    LIBRARY,
    SOURCE,
    CannotCompile,
    CompilerNotFound,
    is_sound,
    library,
)

TEXT = "int answer(void) { return 42; }\n"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGLAG_CACHE", str(tmp_path))
    library.cache_clear()
    c_compiler.compiler.cache_clear()
    yield tmp_path
    library.cache_clear()
    c_compiler.compiler.cache_clear()


def only(folder: Path) -> Path:
    (home,) = folder.iterdir()
    return home


def replace(path: Path, content: bytes) -> None:
    """As another file: what is loaded from the old one stays mapped."""
    path.with_suffix(".new").write_bytes(content)
    os.replace(path.with_suffix(".new"), path)


DAMAGE = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "a zeroed tail": lambda content: content[:-20] + bytes(20),
    "one flipped bit": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "longer": lambda content: content + b"more",
}


def test_there_is_a_c_compiler_for_the_tests():
    """Without one most laws of the engine would hold of nothing."""
    assert Path(c_compiler.compiler()).exists()


@pytest.mark.parametrize("name", [LIBRARY, CHECKSUM])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_is_made_anew(how, name, cache):
    assert library(TEXT).answer() == 42
    file = only(cache) / name
    replace(file, DAMAGE[how](file.read_bytes()))
    assert not is_sound(only(cache))
    library.cache_clear()
    assert library(TEXT).answer() == 42 and is_sound(only(cache))


@pytest.mark.parametrize("name", [LIBRARY, CHECKSUM])
def test_a_lost_file_is_made_anew(name, cache):
    library(TEXT)
    (only(cache) / name).unlink()
    library.cache_clear()
    assert library(TEXT).answer() == 42 and is_sound(only(cache))


def test_a_damaged_library_of_a_cell_costs_no_run(cache):
    torch.manual_seed(0)
    cell, x = LSTM(2, 3), torch.randn(4, 2, 2)
    y = unroll(cell, x, backend="compiled").y
    for home in cache.iterdir():
        replace(home / LIBRARY, (home / LIBRARY).read_bytes()[:1000])
    script = (
        "import torch; from longlag.cells import LSTM; from longlag.engine import unroll;"
        "torch.manual_seed(0); cell, x = LSTM(2, 3), torch.randn(4, 2, 2);"
        "run = unroll(cell, x); print(run.backend, run.y.sum().item().hex())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["compiled", y.sum().item().hex()], done.stderr


def test_a_second_process_need_not_compile(cache, monkeypatch):
    library(TEXT)
    library.cache_clear()
    monkeypatch.setattr(c_compiler, "compile_library", None)
    assert library(TEXT).answer() == 42


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_may_compile_the_same_text_at_once(cache, damaged):
    if damaged:
        library(TEXT)
        replace(only(cache) / LIBRARY, b"")
    script = (
        f"from longlag.engine.c_compiler import library; assert library({TEXT!r}).answer() == 42"
    )
    both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait() for process in both] == [0, 0, 0]
    assert is_sound(only(cache))  # one folder: nothing half made is left beside it


def test_what_is_kept_outlives_a_power_cut(monkeypatch):
    """Each file and its folder are flushed to disk before the folder has its name."""
    done: list[str] = []
    flush, rename = c_compiler.flush_to_disk, os.rename
    monkeypatch.setattr(
        c_compiler, "flush_to_disk", lambda path: (done.append(path.name), flush(path))
    )
    monkeypatch.setattr(os, "rename", lambda *two: (done.append("rename"), rename(*two)))
    library(TEXT)
    assert set(done[:-2]) == {SOURCE, LIBRARY, CHECKSUM, "step"} and done[-2] == "rename"


def test_the_c_is_kept_beside_the_library_and_shown_on_demand(cache, monkeypatch, capsys):
    monkeypatch.setenv("LONGLAG_SHOW_C", "0")
    library(TEXT)
    assert (only(cache) / SOURCE).read_text() == TEXT and not capsys.readouterr().err
    monkeypatch.setenv("LONGLAG_SHOW_C", "1")
    library.cache_clear()
    library(TEXT)
    assert TEXT in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 1", "failed: no message"),
        ("echo it is broken >&2; exit 1", "failed: it is broken"),
        ("exit 0", "failed"),
        ('for a; do case $last in -o) echo "no ELF" > "$a";; esac; last=$a; done', "be loaded"),
    ],
)
def test_a_broken_compiler_is_named_with_what_it_said(script, why, cache, monkeypatch, tmp_path):
    fake = tmp_path.parent / f"{tmp_path.name}-cc"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("CC", str(fake))
    with pytest.raises(CannotCompile, match=why) as error:
        library(TEXT)
    assert str(fake) in str(error.value)


def test_a_missing_compiler_is_an_error_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(CompilerNotFound, match="no C compiler; install"):
        library(TEXT)


def test_a_compiler_that_cannot_be_started_is_named(monkeypatch, tmp_path):
    fake = tmp_path.parent / f"{tmp_path.name}-cc"
    fake.write_bytes(b"\x7fELF nonsense")
    fake.chmod(0o755)
    monkeypatch.setenv("CC", str(fake))
    with pytest.raises(CannotCompile, match="cannot be run"):
        library(TEXT)
