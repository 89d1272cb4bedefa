"""Recall, lags and brackets: every answer agrees with a plain reading of the symbols."""

import math
from collections import Counter

import pytest
import torch

from longlag.tasks import (
    AssociativeRecall,
    Batch,
    Dyck,
    Latch,
    LongLag,
    Memorisation,
    RandomLag,
    SelectiveCopy,
    Task,
    TwoSequence,
    TwoSequenceExact,
    VariableCopy,
)

B = 300


def read(task: Task, size: int = B) -> tuple[list[list[str]], list[list[tuple[int, str]]]]:
    """The words of each sequence, and what is scored of it: (step, answer)."""
    batch = task.batch("train", 0, 0, size)
    spec, seen = task.spec, batch.x.argmax(-1)
    ends = [len(seen)] * size if batch.lengths is None else batch.lengths.tolist()
    words = [[spec.symbols[i] for i in seen[:n, b]] for b, n in enumerate(ends)]
    scored = looked_at(batch)
    answers = [
        [(t, spec.answers[batch.target[t, b]]) for t in scored[:, b].nonzero()[:, 0].tolist()]
        for b in range(size)
    ]
    return words, answers


def looked_at(batch: Batch) -> torch.Tensor:
    return batch.weight > 0 if batch.scored is None else batch.scored


@pytest.mark.parametrize("length", [1, 25])
def test_variable_copy_asks_ten_steps_after_a_silence_of_any_length(length: int):
    words, answers = read(VariableCopy(length=length))
    for word, answer in zip(words, answers, strict=True):
        silence = len(word) - 21
        assert 1 <= silence <= length  # blanks between the symbols and the signal
        assert word[10:] == [*["_"] * silence, ":", *["_"] * 10]
        assert answer == [(silence + 11 + i, symbol) for i, symbol in enumerate(word[:10])]
    assert {len(word) - 21 for word in words} == set(range(1, length + 1))


def test_the_loss_floor_of_variable_copy_is_that_of_blanks_and_then_guesses():
    task = VariableCopy(length=40)
    batch = task.batch("train", 0, 0, 5000)
    assert batch.scored is not None
    nats = batch.scored.sum() * math.log(8) / batch.weight.sum()
    value = next(floor.value for floor in task.spec.floors if floor.metric == "loss")
    assert nats.item() == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("length", [10, 40])
def test_selective_copy_asks_for_the_scattered_symbols_in_their_order(length: int):
    words, answers = read(SelectiveCopy(length=length))
    for word, answer in zip(words, answers, strict=True):
        shown = [symbol for symbol in word[:length] if symbol != "_"]
        assert len(shown) == 10 and word[length:] == [":", *["_"] * 10]
        assert answer == [(length + 1 + i, symbol) for i, symbol in enumerate(shown)]
    first = Counter(next(t for t, w in enumerate(word) if w != "_") for word in words)
    assert length == 10 or len(first) > 5


@pytest.mark.parametrize(("symbols", "width", "length"), [(2, 5, 1), (5, 10, 30)])
def test_memorisation_asks_for_what_came_before_the_silence(symbols, width, length):
    words, answers = read(Memorisation(symbols=symbols, width=width, length=length))
    for word, answer in zip(words, answers, strict=True):
        assert word[width:] == [*["_"] * length, ":", *["_"] * width]
        assert [symbol for _, symbol in answer] == word[:width]
        assert answer[0][0] == width + length + 1
    assert {w for word in words for w in word[:width]} == set(map(str, range(symbols)))


@pytest.mark.parametrize("length", [2, 30, 100, 320])
def test_the_last_symbol_of_the_long_lag_is_the_first(length: int):
    """At length 100 the symbols are a1, a2, ..., a99, each once, as in the paper."""
    words, answers = read(LongLag(length=length))
    assert {word[0] for word in words} == {"x", "y"}
    for word, answer in zip(words, answers, strict=True):
        assert word[1:] == [*(f"a{i % 98 + 1}" for i in range(length - 2)), "a99"]
        assert answer == [(length - 1, word[0])]
    x, target, *_ = LongLag(length=length).batch("train", 0, 0, 9)
    assert x.argmax(-1)[1:].equal(target[:-1])  # each step asks for the next symbol


@pytest.mark.parametrize("length", [30, 100, 320])
def test_the_loss_floor_of_the_long_lag_is_what_the_current_symbol_leaves_open(length: int):
    task = LongLag(length=length)
    x, target, *_ = task.batch("train", 0, 0, 2000)
    counts = torch.zeros(101, 101).index_put_(
        (x.argmax(-1).flatten(), target.flatten()), torch.tensor(1.0), accumulate=True
    )
    share = counts / counts.sum(1, keepdim=True).clamp_min(1)
    nats = -(counts * share.clamp_min(1e-9).log()).sum() / counts.sum()
    value = next(floor.value for floor in task.spec.floors if floor.metric == "loss")
    assert nats.item() == pytest.approx(value, rel=2e-3)


@pytest.mark.parametrize("task", [LongLag(), RandomLag()])
def test_a_longer_lag_has_the_same_network(task: Task):
    """With symbols that grow with the lag, a budget of parameters buys fewer and fewer units."""
    spec, longer = task.spec, task.at(1000).spec
    assert (spec.input_size, spec.output_size) == (longer.input_size, longer.output_size)


