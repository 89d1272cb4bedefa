"""Languages and groups: every answer agrees with the definition, read letter by letter."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from longlag.laws.task import memoryless
from longlag.tasks import (
    AnBn,
    AnBnCn,
    ContinualReber,
    CycleNavigation,
    EmbeddedReber,
    EvenPairs,
    ModularArithmetic,
    NextReber,
    Parity,
    Task,
    WordProblem,
)
from longlag.tasks.word_problem import multiplication

B = 300


def words(task: Task, split="train", size: int = B) -> Iterator[tuple[str, list[str]]]:
    """Each word as a string, and the answers at its asked steps."""
    batch, spec = task.batch(split, 0, 0, size), task.spec
    seen, sets = batch.x.argmax(-1), spec.kind == "multilabel"
    for b in range(size):
        n = len(seen) if batch.lengths is None else int(batch.lengths[b])
        asked = batch.weight[:, b].nonzero()[:, 0].tolist()
        rows = [batch.target[t, b] for t in asked]
        following = [
            "".join(spec.answers[i] for i in row.nonzero()[:, 0]) if sets else spec.answers[row]
            for row in rows
        ]
        assert asked[-1] == n - 1
        yield "".join(spec.symbols[i] for i in seen[:n, b]), following


def changes(word: str) -> str:
    return ("even", "odd")[(word.count("ab") + word.count("ba")) % 2]


MEANING = {
    Parity: lambda word: ("even", "odd")[word.count("1") % 2],
    EvenPairs: changes,
    CycleNavigation: lambda word: str((word.count("+") - word.count("-")) % 5),
    ModularArithmetic: lambda word: str(eval(word) % 5),
}


@pytest.mark.parametrize("make", MEANING)
def test_a_word_has_the_class_that_its_definition_gives(make):
    for task in (make(beyond=0), make(length=3, beyond=0), make(length=1, beyond=0)):
        for word, (answer,) in words(task):
            assert 1 <= len(word) <= task.length and answer == MEANING[make](word)
    assert {len(word) for word, _ in words(make(length=5, beyond=9))} <= set(range(1, 6))


@pytest.mark.parametrize("make", MEANING)
def test_validation_and_test_have_longer_words_than_training(make):
    task = make(length=7, beyond=20)
    for split in ("validation", "test"):
        sizes = {len(word) for word, _ in words(task, split)}
        assert min(sizes) > 6 and max(sizes) <= 20 and len(sizes) > 5
        evaluated = next(task.evaluation(split, 0, 50, 50))
        assert evaluated.lengths is not None and evaluated.lengths.min() >= 7
    assert make(length=7, beyond=0).batch("test", 0, 0, B).lengths.max() <= 7
    assert set(make().at(61).batch("test", 0, 0, 9).lengths.tolist()) == {61}


SHORT = [(make, n) for make in MEANING for n in (1, 2, 3, 5)]


@pytest.mark.parametrize(("make", "n"), SHORT)
def test_the_floor_of_short_words_is_what_their_last_letter_tells(make, n: int):
    """At 1 every answer is the letter's own; at 3 modular arithmetic is not uniform yet."""
    task = make().at(n)
    batch = task.batch("train", 0, 0, 20000)
    last = batch.x[batch.weight > 0].argmax(-1)
    table = torch.zeros(len(task.letters), len(task.classes)).index_put_(
        (last, batch.target[batch.weight > 0]), torch.tensor(1 / 20000), accumulate=True
    )
    of_class = table / table.sum(1, keepdim=True).clamp_min(1e-9)
    accuracy, loss = task.spec.floors
    assert table.max(1).values.sum().item() == pytest.approx(accuracy.value, abs=0.012)
    nats = -(table * of_class.clamp_min(1e-9).log()).sum().item()
    assert nats == pytest.approx(loss.value, abs=0.01)


def test_a_criterion_at_other_lengths_than_the_paper_s_is_not_the_paper_s():
    for task, published in ((Parity(), True), (Parity(length=20), False), (Parity().at(50), False)):
        assert task.spec.solved is not None and task.spec.solved.published == published


@pytest.mark.parametrize("make", MEANING)
def test_guessing_reaches_the_floor_and_no_more(make):
    task = make()
    assert memoryless(task)["accuracy"] == pytest.approx(task.spec.floors[0].value, abs=0.035)


