"""All tasks added up: each counts once, and each seed gives one number."""

import json

import numpy as np
import pytest

from longlag.records.overall import overall
from longlag.records.reader import read_study
from longlag.records.seed_groups import settings, study_groups
from longlag.records.tuning import read_trials
from synthetic_study import write_study


def test_a_task_counts_once_however_many_lengths_it_was_run_at(tmp_path):
    tasks = [("adding", 50), ("adding", 100), ("adding", 200), ("copy", 60)]
    folder = write_study(tmp_path / "s", tasks, seeds=(0, 1, 4), rates=(0.001, 0.01))
    rows = settings(study_groups(read_study(folder)))
    rnn = overall(rows)[0]
    assert rnn.label == "RNN"  # it solves T = 50 alone: a third of adding, nothing of copy
    assert rnn.solved == pytest.approx([1 / 6] * 3) and np.isnan(rnn.success.low)
    good = [np.mean(gs[0].skills > 0.5) for gs in rows.values() if gs[0].task == "adding"]
    assert good == [1, 0, 0] and rnn.profile(np.array([0.5]))[0] == pytest.approx(1 / 6)


def test_tasks_with_a_criterion_count_by_success_and_others_by_skill(study):
    lstm = next(c for c in overall(settings(study_groups(read_study(study)))) if c.label == "LSTM")
    assert lstm.solved.tolist() == [1, 1, 0]  # seed 4 does not solve adding
    groups = study_groups(read_study(study))
    digits = next(g for g in groups if (g.label, g.task) == ("LSTM", "digits"))
    assert lstm.skill == pytest.approx(digits.skills)


def test_a_rate_at_the_edge_of_the_grid_is_not_bracketed(study):
    trials = read_trials(read_study(study))
    assert all(t.bracketed for t in trials)  # 0.01 of 0.001, 0.01 and 0.03
    folder = study
    plan = (folder / "plan.json").read_text().replace("optim.lr=0.01", "optim.lr=0.03")
    (folder / "plan.json").write_text(plan)
    assert not any(t.bracketed for t in read_trials(read_study(folder)))


def test_a_rate_that_was_tried_on_two_seeds_is_one_point_at_their_mean(study):
    path = study / "plan.json"
    plan = json.loads(path.read_text())
    entry = plan["chosen"][0]
    entry["trials"].append({**entry["trials"][0], "value": entry["trials"][0]["value"] + 1})
    path.write_text(json.dumps(plan))
    first = read_trials(read_study(study))[0]
    assert len(first.rates) == len(set(first.rates.tolist())) == len(entry["trials"]) - 1
    place = first.rates.tolist().index(entry["trials"][0]["lr"])
    assert first.values[place] == pytest.approx(entry["trials"][0]["value"] + 0.5)
