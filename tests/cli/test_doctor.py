"""`longlag doctor` names what is there and what is missing; the shell completes words."""

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import longlag
from longlag.cli import main
from longlag.errors import EXTRAS

ROOT = Path(__file__).parents[2]


def findings(capsys, *words: str) -> dict[str, str]:
    """What the doctor says in a pipe, by name."""
    assert main(["doctor", *words]) == 0
    return dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())


def test_it_names_versions_compiler_cores_threads_backend_cache_and_logger(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("LONGLAG_CACHE", str(tmp_path))
    said = findings(capsys, "cell=gru", "threads=3", "logger.mode=online")
    assert said["longlag"].startswith(longlag.__version__)
    assert said["torch"] and said["python"].startswith(f"{sys.version_info.major}.")
    assert str(os.cpu_count()) in said["cores"] and said["threads"].startswith("3 ")
    assert said["backend of gru"] in ("compiled", "loop", "fused")
    assert said["compiled steps"] == f"{tmp_path} (writable)"
    assert said["logger"] == "wandb, mode online" and said["vector instructions"]


def test_without_a_compiler_it_says_what_to_install(capsys, monkeypatch):
    from longlag.engine import c_compiler

    c_compiler.compiler.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    said = findings(capsys, "cell=irnn")
    c_compiler.compiler.cache_clear()
    assert said["compiler"].startswith("none: ") and "install gcc or clang" in said["compiler"]


def test_a_key_of_the_account_is_never_shown(capsys, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "b7c9" * 10)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "an account is known" in out and "b7c9" not in out


@pytest.mark.parametrize("module", EXTRAS)
def test_each_package_that_is_missing_is_named_with_the_line_that_installs_it(
    module, capsys, monkeypatch
):
    package, extra = EXTRAS[module]
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == module else find(name, *a)
    )
    said = findings(capsys)[f"extra {extra}"]
    assert said == f"the package {package} is not installed: run `pip install 'longlag[{extra}]'`"


def test_every_extra_that_an_error_names_installs_that_package():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for package, extra in EXTRAS.values():
        names = [requirement.split(">=")[0].split("[")[0] for requirement in extras[extra]]
        assert package in names, (package, extra)


def test_a_study_runs_and_its_end_says_how_to_get_the_report_without_any_extra(tmp_path: Path):
    code = (
        "import sys, lightning, torchmetrics\n"  # which import some of them for themselves
        f"for name in {sorted(EXTRAS)}: sys.modules[name] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if sys.modules.get(n, n) is None else find(n, *a)\n"
        "from longlag.cli import main\n"
        "sys.exit(main(['bench', 'study=smoke', 'cell=rnn', 'task=adding', 'study.grid=[0.01]',\n"
        "  'study.seeds=[0]', 'trainer.max_steps=2', 'trainer.validate_every=1', 'logger=none',\n"
        "  'executor.workers=1']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("results/smoke/*/record.json"))) == 2
    assert "no report: the package matplotlib is not installed" in done.stdout
    assert "pip install 'longlag[report]'" in done.stdout and done.stdout.count("no report") == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("longlag do", "doctor"),
        ("longlag train cell=ls", "cell=lstm"),
        ("longlag --ver", "version"),
    ],
)
def test_the_shell_completes_commands_and_settings(line, expected, tmp_path: Path):
    """As `eval "$(register-python-argcomplete longlag)"` makes bash ask."""
    told = tmp_path / "told"
    asked = {
        "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_STDOUT_FILENAME": str(told),
    }  # fmt: skip
    command = [sys.executable, "-m", "longlag"]
    subprocess.run(command, env={**os.environ, **asked}, check=True, timeout=60)
    assert expected in told.read_text()


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out.strip() == f"longlag {longlag.__version__}"