@pytest.mark.parametrize(("make", "blocks"), [(AnBn, "ab"), (AnBnCn, "abc")])
def test_the_sets_of_a_counting_word_are_those_that_may_follow(make, blocks: str):
    drawn = Counter()
    for word, following in words(make(length=6, beyond=0)):
        n = word.count("a")
        drawn[n] += 1
        assert word == "S" + "".join(letter * n for letter in blocks)
        legal = ["a", *["ab"] * n]
        for here, after in zip(blocks[1:], blocks[2:] + ".", strict=True):
            legal += [here] * (n - 1) + [after]
        if len(blocks) == 2:
            legal = ["a", *["ab"] * n, *["b"] * (n - 1), "."]
        assert following == legal
    assert set(drawn) == set(range(1, 7))
    beyond = {word.count("a") for word, _ in words(make(length=6, beyond=9), "test")}
    assert beyond == {7, 8, 9}
    assert make(length=6, beyond=0).spec.floors[0].value == 1 / 6
    assert make(length=6, beyond=9).spec.floors[0].value == 0


NODES = [
    [("T", 1), ("P", 2)],
    [("S", 1), ("X", 3)],
    [("T", 2), ("V", 4)],
    [("X", 2), ("S", 5)],
    [("P", 3), ("V", 5)],
]


def legal_sets(stream: str) -> list[set[str]]:
    """After each symbol of a stream of embedded strings, what may follow, read by hand."""
    found, at = [], 0
    while True:
        string = stream[at:]
        parts: list[set[str]] = [{"T", "P"}]  # after B
        outer = string[1:2]
        parts.append({"B"})
        node, i = 0, 3
        while node != 5:
            parts.append({letter for letter, _ in NODES[node]})
            if i >= len(string):
                return (found + parts)[: len(stream)]
            node, i = dict(NODES[node])[string[i]], i + 1
        parts += [{"E"}, {outer}, {"E"}, {"B"}]
        found += parts
        at += i + 3
        if at >= len(stream):
            return found[: len(stream)]


def test_the_next_symbol_of_a_reber_string_is_the_one_that_comes_and_is_judged_by_the_legal_ones():
    b = NextReber().batch("train", 0, 0, 500)
    assert b.lengths is not None
    for k, length in enumerate(b.lengths.tolist()):
        assert torch.equal(b.target[: length - 1, k], b.x[1:length, k])
        assert b.target[length - 1, k].tolist() == [0, 0, 0, 0, 0, 0, 1]  # E
    tested = NextReber().batch("test", 0, 0, 500)
    assert tested.lengths is not None
    for k, length in enumerate(tested.lengths.tolist()):
        assert (tested.target[: length - 1, k] >= tested.x[1:length, k]).all()
    inside = tested.weight > 0
    assert set(tested.target.sum(-1)[inside].tolist()) == {1, 2}


def test_the_sets_of_an_embedded_reber_string_are_the_legal_ones():
    lengths = []
    for word, following in words(EmbeddedReber()):
        assert word[0] == "B" and word[-1] == word[1] and word[2] == "B" and len(word) >= 8
        assert [set(answer) for answer in following] == legal_sets(word)
        for symbol, legal in zip(word[1:], following, strict=False):
            assert symbol in legal
        lengths.append(len(word))
    assert sum(lengths) / B + 1 == pytest.approx(12, abs=0.8)


@pytest.mark.parametrize("length", [8, 100])
def test_the_sets_of_the_continual_stream_are_the_legal_ones(length: int):
    for word, following in words(ContinualReber(length=length), size=100):
        assert len(word) == length
        assert [set(answer) for answer in following] == legal_sets(word)


def test_who_guesses_the_outer_symbol_is_right_but_for_one_step_in_24():
    task = ContinualReber(length=2000)
    batch = task.batch("train", 0, 0, 50)
    T, P = (batch.target[..., task.spec.answers.index(letter)] for letter in "TP")
    alone = (T + P == 1) & (batch.target.sum(-1) == 1)  # exactly one of T, P: the outer symbol
    known = task.spec.baselines[0].value
    assert 1 - alone.float().mean().item() / 2 == pytest.approx(known, abs=1e-3)


@pytest.mark.parametrize("length", [8, 200])
def test_the_floor_of_the_stream_is_the_likeliest_set_of_each_symbol(length: int):
    task = ContinualReber(length=length)
    batch = task.batch("train", 0, 0, 4000)
    symbol = batch.x.argmax(-1).flatten()
    _, which = batch.target.flatten(0, 1).unique(dim=0, return_inverse=True)
    right = sum(torch.bincount(which[symbol == s]).max().item() for s in symbol.unique())
    assert right / len(which) == pytest.approx(task.spec.floors[0].value, abs=0.005)


