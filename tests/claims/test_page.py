"""`longlag bench claim=ID` and `longlag claims`, from the run to the page."""

import csv
import shutil
from pathlib import Path

import pytest

from browser import needs_a_browser
from hostile import planted, pwned
from longlag.cli.main import main
from longlag.records.claim import claim_ids

CLAIM = """
says: A GRU does what is asked.
citation: {key: nobody2026, type: misc, author: A. Nobody and B. Noone, title: On nothing, year: 2026}
place: section 1
quote: nothing *at all* of 10^6
status: from memory
published: {error: 0.5}
experiment:
  cells: [gru]
  tasks: {adding: [task.length=6]}
  grid: [0.01]
  seeds: [1, 2, 3, 4, 5, 6]
  settings: [logger=none, probe=off, match=none, model.hidden_size=4, trainer.max_steps=10,
    trainer.validate_every=10, trainer.validation_size=8, trainer.test_size=8]
rule: {rule: level, of: {cell: gru}, measured: score, claimed: {at_least: 0.0}, partly: {at_least: -1.0}}
measures: test error
scaled: six steps
full_scale: [task.length=600]
minutes: 0.1
"""  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A folder with a claim, and that of its results, after it was run."""
    folder = tmp_path_factory.mktemp("claims")
    (folder / "conf" / "claim").mkdir(parents=True)
    (folder / "conf" / "claim" / "gru-does.yaml").write_text(CLAIM)
    return str(folder / "conf"), folder / "results"


def words(places: tuple[str, Path]) -> list[str]:
    return ["--config-dir", places[0], f"results={places[1]}"]


def test_a_claim_is_planned_run_judged_and_published(places, capsys):
    assert main(["claims", *words(places)]) == 2
    assert "no claim is run" in capsys.readouterr().err
    assert main(["bench", "claim=gru-does", "--plan", *words(places)]) == 0
    assert "6 runs" in capsys.readouterr().out and not places[1].exists()
    assert main(["bench", "claim=gru-does", "executor.workers=1", *words(places)]) == 0
    said = capsys.readouterr().out
    assert "verdict: confirmed" in said and "error: 0.5" in said and "(6 runs)" in said
    assert main(["claims", *words(places)]) == 0
    folder = places[1] / "claims"
    rows = {
        row["id"]: row for row in csv.DictReader((folder / "verdicts.csv").read_text().splitlines())
    }
    assert set(rows) == {*claim_ids(), "gru-does"}
    found = rows["gru-does"]
    assert float(found["low"]) <= float(found["ours"]) <= float(found["high"])
    assert (found["verdict"], found["runs"]) == ("confirmed", "6")
    assert {row["verdict"] for name, row in rows.items() if name != "gru-does"} == {"not run"}
    assert "@misc{nobody2026," in (folder / "references.bib").read_text()
    assert (folder / "claims.pdf").read_bytes().startswith(b"%PDF")
    assert "A GRU does what is asked." in (folder / "index.html").read_text()


@needs_a_browser
def test_nothing_in_a_record_runs_in_the_page_of_claims(places, tmp_path, capsys):
    shutil.copytree(places[1], tmp_path / "results")
    planted(tmp_path / "results" / "claims" / "gru-does")
    assert main(["claims", "--config-dir", places[0], f"results={tmp_path}/results"]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "\u202e" not in shown.out + shown.err
    page = tmp_path / "results" / "claims" / "index.html"
    assert "A GRU does what is asked." in page.read_text() and not pwned(page, tmp_path)


def test_a_claim_whose_runs_are_not_complete_has_no_verdict(places):
    from longlag.records.claim import judge_claim, read_claim

    claim = read_claim("gru-does", Path(places[0]))
    next((places[1] / "claims" / "gru-does").glob("*/record.json")).unlink()
    assert judge_claim(claim, places[1]).decision.verdict == "not run"


@pytest.mark.parametrize("given", ["claim=nothing", "claim=vanish-rnn study=bench"])
def test_what_cannot_be_run_is_refused_in_one_line(given, capsys):
    assert main(["bench", *given.split()]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_shell_completes_claims():
    from longlag.cli.complete import completions

    assert "claim=vanish-rnn" in completions("claim=v")


def test_every_source_has_one_entry_however_many_claims_cite_it():
    from longlag.records.claim import bibliography, read_claim

    claims = [read_claim(name) for name in claim_ids()]
    text = bibliography(claims)
    cited = [one for claim in claims for one in (claim.citation, *claim.also)]
    keys = {one.key for one in cited}
    assert all(text.count(f"{{{key},") == 1 for key in keys)
    assert len({one.bibtex for one in cited}) == len(keys)
