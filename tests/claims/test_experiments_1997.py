"""The table of 1997 holds every published number, and counts seeds and sequences as the paper."""

import math
from pathlib import Path

from longlag.records.claim_rules import Difference, Region
from longlag.records.record import Criterion, Metrics
from longlag.records.run import Run
from longlag.report.disputes import change
from longlag.report.experiments_1997 import WAYS, arm, experiments, table, way_of
from some_record import some_record


def run(seed, sequences=None, truncated=True, batch=1, stream=True, within=1.0):
    record = some_record(
        names={"cell": "lstm_1997", "task": "adding_1997"},
        seed=seed,
        config={
            "cell": {"truncated": truncated},
            "trainer": {"batch_size": batch, "stream": {"last": 2000} if stream else None},
        },
        metrics=Metrics({}, {"within": within}),
        solved=Criterion("within", 1.0, "x", met=sequences is not None, sequences=sequences),
    )
    return Run(Path("nowhere"), record)


def test_the_table_has_the_numbers_of_tables_1_to_9_of_the_paper(tmp_path):
    found = experiments(tmp_path)
    assert [(e.published, e.trials) for e in found] == [
        (39740, 30), (21730, 30), (39740, 30), (21730, 30), (5040, 18), (30000, 20), (31000, 20),
        (27380, 10), (74000, 10), (482000, 10), (31390, 20), (571100, 10),
    ]  # fmt: skip
    assert table(found).header == ("experiment", "paper", "trials")  # nothing is run


def test_an_unsolved_seed_is_the_slowest_and_the_rule_s_own_window_is_not_counted():
    runs = [run(0, 12_000), run(1, 15_000, within=1 - 5 / 2560), run(2)]
    found = arm(runs, window=10_000)
    assert (found.solved, found.seeds, found.sequences) == (2, 3, 5_000)
    assert abs(found.wrong - 2.5) < 1e-9 and found.shown() == "5,000 (2 of 3)"
    assert arm([run(0, 12_000, stream=False)], window=10_000).sequences == 12_000
    lost = arm([run(0), run(1), run(2, 9)], window=0)
    assert math.isinf(lost.sequences) and lost.shown() == "not by half (1 of 3)"


def test_each_way_of_training_has_its_column():
    made = run(0), run(0, truncated=False), run(0, truncated=False, batch=32)
    assert tuple(map(way_of, made)) == WAYS


def test_a_dispute_names_what_was_changed_and_nothing_else():
    region = {"claimed": Region(at_least=0.2), "partly": Region(at_least=0.1)}
    rule = Difference(
        rule="difference", measured="score", **region,
        of={"optim.lr": 0.003, "trainer.max_steps": 12000},
        minus={"optim.lr": 0.003, "trainer.max_steps": 3000},
    )  # fmt: skip
    assert change(rule.of, rule.minus) == "updates 12,000 in place of 3,000"
