"""The nonlinear series obey their equations, and their floors are fitted on other trajectories."""

import numpy as np
import pytest

from longlag.tasks import Lorenz, MackeyGlass, Narma, Sine
from longlag.tasks.chaos import LANES, trajectories


def raw(task, steps: int, lanes: int = 4, seed: int = 0):
    return task.run(lanes, steps, np.random.default_rng(seed))


def test_the_mackey_glass_series_is_that_of_an_independent_integration():
    """Heun's method in steps of 0.01 from the same constant past, to where both are sampled."""
    tau, h = 17, 0.01
    start = np.random.default_rng(0).uniform(0.4, 1.4, (1, 4))[0]
    x = [start] * (int(tau / h) + 1)
    n = len(x) - 1

    def slope(now, then):
        return 0.2 * then / (1 + then**10) - 0.1 * now

    for _ in range(int(320 / h)):
        first = slope(x[-1], x[-1 - n])
        second = slope(x[-1] + h * first, x[-n])
        x.append(x[-1] + h / 2 * (first + second))
    ours = raw(MackeyGlass(ahead=1), 10)[0][:, :, 0]
    theirs = np.array(x[n + int(300 / h) + 10 :: 100])[:10]  # ours begins after 300 and a step
    assert np.abs(ours - theirs).max() < 0.02  # mildly chaotic: errors grow e-fold in 140 units


def test_narma_obeys_its_recurrence():
    u, y = (series[:, :, 0] for series in raw(Narma(), 60))
    for t in range(10, 59):  # y[t] is y_(t+1)
        total = y[t - 10 : t].sum(0)
        wanted = 0.3 * y[t - 1] + 0.05 * y[t - 1] * total + 1.5 * u[t - 9] * u[t] + 0.1
        np.testing.assert_allclose(y[t], wanted, rtol=1e-12)
    assert u.min() >= 0 and u.max() <= 0.5


def test_a_narma_trajectory_stays_bounded_at_any_length():
    _, y = Narma(length=1500).run(40, 1700, np.random.default_rng(5))
    assert y.shape == (1700, 40, 1) and y.max() < 2


def test_the_lorenz_points_obey_the_equations():
    x, following = raw(Lorenz(), 30)
    step, n = 0.05, 5000
    state = x.transpose(2, 0, 1).copy()
    for _ in range(n):  # Euler in steps of 1e-5
        a, b, c = state
        state = state + step / n * np.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c])
    assert np.abs(state.transpose(1, 2, 0) - following).max() < 0.01


@pytest.mark.parametrize("task", [MackeyGlass(length=30), Narma(length=30), Lorenz(length=30)])
def test_the_splits_have_trajectories_of_their_own(task):
    inputs, wanted = trajectories(task)
    assert len(inputs) == len(wanted) == 3 * LANES
    for number, split in enumerate(("train", "validation", "test")):
        own = inputs[number * LANES : (number + 1) * LANES]
        batch = task.batch(split, 0, 0, 5)
        for b in range(5):  # each window is one of its own split
            assert (own == batch.x[:, b].T).all(-1).all(-1).any()
    first = inputs[:LANES, :, :, 0]
    assert first.mean().abs() < 0.05 and first.std((0, 1)).sub(1).abs().max() < 0.05
    assert len(inputs[:, 0, 0].unique(dim=0)) == 3 * LANES


@pytest.mark.parametrize("task", [MackeyGlass(length=40, ahead=1), Lorenz(length=40)])
def test_a_forecast_asks_for_the_next_input(task):
    x, target, weight, _, _ = task.batch("train", 1, 2, 20)
    assert x[1:].equal(target[:-1])
    assert not weight[:8].any() and weight[8:].all()
    persistence, linear = task.spec.floors[1].value, task.spec.baselines[0].value
    assert 0 < linear < persistence < 1


@pytest.mark.parametrize("tau", [17, 30])
def test_mackey_glass_asks_for_the_value_84_steps_ahead(tau: int):
    task = MackeyGlass(length=120, tau=tau)
    x, target, *_ = task.batch("train", 1, 2, 20)
    assert x[84:].equal(target[:-84])
    inputs, wanted = raw(task, 200)
    assert np.array_equal(inputs[84:], wanted[:-84]) and len(inputs) == len(wanted) == 200


@pytest.mark.parametrize("task", [MackeyGlass(), Narma(), Lorenz(), Sine()])
def test_the_floor_of_a_forecast_is_a_function_of_the_last_input_alone(task):
    """A forest grown on x_t alone is no better; the linear model of the past is, and a baseline."""
    ensemble = pytest.importorskip("sklearn.ensemble")
    now, wanted = (part[task.order :].flatten(0, 1).numpy() for part in task.known()[0][:2])
    seen, asked = (part[task.order :].flatten(0, 1).numpy() for part in task.known()[1][:2])
    if isinstance(task, Lorenz):  # three coordinates are the whole state: the affine part counts
        fit = np.linalg.lstsq(np.c_[now, np.ones(len(now))], wanted)[0]
        answer = np.c_[seen, np.ones(len(seen))] @ fit
    else:
        trees = ensemble.RandomForestRegressor(30, min_samples_leaf=200, random_state=0)
        answer = trees.fit(now, wanted[:, 0]).predict(seen)[:, None]
    best = float(np.sqrt(((answer - asked) ** 2).mean()) / asked.std())
    assert task.spec.floors[0].value == pytest.approx(best, rel=0.015)
    assert task.spec.baselines[0].value < task.spec.floors[0].value


def test_a_longer_delay_and_a_known_input_are_other_tasks():
    assert MackeyGlass(tau=30).batch("train", 0, 0, 4).x.shape == (200, 4, 1)
    assert 0.4 < Narma().spec.baselines[0].value < 0.5 and 0.8 < Narma().spec.floors[0].value < 1
    for make, said in (
        (lambda: MackeyGlass(length=16), "mackey_glass: length must be at least 17, not 16"),
        (lambda: MackeyGlass(ahead=0), "mackey_glass: ahead must be at least 1, not 0"),
        (lambda: MackeyGlass(tau=0), "mackey_glass: tau must be 1 to 100, not 0"),
        (lambda: Narma(length=24), "narma: length must be at least 25, not 24"),
        (lambda: Lorenz(length=-1), "lorenz: length must be at least 17, not -1"),
    ):
        with pytest.raises(ValueError, match=said):
            make()
