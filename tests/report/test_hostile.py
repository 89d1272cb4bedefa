"""A stranger's records are shown as words by every page and command: nothing of theirs is run."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from browser import needs_a_browser
from hostile import ESCAPES, NASTY, planted, pwned
from longlag.cli import main
from longlag.records.reader import read_json, read_study
from longlag.records.record import Metrics, as_text, parse
from longlag.records.side_files import arrays_of, curve_of
from longlag.report import build
from longlag.report.atlas import write_atlas
from longlag.report.document import Document, Section, Text
from longlag.report.writers.html import as_json
from longlag.report.writers.markdown import inert
from longlag.report.writers.pdf import to_pdf
from longlag.report.writers.tables import to_csv
from some_record import some_record
from synthetic_atlas import write_atlas as synthetic_atlas
from synthetic_study import write_study


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A study of such records, with its report."""
    folder = write_study(
        tmp_path_factory.mktemp("results") / "hostile", [("adding", 50), ("adding", 100)],
        seeds=(0, 1, 4), rates=(0.001, 0.01),
    )  # fmt: skip
    planted(folder)
    build(folder)
    return folder


@needs_a_browser
def test_nothing_in_a_record_runs_in_the_report(hostile: Path, tmp_path: Path):
    assert "<script>document" not in (hostile / "report.html").read_text()
    assert not pwned(hostile / "report.html", tmp_path)


def test_a_paper_shows_what_a_record_says_and_reads_no_file(hostile: Path):
    said = subprocess.run(
        ["pdftotext", hostile / "supplement.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    paper = subprocess.run(
        ["pdftotext", hostile / "report.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert '#read("/etc/passwd")' in re.sub(r"\s+", " ", paper)
    assert "root:" not in said + paper


def test_markdown_and_latex_hold_no_tag_no_link_and_no_command_of_a_record(hostile: Path):
    text = (hostile / "report.md").read_text()
    plain = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    assert "&lt;script>" in plain and "<script" not in plain and "](javascript" not in plain
    assert "\x1b" not in text and "\u202e" not in text
    for path in (hostile / "tables").glob("*.tex"):
        assert "\\input{" not in path.read_text()


def test_a_command_of_a_record_is_one_command_and_none_of_anybody_else(hostile: Path):
    run = read_study(hostile).runs[0]
    assert run.command.startswith("longlag train 'seed=0;' touch ")
    assert main(["probe", "study=hostile", f"results={hostile.parent}", "retrain=true"]) == 2
    assert not (hostile / "pwned").exists()


def test_the_terminal_shows_no_escape_and_follows_no_markup(hostile: Path, capsys):
    root = f"results={hostile.parent}"
    assert main(["list", "runs", root]) == 0
    assert main(["compare", "study=hostile", "study=hostile", root]) == 0
    shown = capsys.readouterr()
    assert "note <script>" in shown.out
    assert "\x1b" not in shown.out + shown.err and "\u202e" not in shown.out + shown.err


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """An atlas whose plan and commands are hostile."""
    folder = synthetic_atlas(tmp_path / "atlas")
    plan = read_json(folder / "plan.json") | {"title": NASTY + ESCAPES, "question": NASTY}
    (folder / "plan.json").write_text(json.dumps(plan))
    records = [
        json.loads(line)
        | {"command": NASTY, "floors": [{"metric": "mse", "value": 0.5, "why": NASTY}]}
        for line in (folder / "records.jsonl").read_text().splitlines()
    ]
    (folder / "records.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in records))
    return folder


@needs_a_browser
def test_nothing_in_a_record_runs_in_the_atlas(atlas: Path, tmp_path: Path):
    write_atlas(atlas)
    assert not pwned(atlas / "index.html", tmp_path)


@needs_a_browser
def test_nothing_in_a_record_runs_where_a_cell_is_placed(atlas: Path, tmp_path: Path, capsys):
    words = ["place", "cell=gru", "tasks=adding", f"results={atlas.parent}"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "\u202e" not in shown.out + shown.err
    made = atlas.parent / "place-gru"
    assert not pwned(made / "index.html", tmp_path)
    assert "<script" not in (made / "place.svg").read_text()


@pytest.mark.parametrize("word", ["<b>", "a$b$", "../../x", ".hidden", "a\nb", "x" * 300, ""])
def test_a_record_with_a_name_that_longlag_never_gives_is_not_read(word: str):
    whole = json.loads(as_text(some_record()))
    for changed in (
        {"id": word},
        {"names": {"cell": word or "\t", "task": "adding"}},
        {"score": word},
        {"metrics": {"test": {word: 1.0}}},
    ):
        with pytest.raises(ValueError, match=r"none of longlag's|lacks"):
            parse(json.dumps(whole | changed))


@pytest.mark.parametrize("text", ["\u202e", "\u2066", "\\u202e"])
def test_a_record_that_turns_the_reading_order_is_not_read(text: str):
    planted = as_text(some_record(command=text)).replace("\\\\u", "\\u")
    with pytest.raises(ValueError, match="control characters"):
        parse(planted)


def test_arrays_and_curves_with_names_of_anybody_else_count_as_damaged(tmp_path: Path):
    np.savez(tmp_path / "a.npz", **{"profile/0/<b>": np.ones(2), "steps": np.ones(2)})
    with pytest.raises(ValueError, match="none of longlag's"):
        arrays_of((tmp_path / "a.npz").read_bytes())
    with pytest.raises(ValueError, match="none of longlag's"):
        curve_of(b"step,sequences,split,metric,value\r\n1,1,train,\x1b[2J,0.5\r\n")


def test_a_script_in_a_page_cannot_be_left_by_data():
    assert "<" not in as_json(["</script>", "<!--<script>"])


def test_what_typst_would_call_an_escape_is_set_as_it_stands():
    words = '`τ "q" \\u0041 \\` and #read("x") `'
    document = Document("t", "q", (), (words,), (Section("s", "s", (Text(words),)),))
    assert to_pdf(document).startswith(b"%PDF")


def test_no_spreadsheet_takes_a_word_for_a_formula_and_no_markdown_for_a_tag():
    from longlag.report.document import Cell, Row, Table

    cells = tuple(Cell(text, text) for text in ("=1+1", "@x", "-2+3", "-0.5", "plain", "-"))
    made = to_csv(Table("t", ("a",) * 6, (Row(cells),), "l" * 6, "", ""))
    assert made.splitlines()[1] == "'=1+1,'@x,-2+3,-0.5,plain,-"
    assert inert("p < 0.05, `<b>` <b> [1] [x](y)") == "p < 0.05, `<b>` &lt;b> [1] [x]\\(y)"


def test_metrics_are_as_they_were(tmp_path):
    assert parse(as_text(some_record(metrics=Metrics({"mse": 1.0})))).metrics.validation["mse"] == 1
