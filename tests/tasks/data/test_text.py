"""Text: whole tunes in one split, a file of one's own, and an n-gram model beside the scores."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from longlag.errors import LonglagError
from longlag.laws.task import check_task
from longlag.tasks import SPLITS, TextFile, Tunes
from longlag.tasks.data.ngram import surprise
from longlag.tasks.data.text import UNKNOWN, tunes


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def irish() -> Tunes:
    pytest.importorskip("music21")
    return Tunes()


def test_the_tunes_are_split_by_their_number(irish: Tunes):
    texts = irish.split_texts
    size = {split: len(texts[split]) for split in SPLITS}
    assert all(0.08 < size[s] / sum(size.values()) < 0.12 for s in SPLITS[1:])
    heard = {split: {one for one in texts[split].split("\n\n") if one} for split in SPLITS}
    assert sum(map(len, heard.values())) > 1900
    assert not heard["test"] & (heard["train"] | heard["validation"])
    assert not any(line[:2] in ("X:", "T:", "Z:", "N:") for line in texts["train"].splitlines())


def test_a_tune_keeps_its_metre_unit_key_and_notes():
    text = "% by hand\n\nX: 7\nT: A Name\nM:2/4\nN: slow\nK:G\r\nGAB | c4 |\nW: la la\n\n\n"
    text += "X:8\nK:D\nd4 |\n"
    assert list(tunes(text)) == [(7, "M:2/4\nK:G\nGAB | c4 |\n\n"), (8, "K:D\nd4 |\n\n")]


def written(folder: Path, text: str, name: str = "mine.txt") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_file_is_split_by_position_and_read_in_windows(tmp_path: Path):
    text = "abcdefghij" * 20 + "xyz" * 4
    task = TextFile(path=written(tmp_path, text), length=5)
    assert "".join(task.split_texts[split] for split in SPLITS) == text
    assert [len(task.split_texts[split]) for split in SPLITS] == [191, 10, 11]
    assert task.alphabet == "abcdefghij" + UNKNOWN
    x, target, weight, _, _ = task.batch("train", 0, 0, 8)
    assert x.shape == (5, 8, 11) and weight.all() and bool((x.sum(-1) == 1).all())
    assert torch.equal(x[1:].argmax(-1), target[:-1])
    assert bool(((x.argmax(-1) + 1) % 10 == target).all())
    shown = torch.cat([b.target.T.flatten() for b in task.evaluation("test", 0, 100, 1)])
    assert "".join(task.alphabet[i] for i in shown) == UNKNOWN * 10


def test_three_files_are_three_splits(tmp_path: Path):
    texts = ("to be or not to be " * 9, "that is the question", "whether it is nobler")
    paths = [written(tmp_path, text, f"{i}.txt") for i, text in enumerate(texts)]
    task = TextFile(path=paths[0], validation=paths[1], test=paths[2], length=9)
    assert tuple(task.split_texts[split] for split in SPLITS) == texts
    assert task.spec.baselines[0].value > 0 and task.spec.metrics[0] == "nll"
    with pytest.raises(ValueError, match="test must be given exactly where validation is"):
        TextFile(path=paths[0], validation=paths[1])


def test_every_law_of_a_task_holds_for_a_file(tmp_path: Path):
    """Words at random: a text that repeats itself is no two streams."""
    words = np.random.default_rng(0).choice(["to", "be", "or", "not"], 3000)
    task = TextFile(path=written(tmp_path, " ".join(words)), length=40)
    assert not [verdict for verdict in check_task(task) if not verdict.ok]


def test_a_file_that_cannot_be_used_is_named_in_one_line(tmp_path: Path):
    path = written(tmp_path, "abc" * 99)
    said = {
        TextFile(): "no file is given: set task.path=FILE",
        TextFile(path="nowhere.txt"): "task.path=nowhere.txt cannot be read: No such file",
        TextFile(path=path, sha256="00"): "has the SHA-256 .* not 00",
    }
    for task, line in said.items():
        with pytest.raises(LonglagError, match=line):
            _ = task.spec
    (tmp_path / "mine.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(LonglagError, match="it is not UTF-8"):
        _ = TextFile(path=path).spec
    with pytest.raises(ValueError, match="length must be less than 4, the characters of the sho"):
        _ = TextFile(path=written(tmp_path, "abcd" * 20), length=4).spec


def test_the_right_checksum_is_accepted(tmp_path: Path):
    path = written(tmp_path, "abc" * 99)
    digest = hashlib.sha256(b"abc" * 99).hexdigest()
    assert TextFile(path=path, sha256=digest[:12], length=5).spec.input_size == 4


def witten_bell(train: str, test: str, alphabet: str, order: int) -> list[float]:
    """The recursion as it is written, with dictionaries."""

    def p(symbol: str, history: str) -> float:
        if len(history) == 0:
            counts, lower = Counter(train), 1 / len(alphabet)
        else:
            n = len(history)
            after = [train[i + n] for i in range(len(train) - n) if train[i : i + n] == history]
            counts, lower = Counter(after), p(symbol, history[1:])
        kinds, total = len(counts), sum(counts.values())
        return (counts[symbol] + kinds * lower) / (total + kinds) if total else lower

    return [-np.log(p(c, test[max(0, i + 1 - order) : i])) for i, c in enumerate(test)]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_gram_model_is_the_recursion_of_witten_and_bell(order: int):
    rng = np.random.default_rng(order)
    train, test = ("".join(rng.choice(list("aabbbc"), n)) for n in (60, 30))
    test += "d"
    codes = [np.array(["abcd".index(c) for c in text]) for text in (train, test)]
    found = surprise(codes[0], codes[1], 4, order)
    assert found.tolist() == pytest.approx(witten_bell(train, test, "abcd", order))
