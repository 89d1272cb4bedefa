"""What the report says of a study: the numbers and sentences that follow from its records."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from longlag.records.gradient_decay import link, outcomes
from longlag.records.reader import read_study
from longlag.records.seed_groups import study_groups
from longlag.report import answers
from longlag.report.document import Table
from longlag.report.words import say
from report_of import blocks, document, rows, view, words
from synthetic_study import write_study


def unsolve(study):
    """Let no run have met its criterion."""
    for path in study.glob("*/record.json"):
        record = json.loads(path.read_text())
        record["solved"]["met"] = False
        path.write_text(json.dumps(record))


def flatten(study):
    """Give every run of the study the same gradient."""
    for path in study.glob("*/probe.npz"):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        for name, norms in arrays.items():
            if name.startswith("profile"):
                arrays[name] = np.exp(-0.3 * np.arange(norms.shape[1])) * np.ones_like(norms)
        np.savez(path, allow_pickle=False, **arrays)


def test_the_fitted_rates_are_those_the_profiles_were_made_with(built):
    lines = (built / "report.md").read_text().split("λ at init")[1].splitlines()
    row = next(line for line in lines if line.startswith("| RNN h"))
    assert float(row.split("|")[2]) == pytest.approx(0.55, rel=0.03)


def test_the_abstract_begins_with_who_remembers_how_long_and_whether_the_gradient_says_why(built):
    first, second, third, *_ = document(built).findings
    assert first.startswith("On adding, the LSTM and GRU remember over at least 200 steps")
    assert "the RNN over 50 steps" in first
    assert re.search(r"in 100 % of \d+ pairs after training", second)
    assert "there are 12 such pairs, fewer than the 30" in third and "consequence" in third


def test_a_cell_that_solves_no_rung_is_below_the_shortest_and_not_at_0():
    facts = {"task": "adding", "top": [], "some": [], "below": ["RNN", "GRU"], "undecided": []}
    said = say("answer", facts | {"shortest": 20, "longest": 100})
    assert said.startswith("On adding, no cell remembers over even 20 steps, the shortest lag")


def test_cells_of_different_horizons_are_told_in_one_whole_sentence():
    found = {"task": "adding", "top": ["LSTM"], "some": [("GRU", 50)], "below": ["RNN"]}
    ends = {"shortest": 20, "longest": 100, "undecided": []}
    assert say("answer", found | ends) == (
        "On adding, the LSTM remembers over at least 100 steps, the longest lag that was tried; "
        "the GRU over 50 steps; the RNN does not remember over even 20, the shortest."
    )
    assert "On adding, the GRU remembers over 50 steps; the RNN" in say(
        "answer", found | ends | {"top": []}
    )


def test_a_rate_whose_neighbour_did_as_well_does_not_count_as_one_at_the_end_of_the_grid():
    found = {"trials": 24, "bracketed": 18, "low": 1, "high": 2, "level": 3, "edge": 3}
    assert "1 at the lower and 2 at the upper end" in say("bracketed", found)
    assert "next to 3 a rate did no worse" in say("bracketed", found)
    assert "3 of 24 chosen learning rates lie" in say("limit", found | {"kind": "rates"})
    assert "end" not in say("bracketed", found | {"low": 0, "high": 0})


def test_what_a_study_without_a_ladder_found_is_in_its_abstract(study):
    said = " ".join(document(study).findings)
    assert "On digits, accuracy on test is" in said and "the floor is 0.100" in said
    assert "On adding, T = 100, 0 of 3 seeds of the RNN, 2 of 3 seeds of the LSTM" in said


def test_a_score_is_shown_also_where_no_cell_met_the_criterion(small):
    unsolve(small)
    assert "no cell met the criterion: MSE on test is 0." in " ".join(document(small).findings)


def facts(**change):
    """Of a study in which the gradient tells all failures apart."""
    found = {"runs": 90, "solved": 40, "before": 0.5, "after": 1.0, "pairs": 200, "enough": 30}
    return found | {"same_pairs": 40, "start": 0.5, "end": 1.0} | change


def test_a_claim_on_what_tells_failures_apart_is_made_on_enough_pairs_alone():
    assert "training opens a path" in say("within", facts())
    few = say("within", facts(same_pairs=14))
    assert "14 such pairs, fewer than the 30" in few and "opens a path" not in few
    for end in (1.0, 0.7):
        for start in (1.0, 0.5):
            assert "consequence" in say("within", facts(end=end, start=start))


def test_a_gradient_that_does_not_explain_the_failures_is_called_so(small):
    flatten(small)
    found = outcomes(study_groups(read_study(small)))
    known = answers.explanation(found)
    assert "The gradient does not explain the failures" in say("explained", known)
    assert "does not explain which" in say("within", known | {"enough": 1})
    (odd,) = answers.exceptions(found)
    assert "it fades no faster than in a run that solved the task" in say("exception", odd)


def test_rates_and_outcomes_are_compared_within_a_task_alone(study):
    rows = study_groups(read_study(study))
    found = outcomes(rows)
    adding = [o for o in found if o.row.task == "adding"]
    adding = [replace(o, final=o.final + 5 * (o.run.cell == "gru")) for o in adding]
    shifted = [replace(o, final=o.final + 100) for o in found if o.row.task == "digits"]
    both, alone = link([*adding, *shifted], "final"), link(adding, "final")
    assert (both.auc, both.pairs) == (alone.auc, alone.pairs)
    lost = [o.final for o in adding if not o.run.solved]
    held = [o.final for o in adding if o.run.solved]
    pairs = [(a > b) + 0.5 * (a == b) for a in lost for b in held]
    assert alone.auc == pytest.approx(np.mean(pairs)) and alone.pairs == len(pairs)


def test_where_every_run_solved_or_none_did_the_report_says_it_cannot_tell(small):
    unsolve(small)
    found = answers.explanation(outcomes(study_groups(read_study(small))))
    assert "cannot be told here: 0 of 9 runs" in say("explained", found)
    assert say("explained", answers.explanation([])) == ""


def test_a_criterion_is_called_published_only_if_the_record_says_so(small):
    table = next(b for b in blocks(document(small)) if getattr(b, "key", "") == "criteria")
    assert isinstance(table, Table) and rows(table)["adding"][1] == "longlag's criterion"
    for path in small.glob("*/record.json"):
        record = json.loads(path.read_text())
        record["solved"]["published"] = True
        path.write_text(json.dumps(record))
    table = next(b for b in blocks(document(small)) if getattr(b, "key", "") == "criteria")
    assert isinstance(table, Table) and rows(table)["adding"][1].startswith("published: Hochreiter")


def test_a_cell_in_another_model_than_its_own_is_marked(small, monkeypatch):
    line = "RNN was made for model=block, and ran in model=stack"
    monkeypatch.setattr("longlag.records.run.Run.mismatch", line)
    assert f"{line}, so it says little" in words(document(small))


def rewrite(study, change):
    """Change every record of a study."""
    for path in study.glob("*/record.json"):
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))


def test_the_report_says_between_which_days_the_runs_were_trained(small):
    assert "The records do not hold the date of the runs." in words(document(small))
    days = iter(range(1, 30))
    rewrite(small, lambda record: record.update(date=f"2026-11-{next(days):02}T12:00:00Z"))
    found = document(small)
    assert "The runs were trained between 2026-11-01 and 2026-11-" in words(found)
    assert dict(found.facts)["date"].startswith("2026-11-")


def column(study, key, head):
    """A column of a table of the report; None if it is left out."""
    (table,) = {b.key: b for b in blocks(document(study)) if getattr(b, "key", "") == key}.values()
    assert isinstance(table, Table)
    lines = [row.cells for row in table.rows if row.cells]
    return [c[table.header.index(head)].text for c in lines] if head in table.header else None


def test_a_floor_measured_on_the_test_sequences_stands_beside_its_closed_form(small):
    assert column(small, "scores", "measured") is None
    assert "same test sequences" not in " ".join(
        b.note for b in blocks(document(small)) if isinstance(b, Table)
    )
    rewrite(small, lambda r: r["floors"][0].update(measured=0.16 + 0.001 * r["seed"]))
    assert set(column(small, "scores", "measured") or []) == {"0.161"}  # the median of three seeds
    assert set(column(small, "scores", "floor") or []) == {"0.167"}
    assert "0.161" in (column(small, "floors", "measured") or [])


def test_a_rung_that_no_cell_solves_is_the_end_of_a_ladder_and_no_limit_of_its_own(tmp_path):
    rungs = [("adding", 50), ("adding", 200)]
    study = write_study(tmp_path / "ladder", rungs, seeds=(0, 1, 4), rates=(0.001, 0.01))
    for path in study.glob("*-adding-*/record.json"):
        record = json.loads(path.read_text())
        record["solved"]["met"] = record["task"]["length"] < 200
        path.write_text(json.dumps(record))
    lost = next(r for r in read_study(study).final if (r.cell, r.length) == ("rnn", 200))
    shutil.rmtree(lost.folder)  # the rung was given up before its last seed
    found = answers.limits(view(study))
    assert "unsolved" not in [fact["kind"] for fact in found]
    assert [fact["count"] for fact in found if fact["kind"] == "seeds"] == [3]
