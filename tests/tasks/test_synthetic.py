"""The synthetic tasks are the papers' tasks, and the floors are what guessing scores."""

import math

import numpy as np
import pytest
import torch
from torchmetrics.regression import NormalizedRootMeanSquaredError

from longlag.tasks import Adding, Copy, Sine, TemporalOrder, TemporalOrder3
from longlag.tasks.copying import BLANK, GO, SYMBOLS, WIDTH
from longlag.tasks.forecast import ORDER, WARM_UP
from longlag.tasks.order import LETTERS

N = 4000  # sequences of a sampled floor


def floor(task, metric: str) -> float:
    return next(floor.value for floor in task.spec.floors if floor.metric == metric)


def test_the_adding_target_is_the_sum_of_the_marked_numbers_one_in_each_half():
    task = Adding(length=11)
    x, target, weight, _, _ = task.batch("train", 0, 0, N)
    number, mark = x.unbind(-1)
    assert torch.equal(mark[:5].sum(0), torch.ones(N)) and torch.equal(
        mark.sum(0), 2 * mark[0] ** 0
    )
    assert torch.allclose((number * mark).sum(0), target[-1, :, 0])
    assert torch.equal(weight.sum(0), torch.ones(N)) and weight[-1].all()
    error = (target[-1] - 1).square()
    assert abs(float(error.mean()) - floor(task, "mse")) < 5 * float(error.std()) / math.sqrt(N)


@pytest.mark.parametrize("length", [1, 7, 100])
def test_copy_gives_ten_symbols_then_silence_then_the_signal_then_the_answer(length: int):
    x, target, weight, lengths, scored = Copy(length=length).batch("train", 0, 0, 50)
    seen = x.argmax(-1)
    assert torch.equal(x.sum(-1), torch.ones(length + 20, 50)) and lengths is None
    assert (seen[:WIDTH] < SYMBOLS).all()
    assert (seen[WIDTH : WIDTH + length - 1] == BLANK).all()
    assert (seen[WIDTH + length - 1] == GO).all()
    assert (seen[WIDTH + length :] == BLANK).all()
    assert (target[: length + WIDTH] == BLANK).all()
    assert torch.equal(target[length + WIDTH :], seen[:WIDTH])
    assert weight.all()
    assert scored is not None and torch.equal(scored.sum(0), torch.full((50,), WIDTH))
    assert scored[length + WIDTH :].all()


def test_who_forgets_all_scores_the_floor_of_copy():
    task = Copy(length=30)
    _, target, _, _, scored = task.batch("train", 0, 0, N)
    assert scored is not None
    recall = target[scored]
    for symbol in range(SYMBOLS):  # no constant guess is better than any other
        assert abs(float((recall == symbol).float().mean()) - floor(task, "accuracy")) < 0.01
    blank = torch.full((50, N), 0.0)  # nats: nothing for a blank that is sure
    blank[scored] = math.log(SYMBOLS)
    assert float(blank.mean()) == pytest.approx(floor(task, "loss"), rel=1e-5)


def test_temporal_order_at_100_has_the_places_of_the_paper():
    batch = TemporalOrder(length=100).batch("train", 0, 0, N)
    assert batch.lengths is not None
    assert (int(batch.lengths.min()), int(batch.lengths.max())) == (100, 110)
    place, letter = relevant(batch.x, 2)
    for k, (low, high) in enumerate([(10, 20), (50, 60)]):
        assert sorted(set(place[:, k])) == list(range(low, high + 1))
    assert np.array_equal(batch.target[0].numpy(), 2 * letter[:, 0] + letter[:, 1])


def test_temporal_order_of_three_symbols_has_the_places_of_the_paper():
    batch = TemporalOrder3(length=100).batch("train", 0, 0, N)
    place, letter = relevant(batch.x, 3)
    for k, (low, high) in enumerate([(10, 20), (33, 43), (66, 76)]):
        assert sorted(set(place[:, k])) == list(range(low, high + 1))
    assert np.array_equal(batch.target[0].numpy(), letter @ [4, 2, 1])


def test_temporal_order_at_300_has_three_times_the_places():
    batch = TemporalOrder(length=300).batch("train", 0, 0, N)
    assert batch.lengths is not None
    assert (int(batch.lengths.min()), int(batch.lengths.max())) == (300, 330)
    place, _ = relevant(batch.x, 2)
    assert place.min(0).tolist() == [30, 150] and place.max(0).tolist() == [60, 180]
    assert TemporalOrder(length=300).spec.lag == 329 - 30


