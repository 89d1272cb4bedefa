"""The reach of a run is read off its own points, from the length of its training on."""

import pytest

from longlag.records.extrapolation import alone


def kept(values, solved=True, up=True, trained=10):
    rule = {"metric": "accuracy", "threshold": 0.9} if solved else None
    return {
        "names": {"cell": "gru", "task": "copy"},
        "length": trained,
        "solved": rule,
        "directions": {"accuracy": "max" if up else "min"},
        "points": [
            {"length": 5 * (i + 1), "metrics": {"accuracy": value}}
            for i, value in enumerate(values)
        ],
    }


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([0.1, 1, 1, 0.5, 1], 15),  # a later success does not count, nor an earlier failure
        ([1, 0.5, 1], None),
        ([0, 1, 1, 1], 20),
        ([0, 1, float("nan"), 1], 10),
    ],
)
def test_the_reach_ends_at_the_first_failure(values, far):
    one = alone(kept(values))
    assert one.reach == far and one.setting == "copy, T = 10"


def test_a_small_error_is_good_and_no_criterion_has_no_reach():
    assert alone(kept([2, 0.1, 0.2, 1.5], up=False)).reach == 15
    assert alone(kept([1, 1, 1], solved=False)).reach is None
    assert alone(kept([1, 1, 1])).whole and not alone(kept([1, 1, 0])).whole