def compose(newest: str, before: str) -> str:
    return "".join(newest[int(i) - 1] for i in before)


@pytest.mark.parametrize("group", ["A5", "S5"])
def test_the_word_problem_multiplies_permutations_one_after_the_other(group):
    task = WordProblem(length=20, group=group)
    batch = task.batch("train", 0, 0, 50)
    seen = set()
    for b in range(50):
        word = [task.spec.symbols[i] for i in batch.x[:, b].argmax(-1)]
        product = "12345"
        for t, element in enumerate(word):
            product = compose(element, product)
            assert task.spec.answers[batch.target[t, b]] == product
        seen |= set(word)
    assert len(seen) == task.spec.input_size


def derived(table: np.ndarray, group: list[int]) -> list[int]:
    """The subgroup that the commutators g h g^-1 h^-1 of a subgroup generate."""
    unit = int((table.diagonal() == range(len(table))).nonzero()[0][0])
    inverse = (table == unit).argmax(1)
    known = {int(table[table[g, h], table[inverse[g], inverse[h]]]) for g in group for h in group}
    while more := {int(table[g, h]) for g in known for h in known} - known:
        known |= more
    return sorted(known)


@pytest.mark.parametrize(
    ("group", "orders"),  # of the group, of the group of its commutators, of that one's, ...
    [("S5", [120, 60, 60]), ("A5", [60, 60]), ("A4xZ5", [60, 4, 1]), ("Z60", [60, 1])],
)
def test_the_elements_of_a_word_problem_are_that_group_and_some_are_solvable(group, orders):
    table = multiplication(group)[0]
    everything = np.arange(len(table))
    assert (np.sort(table, 0) == everything[:, None]).all()  # closed, and each division is unique
    assert (np.sort(table, 1) == everything).all()
    assert (table[table] == table[everything[:, None, None], table]).all()  # (fg)h = f(gh)
    subgroup = everything.tolist()
    for order in orders:
        assert len(subgroup) == order
        subgroup = derived(table, subgroup)
    task = WordProblem(length=3, group=group)
    assert task.spec.input_size == len(set(task.spec.symbols)) == orders[0]


def test_the_control_of_the_word_problem_adds_modulo_60():
    batch = WordProblem(length=30, group="Z60").batch("train", 0, 0, 50)
    assert (batch.x.argmax(-1).cumsum(0) % 60).equal(batch.target)


def test_a_recurrence_linear_in_its_state_solves_the_word_problem_of_any_length():
    """h_t = P(x_t) h_(t-1), with the permutation matrix of the input's element: 25 numbers."""
    task = WordProblem(length=400, group="S5")
    names = task.spec.symbols
    matrices = torch.stack([torch.eye(5)[[int(c) - 1 for c in name]] for name in names])
    batch, state = task.batch("train", 0, 0, 3), torch.eye(5).expand(3, 5, 5)
    for x, target in zip(batch.x, batch.target, strict=True):
        state = torch.einsum("bg,gij,bjk->bik", x, matrices.mT, state)
        assert state.equal(matrices.mT[target])


def test_a_guess_at_the_word_problem_is_right_at_the_first_step_alone():
    task = WordProblem(length=10)
    batch = task.batch("train", 0, 0, 6000)
    share = torch.bincount(batch.target[1:].flatten(), minlength=60) / (9 * 6000)
    best = (1 + 9 * share.max().item()) / 10
    assert best == pytest.approx(task.spec.floors[0].value, abs=0.003)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Parity(length=0), "parity: length must be at least 1, not 0"),
        (lambda: Parity(shortest=41), "parity: shortest must be 1 to 40, not 41"),
        (lambda: EvenPairs(beyond=40), "beyond must be 0, or more than 40, not 40"),
        (lambda: AnBn(length=0), "anbn: length must be at least 1, not 0"),
        (lambda: AnBnCn(beyond=-1), "anbncn: beyond must be 0, or more than 100, not -1"),
        (lambda: ContinualReber(length=7), "reber_continual: length must be at least 8, not 7"),
        (lambda: WordProblem(length=1), "word_problem: length must be at least 2, not 1"),
    ],
)
def test_an_argument_that_is_not_allowed_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()
