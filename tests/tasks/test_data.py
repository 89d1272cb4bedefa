"""The data sets: disjoint splits, whole epochs and a cache that is checked."""

import logging
import subprocess
import sys

import numpy as np
import pytest
import torch

from longlag.errors import LonglagError, MissingData, MissingPackage
from longlag.tasks import SPLITS, Batch, DatasetTask, Digits, JapaneseVowels, Mnist5k
from longlag.tasks.data.cache import cached, checksum

SIZES = {  # train, validation, test
    "digits": (1150, 287, 360),
    "japanese_vowels": (216, 54, 370),
    "mnist5k": (3200, 800, 1000),
}


@pytest.fixture(
    params=[Digits, JapaneseVowels, Mnist5k], ids=lambda task: task.name, scope="module"
)
def task(request: pytest.FixtureRequest) -> DatasetTask:
    rows = {"rows_at_once": True} if request.param is Mnist5k else {}  # short ones: quick
    made = request.param(**rows)
    try:
        _ = made.arrays
    except (MissingPackage, MissingData) as missing:
        pytest.skip(str(missing))
    return made


def sequences(batch: Batch) -> list[bytes]:
    """Each sequence of a batch, without its padding."""
    T, B = batch.x.shape[:2]
    lengths = torch.full((B,), T) if batch.lengths is None else batch.lengths
    return [batch.x[: lengths[b], b].numpy().tobytes() for b in range(B)]


def everything(task: DatasetTask, split) -> list[bytes]:
    return [one for batch in task.evaluation(split, 0, 10**6, 100) for one in sequences(batch)]


def test_the_splits_share_no_sequence(task: DatasetTask):
    held = {split: set(everything(task, split)) for split in SPLITS}
    assert not held["train"] & held["validation"]
    assert not (held["train"] | held["validation"]) & held["test"]


def test_the_splits_have_every_sequence_and_every_class_in_proportion(task: DatasetTask):
    assert tuple(len(task.parts[split]) for split in SPLITS) == SIZES[task.name]
    together = np.concatenate([task.parts[split] for split in SPLITS])
    assert np.array_equal(np.sort(together), np.arange(len(task.arrays["label"])))
    label = task.arrays["label"]
    share = [np.bincount(label[task.parts[s]]) / len(task.parts[s]) for s in SPLITS[:2]]
    assert np.abs(share[0] - share[1]).max() < 0.01


def test_the_splits_do_not_move_with_a_seed(task: DatasetTask):
    for split in SPLITS:
        zero, one = (next(task.evaluation(split, seed, 50, 50)) for seed in (0, 1))
        assert torch.equal(zero.x, one.x) and torch.equal(zero.target, one.target)


