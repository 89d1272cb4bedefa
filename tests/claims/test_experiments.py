"""The experiment of every claim can be composed, as it is and as published, and holds what its
rule asks for."""

from pathlib import Path

import pytest

from longlag.records.claim import claim_ids, read_claim
from longlag.records.claim_rules import Both
from longlag.records.store import Store
from longlag.studies.claim import study_of_claim
from longlag.studies.plan import StudyPlan


def arms(rule) -> list[dict]:
    """Every arm that a rule names."""
    if isinstance(rule, Both):
        return [arm for part in rule.rules for arm in arms(part)]
    named = (getattr(rule, name, None) for name in ("of", "over", "minus"))
    return [*(arm for arm in named if arm), *getattr(rule, "arms", ())]


def value(config, key: str):
    """What a planned run has in a setting that an arm names."""
    if key in ("cell", "task"):
        return config.names[key]
    found = config.plain
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize("name", claim_ids())
def test_every_arm_of_the_rule_has_runs_enough(name, tmp_path: Path):
    claim = read_claim(name)
    plan = StudyPlan(study_of_claim(claim, []), Store(tmp_path, name))
    configs = plan.first()
    for arm in arms(claim.rule):
        fit = [c for c in configs if all(value(c, key) == v for key, v in arm.items())]
        seeds = {c.values.seed for c in fit}
        assert len(seeds) >= (1 if plan.study.tune else 10), f"{arm}: {len(seeds)} seeds"
    assert len(plan.study.seeds) >= 10


@pytest.mark.parametrize("name", claim_ids())
def test_the_published_scale_can_be_composed(name, tmp_path: Path):
    claim = read_claim(name)
    study = study_of_claim(claim, claim.full_scale)
    assert StudyPlan(study, Store(tmp_path, name)).total >= len(study.seeds)
    if claim.full_scale:
        assert study != study_of_claim(claim, [])


def test_a_word_of_the_command_line_changes_the_experiment():
    claim = read_claim("vanish-rnn")
    study = study_of_claim(claim, ["study.grid=[0.1,0.2]", "study.tasks={copy: [task.length=5]}"])
    assert study.grid == [0.1, 0.2] and study.tasks == {"copy": ["task.length=5"]}


def test_a_task_with_a_rate_of_its_own_runs_at_it_and_every_other_one_at_the_grid():
    words = ["study.grid=[0.1,0.2]", "study.tasks={copy: [], adding: [optim.lr=0.5]}"]
    study = study_of_claim(read_claim("vanish-rnn"), words)
    assert study.rates_of("copy") == [0.1, 0.2] and study.rates_of("adding") == [0.5]