@pytest.mark.parametrize("length", [1, 50])
def test_the_last_symbol_of_a_random_lag_is_the_second(length: int):
    words, answers = read(RandomLag(length=length, symbols=9), 3000)
    more = []
    for word, answer in zip(words, answers, strict=True):
        assert word[0] == "b" and word[-1] == "e" and answer == [(len(word) - 1, word[1])]
        assert all(symbol.startswith("a") for symbol in word[2:-1])
        more.append(len(word) - 3 - length)
    assert min(more) == 0 and sum(more) / 3000 == pytest.approx(9, abs=1)
    assert more.count(0) / 3000 == pytest.approx(0.1, abs=0.02)
    assert {word[1] for word in words} == {"x", "y"}
    assert {symbol for word in words for symbol in word[2:-1]} == {f"a{i}" for i in range(1, 10)}


@pytest.mark.parametrize("length", [2, 4, 100])
def test_two_sequence_is_told_by_the_mean_of_its_first_elements_alone(length: int):
    N = min(3, length - 1)
    task = TwoSequence(length=length, informative=N)
    x, target, _, lengths, _ = task.batch("train", 0, 0, 5000)
    first = x[:N, :, 0].mean(0)
    label = target[-1]
    sigma = 0.447 / math.sqrt(N)
    for value in (0, 1):
        mean = first[label == value].mean().item()
        assert mean == pytest.approx(2 * value - 1, abs=5 * sigma / math.sqrt(2000))
    assert lengths is not None and abs(x[N:].mean().item()) < 0.03
    if length == 100:
        inside = torch.arange(len(x))[:, None] < lengths
        assert x[..., 0][inside][: 10**6].numel() > 0
        later = x[N:100, :, 0]
        assert later.var().item() == pytest.approx(0.2, rel=0.02)


def test_without_noise_the_first_elements_are_the_class_and_the_rest_is_as_noisy_as_with_it():
    x, target, *_ = TwoSequenceExact().batch("train", 0, 0, 5000)
    assert torch.equal(x[:3, :, 0], (2.0 * target[-1] - 1).expand(3, -1))
    assert x[3:100, :, 0].var().item() == pytest.approx(0.2, rel=0.02)


def test_the_latch_gives_its_bit_back_when_asked():
    x, target, weight, _, _ = Latch(length=9, noise=0.1).batch("train", 0, 0, B)
    assert (x[0, :, 0] == 2.0 * target[-1] - 1).all()
    assert x[..., 1].sum(1).tolist() == [0] * 8 + [B] and weight.sum(1).tolist() == [0] * 8 + [B]
    assert x[1:, :, 0].std().item() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize(("length", "kinds", "depth"), [(3, 2, 2), (60, 3, 4), (200, 2, 8)])
def test_dyck_names_the_innermost_open_bracket_after_each_closing_one(length, kinds, depth):
    task = Dyck(length=length, kinds=kinds, depth=depth)
    words, answers = read(task)
    deepest = 0
    for word, answer in zip(words, answers, strict=True):
        stack, wanted = [], []
        for t, symbol in enumerate(word):
            if symbol in "([{":
                stack.append(symbol)
            else:
                assert symbol == {"(": ")", "[": "]", "{": "}"}[stack.pop()]
                wanted += [(t, stack[-1])] if stack else []
            deepest = max(deepest, len(stack))
        assert answer == wanted
    assert deepest <= depth and (length < 60 or deepest == depth)


def test_the_chance_of_dyck_is_one_over_k():
    _, answers = read(Dyck(length=60, kinds=3), 600)
    share = Counter(kind for answer in answers for _, kind in answer)
    assert max(share.values()) / share.total() == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(("length", "pairs"), [(3, 1), (24, 8), (80, 8)])
def test_each_key_is_asked_once_and_answered_by_its_value(length: int, pairs: int):
    words, answers = read(AssociativeRecall(length=length, pairs=pairs))
    for word, answer in zip(words, answers, strict=True):
        value = dict(zip(word[0 : 2 * pairs : 2], word[1 : 2 * pairs : 2], strict=True))
        assert len(value) == len(set(value.values())) == pairs
        asked = [(t, value[w]) for t, w in enumerate(word) if t >= 2 * pairs and w != "_"]
        assert answer == asked and len(asked) == pairs
        assert {word[t] for t, _ in asked} == set(value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: VariableCopy(length=0), "copy_variable: length must be at least 1, not 0"),
        (lambda: SelectiveCopy(length=9), "copy_selective: length must be at least 10, not 9"),
        (lambda: Memorisation(symbols=1), "memorisation: symbols must be at least 2, not 1"),
        (lambda: Memorisation(width=0), "memorisation: width must be at least 1, not 0"),
        (lambda: LongLag(length=1), "long_lag: length must be at least 2, not 1"),
        (lambda: TwoSequence(informative=100), "two_sequence: informative must be 1 to 99, not"),
        (lambda: Latch(noise=math.nan), "latch: noise must be a finite number, not nan"),
        (lambda: Dyck(kinds=1), "dyck: kinds must be 2 to 12, not 1"),
        (lambda: Dyck(depth=1), "dyck: depth must be at least 2, not 1"),
        (lambda: AssociativeRecall(length=23), "length must be at least 24, three steps a pair"),
        (lambda: AssociativeRecall(values=7), "values must be at least 8, one for each pair, not"),
        (lambda: AssociativeRecall(keys=7), "keys must be at least 8, one for each pair, not 7"),
    ],
)
def test_an_argument_that_is_not_allowed_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_bag_of_values_without_their_keys_is_worth_the_baseline():
    task = AssociativeRecall()
    batch = task.batch("train", 0, 0, 2000)
    asked = batch.target[batch.weight > 0]
    first = batch.x[1].argmax(-1) - task.keys  # one of the values that came, for every key
    rows = (batch.target == first) & (batch.weight > 0)
    share = rows.sum().item() / len(asked)
    assert share == pytest.approx(task.spec.baselines[0].value, abs=1e-6)
    assert 1 / task.values == task.spec.floors[0].value < share