def relevant(x: torch.Tensor, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the X and Y of each sequence stand, and which they are (1: Y)."""
    rows = x.numpy().transpose(1, 0, 2)[..., [LETTERS.index("X"), LETTERS.index("Y")]]
    sequence, place, letter = np.nonzero(rows)
    assert np.array_equal(sequence, np.repeat(np.arange(rows.shape[0]), count))
    return place.reshape(-1, count), letter.reshape(-1, count)


@pytest.mark.parametrize("length", [10, 11, 19, 100, 333])
@pytest.mark.parametrize(("make", "count"), [(TemporalOrder, 2), (TemporalOrder3, 3)])
def test_temporal_order_is_padded_after_its_end_symbol(make, count: int, length: int):
    x, _, weight, lengths, _ = make(length=length).batch("train", 0, 0, 200)
    assert lengths is not None and len(x) == lengths.max() and lengths.min() >= length
    column, start, end = torch.arange(200), LETTERS.index("E"), LETTERS.index("B")
    inside = (torch.arange(len(x))[:, None] < lengths).float()
    assert torch.equal(x.sum(-1), inside)  # one symbol a step, nothing after the end
    assert torch.equal(x[0, :, start], torch.ones(200)) and not x[1:, :, start].any()
    assert torch.equal(x[lengths - 1, column, end], torch.ones(200))
    assert x[..., end].sum() == 200
    assert torch.equal(weight.sum(0), torch.ones(200)) and weight[lengths - 1, column].all()
    relevant(x, count)  # as many X and Y as asked for: no place is taken twice


@pytest.mark.parametrize(("make", "count"), [(TemporalOrder, 2), (TemporalOrder3, 3)])
def test_the_orders_are_equally_likely(make, count: int):
    task = make(length=10)
    share = task.batch("train", 0, 0, N).target[0].bincount() / N
    assert len(share) == 2**count
    assert (share - floor(task, "accuracy")).abs().max() < 4 / math.sqrt(N) / 2
    assert floor(task, "loss") == pytest.approx(-math.log(floor(task, "accuracy")))


def test_a_sine_without_noise_is_a_sine_whose_next_value_is_asked():
    x, target, weight, _, _ = Sine(length=40, noise=0.0).batch("train", 0, 0, 100)
    assert torch.equal(x[1:], target[:-1])
    assert not weight[:WARM_UP].any() and weight[WARM_UP:].all()
    # s_(t+1) + s_(t-1) = 2 cos(2 pi / P) s_t, and 10 <= P <= 25
    s = x[..., 0].double()
    cosine = ((s[2:] + s[:-2]) * s[1:-1]).sum(0) / (2 * s[1:-1].square().sum(0))
    period = 2 * math.pi / torch.arccos(cosine)
    assert period.min() > 9.99 and period.max() < 25.01


def test_the_floors_of_sine_are_the_learner_s_metric_on_sequences_of_their_own():
    task = Sine(length=60)
    fit, measure = (task.batch(split, 3, 0, 600) for split in ("train", "test"))
    score = NormalizedRootMeanSquaredError(normalization="std")
    wanted = measure.target[WARM_UP:].reshape(-1, 1)
    persistence, linear = task.spec.floors[1].value, task.spec.baselines[0].value
    repeat = score(measure.x[WARM_UP:].reshape(-1, 1), wanted)
    assert float(repeat) == pytest.approx(persistence, rel=0.02)
    past, future = lagged(fit), fit.target[WARM_UP:].reshape(-1, 1)
    how = torch.linalg.solve(past.T @ past, past.T @ future)
    assert float(score(lagged(measure) @ how, wanted)) == pytest.approx(linear, rel=0.02)
    assert linear < persistence


def lagged(batch) -> torch.Tensor:
    """The values x_t, x_(t-1), ... of each asked step: (N,p)."""
    T = len(batch.x)
    past = [batch.x[WARM_UP - k : T - k].reshape(-1) for k in range(ORDER)]
    return torch.stack(past, dim=1)


def test_noise_alone_leaves_nothing_to_forecast():
    """With noise 100 the sine drowns: the best linear answer is the mean, nrmse 1."""
    assert Sine(noise=100.0).spec.baselines[0].value == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Adding(length=1), "adding: length must be at least 2, not 1"),
        (lambda: Copy(length=0), "copy: length must be at least 1, not 0"),
        (lambda: TemporalOrder(length=9), "temporal_order: length must be at least 10, not 9"),
        (lambda: TemporalOrder3(length=9), "temporal_order_3: length must be at least 10, not 9"),
        (lambda: TemporalOrder(length=-5), "temporal_order: length must be at least 10, not -5"),
        (lambda: Sine(length=16), "sine: length must be at least 17, not 16"),
        (lambda: Sine(noise=-0.1), "sine: noise must be at least 0, not -0.1"),
        (lambda: Sine(noise=math.nan), "sine: noise must be a finite number, not nan"),
        (lambda: Sine(noise=math.inf), "sine: noise must be a finite number, not inf"),
    ],
)
def test_an_argument_that_is_not_allowed_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError) as refused:
        make()
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "task",
    [
        Adding(length=2),
        Copy(length=1),
        TemporalOrder(length=10),
        TemporalOrder3(length=10),
        Sine(length=17),
    ],
)
def test_the_smallest_allowed_length_works(task):
    batch = task.batch("train", 0, 0, 1)
    assert batch.x.isfinite().all() and batch.weight.any()
    assert task.spec.lag is None or 0 < task.spec.lag < len(batch.x)
