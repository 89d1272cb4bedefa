"""A claim is decided by its rule alone: every verdict can come out of every rule, and none by
accident."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from longlag.errors import LonglagError
from longlag.records.claim_measures import FEWEST, median_interval
from longlag.records.claim_rules import (
    Both,
    Difference,
    Horizon,
    Level,
    Order,
    Rate,
    RateDifference,
    Ratio,
    Region,
    Trend,
    decide,
)
from longlag.records.record import Criterion, Metrics
from longlag.records.run import Run
from longlag.stats import Interval
from some_record import some_record

A, B = {"cell": "a"}, {"cell": "b"}
SEEDS = 20
VERDICTS = ("confirmed", "partly", "refuted", "not decided")


def run(cell, seed, score=0.5, solved=False, sequences=None, length=20):
    """A run with the outcomes that rules read."""
    record = some_record(
        names={"cell": cell, "task": "adding"},
        seed=seed,
        config={"task": {"length": length}},
        metrics=Metrics({"mse": score}, {"mse": score}),
        solved=Criterion("mse", 0.01, "x", met=solved, sequences=sequences),
    )

    return Run(Path("nowhere"), record)


def arm(cell, outcome, count=SEEDS, **more):
    """A run for each seed; `outcome` of a seed gives what it did."""
    return [run(cell, seed, **outcome(seed), **more) for seed in range(count)]


def share(cell, count, **more):
    """Runs of which the first `count` solved their task."""
    return arm(cell, lambda s: {"solved": s < count, "sequences": 100 + s}, **more)


def scored(cell, middle, spread=0.01):
    """Runs whose scores lie around a middle."""
    return arm(cell, lambda s: {"score": middle + spread * (s - SEEDS / 2 + 0.5)})


def timed(cell, middle):
    """Runs that solved their task after about so many sequences."""
    return arm(cell, lambda s: {"solved": True, "sequences": round(middle * (1 + s / 1000))})


REGIONS = {"claimed": {"at_least": 2.0}, "partly": {"at_least": 1.0}}
LOWER = {"claimed": {"at_most": 0.3}, "partly": {"at_most": 0.6}}
WIDE = 1.5  # spread of the scores that decide nothing
CASES = {
    "rate": (
        Rate(
            rule="rate", of=A, claimed=Region(at_least=0.75), partly=Region(at_least=0.25)
        ),
        (share("a", 20), share("a", 11), share("a", 0), share("a", 6)),
    ),
    "rate_difference": (
        RateDifference(
            rule="rate_difference",
            of=A,
            minus=B,
            claimed=Region(at_least=0.4),
            partly=Region(at_least=0.0),
        ),
        tuple(share("a", a) + share("b", b) for a, b in ((20, 0), (20, 10), (0, 20), (10, 10))),
    ),
    "level": (
        Level(rule="level", of=A, measured="score", **{k: Region(**v) for k, v in LOWER.items()}),
        (scored("a", 0.1), scored("a", 0.45), scored("a", 0.9), scored("a", 0.6, 0.1)),
    ),
    "ratio": (
        Ratio(
            rule="ratio", of=A, over=B, measured="sequences",
            **{k: Region(**v) for k, v in REGIONS.items()},
        ),
        (
            timed("a", 300) + timed("b", 100),
            timed("a", 150) + timed("b", 100),
            timed("a", 50) + timed("b", 100),
            [*timed("a", 50)[:10], *timed("a", 400)[10:], *timed("b", 100)],
        ),
    ),
    "difference": (
        Difference(
            rule="difference", of=A, minus=B, measured="score",
            **{k: Region(**v) for k, v in REGIONS.items()},
        ),
        tuple(
            scored("a", a, spread) + scored("b", 0)
            for a, spread in ((3, 0.01), (1.5, 0.01), (0, 0.01), (1.0, WIDE))
        ),
    ),
    "order": (
        Order(
            rule="order", arms=[A, B, {"cell": "c"}], measured="score",
            claimed=Region(at_least=0.9), partly=Region(at_least=0.0),
        ),
        (
            scored("a", 3) + scored("b", 2) + scored("c", 1),
            scored("a", 3) + scored("b", 1) + scored("c", 2),
            scored("a", 1) + scored("b", 2) + scored("c", 3),
            scored("a", 2)
            + scored("b", 0)
            + [replace(r, record=replace(r.record, metrics=Metrics({}, {"mse": x})))
               for r, x in zip(scored("c", 0), [1.0] * 10 + [5.0] * 10, strict=True)],
        ),
    ),
    "trend": (
        Trend(
            rule="trend", of=A, along="task.length", measured="score",
            claimed=Region(at_least=0.5), partly=Region(at_least=0.0),
        ),
        tuple(
            [
                run("a", s, slope * length + noise * ((7 * s + 3 * length) % 11), length=length)
                for length in (10, 20, 30, 40)
                for s in range(12)
            ]
            for slope, noise in ((1, 0.5), (1, 10), (-1, 0.5), (0.05, 1))
        ),
    ),
    "horizon": (
        Horizon(
            rule="horizon", of=A, claimed=Region(at_least=40.0), partly=Region(at_least=20.0)
        ),
        tuple(
            [r for length, n in zip((10, 20, 40, 80), counts, strict=True)
             for r in share("a", n, length=length)]
            for counts in ((20, 20, 20, 10), (20, 20, 10, 0), (0, 0, 0, 0), (20, 11, 10, 9))
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("number", range(4))
def test_each_verdict_can_come_out_of_each_rule(name, number):
    rule, runs = CASES[name]
    assert decide(rule, runs[number]).verdict == VERDICTS[number]


@pytest.mark.parametrize("name", CASES)
def test_the_measured_number_lies_in_its_interval(name):
    rule, cases = CASES[name]
    for runs in cases:
        value, low, high = decide(rule, runs).ours
        assert math.isnan(low) or low <= value <= high


def test_a_verdict_never_falls_as_the_interval_moves_into_the_claimed_region():
    rule = CASES["level"][0]
    rank = {"refuted": 0, "not decided": 1, "partly": 2, "confirmed": 3}
    found = [rule.verdict(Interval(x, x - 0.05, x + 0.05)) for x in np.linspace(1, 0, 101)]
    decided = [rank[v] for v in found if v != "not decided"]
    assert decided == sorted(decided) and set(decided) == {0, 2, 3}


def test_a_wider_interval_never_decides_what_a_narrower_one_left_open():
    rule = CASES["level"][0]
    for middle in np.linspace(0, 1, 41):
        open_already = False
        for half in np.linspace(0, 0.5, 26):
            verdict = rule.verdict(Interval(middle, middle - half, middle + half))
            assert not (open_already and verdict != "not decided")
            open_already = verdict == "not decided"


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("confirmed", "confirmed", "confirmed"),
        ("confirmed", "refuted", "partly"),
        ("refuted", "refuted", "refuted"),
        ("not decided", "refuted", "refuted"),
        ("confirmed", "not decided", "not decided"),
        ("partly", "confirmed", "partly"),
    ],
)
def test_a_claim_of_two_parts_needs_both(first, second, said):
    one, runs = CASES["level"]
    other = one.model_copy(update={"of": B})
    a = runs[VERDICTS.index(first)]
    b = [replace(r, record=replace(r.record, names={"cell": "b", "task": "adding"}))
         for r in runs[VERDICTS.index(second)]]  # fmt: skip
    assert decide(Both(rule="all", rules=[one, other]), [*a, *b]).verdict == said


@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(VERDICTS, 2)])
def test_the_number_of_a_claim_of_two_parts_is_that_of_the_part_that_decides(first, second):
    one, runs = CASES["level"]
    other = one.model_copy(update={"of": B})
    a = runs[VERDICTS.index(first)]
    b = [replace(r, record=replace(r.record, names={"cell": "b", "task": "adding"}))
         for r in runs[VERDICTS.index(second)]]  # fmt: skip
    found = decide(Both(rule="all", rules=[one, other]), [*a, *b])
    decides = min(first, second, key=("refuted", "not decided", "partly", "confirmed").index)
    assert found.ours == next(p.ours for p in found.parts if p.verdict == decides)
    assert found.parts[found.decisive].verdict == decides


def test_too_few_seeds_decide_no_median():
    assert math.isnan(median_interval([1.0] * (FEWEST - 1)).low)
    assert median_interval([1.0] * FEWEST).low == 1.0


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_interval_of_a_median_holds_its_level(n):
    rng = np.random.default_rng(0)
    found = [median_interval(rng.exponential(size=n)) for _ in range(1000)]
    inside = np.mean([low <= math.log(2) <= high for _, low, high in found])
    assert inside >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_the_interval_of_a_difference_of_rates_holds_its_level(n):
    rule = CASES["rate_difference"][0]
    found = {
        (a, b): decide(rule, share("a", a)[:n] + share("b", b)[:n]).ours
        for a in range(n + 1)
        for b in range(n + 1)
    }
    for p in (0.05, 0.5, 0.8):
        for q in (0.05, 0.3, 0.5):
            chance = {(a, b): binom.pmf(a, n, p) * binom.pmf(b, n, q) for a, b in found}
            inside = sum(w for k, w in chance.items() if found[k].low <= p - q <= found[k].high)
            assert inside >= 0.95, (p, q)


def test_a_run_that_never_solved_its_task_counts_as_the_slowest():
    runs = [*share("a", 0), *timed("b", 100)]
    assert decide(CASES["ratio"][0], runs).verdict == "confirmed"


def test_a_diverged_run_has_the_worst_score():
    broken = [replace(r, record=replace(r.record, status="diverged")) for r in scored("a", 0.1)]
    assert decide(CASES["level"][0], broken).verdict == "refuted"


def test_an_arm_without_runs_or_with_two_of_a_seed_is_refused():
    rule, runs = CASES["ratio"]
    with pytest.raises(LonglagError, match="there is none"):
        decide(rule, timed("a", 1))
    with pytest.raises(LonglagError, match="several runs of seed 0"):
        decide(rule, [*runs[0], *timed("a", 1)])


def test_a_partial_region_that_is_no_wider_is_refused():
    with pytest.raises(ValueError, match="wider"):
        Rate(rule="rate", of=A, claimed=Region(at_least=0.5), partly=Region(at_least=0.6))