@pytest.mark.parametrize("split", SPLITS)
def test_an_epoch_has_every_sequence_once_also_across_its_edge(task: DatasetTask, split):
    """32 does not divide the splits: a batch holds the end of an epoch and the next one."""
    n = len(task.parts[split])
    seen = [one for k in range(3 * n // 32 + 1) for one in sequences(task.batch(split, 5, k, 32))]
    whole = sorted(everything(task, split))
    epochs = [seen[e * n : (e + 1) * n] for e in range(3)]
    assert all(sorted(epoch) == whole for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_a_batch_may_be_larger_than_the_split(task: DatasetTask):
    n = len(task.parts["validation"])
    batch = task.batch("validation", 0, 0, 2 * n)
    assert sorted(sequences(batch)) == sorted(2 * everything(task, "validation"))


def test_an_evaluation_is_at_most_the_split_in_its_own_order(task: DatasetTask):
    whole = everything(task, "test")
    assert len(whole) == len(task.parts["test"])
    few = [one for b in task.evaluation("test", 0, 70, 32) for one in sequences(b)]
    places = [whole.index(one) for one in few]
    assert len(few) == 70 and places == sorted(set(places))


@pytest.mark.parametrize("split", SPLITS)
def test_a_part_of_a_split_has_every_class_though_the_data_are_sorted(task: DatasetTask, split):
    """A validation of 512 of the 800 images of mnist5k, sorted by class, once had no 7, 8 or 9."""
    label = task.arrays["label"][task.parts[split]]
    size = len(label) // 2
    seen = np.concatenate([b.target[-1].numpy() for b in task.evaluation(split, 0, size, 64)])
    share = np.bincount(seen, minlength=10) / size - np.bincount(label, minlength=10) / len(label)
    assert len(seen) == size and np.unique(seen).size == np.unique(label).size
    assert np.abs(share).max() < 0.1


def test_padding_is_zero_and_the_answer_is_asked_at_the_last_step(task: DatasetTask):
    x, target, weight, lengths, _ = task.batch("train", 0, 0, 64)
    if lengths is None:
        lengths = torch.full((64,), len(x))
    past = torch.arange(len(x))[:, None] >= lengths
    assert len(x) == lengths.max() and not x[past].any()
    assert torch.equal(weight.sum(0), torch.ones(64))
    assert weight[lengths - 1, torch.arange(64)].all()
    assert (target == target[0]).all()


def test_the_floor_is_below_the_baseline_and_that_below_one(task: DatasetTask):
    (frequent,), (linear,) = task.spec.floors, task.spec.baselines
    assert 1 / 20 < frequent.value < 1 / 5 < linear.value < 1


def test_the_vowels_are_standardised_by_the_training_data():
    pytest.importorskip("aeon")
    task = JapaneseVowels()
    x, lengths, test = (task.arrays[name] for name in ("x", "lengths", "test"))
    seen = np.concatenate([x[row, : lengths[row]] for row in np.flatnonzero(~test)])
    assert np.allclose(seen.mean(0), 0, atol=1e-4) and np.allclose(seen.std(0), 1, atol=1e-4)
    assert (lengths.min(), lengths[~test].max(), lengths.max()) == (7, 26, 29)
    assert (int((~test).sum()), int(test.sum())) == (270, 370)


def test_permuted_digits_are_the_same_pixels_in_another_order():
    pytest.importorskip("sklearn")
    plain, permuted = (
        next(Digits(permuted=p).evaluation("train", 0, 40, 40)) for p in (False, True)
    )
    assert torch.equal(plain.x.sort(0).values, permuted.x.sort(0).values)
    assert torch.equal(plain.target, permuted.target) and not torch.equal(plain.x, permuted.x)
    order = [int((plain.x == row).flatten(1).all(1).nonzero()[0]) for row in permuted.x]
    assert torch.equal(plain.x[order], permuted.x)
    assert plain.x.min() == 0 and plain.x.max() == 1


@pytest.mark.parametrize(
    ("task", "module", "package"),
    [(Digits, "sklearn", "scikit-learn"), (JapaneseVowels, "aeon", "aeon")],
)
def test_a_missing_package_is_named_in_one_line(task, module, package, monkeypatch, tmp_path):
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(module), *sys.meta_path])
    with pytest.raises(LonglagError) as refused:
        _ = task().arrays
    said = f"the package {package} is not installed: run `pip install 'longlag[data]'`"
    assert str(refused.value) == said


class Absent:
    """A finder that has no module of this name."""

    def __init__(self, module: str) -> None:
        self.module = module

    def find_spec(self, name: str, path=None, target=None):
        if name.split(".")[0] == self.module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def test_longlag_tasks_imports_neither_scikit_learn_nor_aeon():
    asked = "import sys, longlag.tasks; print({'sklearn', 'aeon'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.fixture
def cache_file(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """A cache with one array made once: its path, and a function that reads it."""
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path))
    made = []

    def make():
        made.append(1)
        return {"a": np.arange(6.0).reshape(2, 3)}

    def read() -> int:
        assert np.array_equal(cached("ours-1", make)["a"], np.arange(6.0).reshape(2, 3))
        return len(made)

    assert read() == 1
    return tmp_path / "ours-1.npz", read


def test_what_was_made_once_is_read_again(cache_file):
    path, read = cache_file
    assert path.exists() and read() == 1
    assert [p.name for p in path.parent.iterdir()] == ["ours-1.npz"]


@pytest.mark.parametrize("harm", ["other", "short", "foreign", "empty"])
def test_a_file_that_does_not_match_its_checksum_is_made_again(cache_file, harm: str, caplog):
    path, read = cache_file
    whole = path.read_bytes()
    if harm == "other":
        was = checksum({"a": np.arange(6.0).reshape(2, 3)})
        np.savez_compressed(path, checksum=was, a=np.ones((2, 3)))
    else:
        path.write_bytes({"short": whole[:-40], "foreign": b"not a zip", "empty": b""}[harm])
    with caplog.at_level(logging.WARNING):
        assert read() == 2
    assert str(path) in caplog.text and "made again" in caplog.text
    assert read() == 2


def test_a_changed_byte_is_noticed(cache_file):
    path, read = cache_file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert read() == 2


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert cached("ours-1", lambda: {"a": np.ones(2)})["a"].sum() == 2
    assert "cannot keep" in caplog.text
