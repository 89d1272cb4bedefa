"""The UCR and UEA archives: published numbers come out, and a set that is not here says so."""

import socket
from pathlib import Path

import numpy as np
import pytest
import torch

from longlag.errors import LonglagError
from longlag.tasks import SPLITS, UCR, JapaneseVowels
from longlag.tasks.data.cache import folder


@pytest.fixture(scope="module", autouse=True)
def package():
    pytest.importorskip("aeon")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A cache of its own; whoever asks for a host is told that there is none."""

    def nowhere(*args, **how):
        raise OSError("no such host")

    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path))
    monkeypatch.delenv("LONGLAG_OFFLINE")
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)


@pytest.mark.parametrize(
    ("dataset", "error"),  # Dau et al. 2019, 1-NN by Euclidean distance
    [
        ("ACSF1", 0.46),
        ("ArrowHead", 0.20),
        ("GunPoint", 0.0867),
        ("ItalyPowerDemand", 0.0447),
        ("OSULeaf", 0.4793),
    ],
)
def test_the_nearest_neighbour_errs_as_the_archive_says(dataset: str, error: float):
    nearest = UCR(dataset=dataset).spec.baselines[0]
    assert 1 - nearest.value == pytest.approx(error, abs=1e-4)


def test_sequences_of_other_lengths_are_neither_cut_nor_stretched():
    task = UCR(dataset="PickupGestureWiimoteZ")
    lengths = task.arrays["lengths"]
    assert (lengths.min(), lengths.max()) == (29, 361) and task.spec.lag == 360
    x, _, weight, shown, _ = task.batch("train", 0, 0, 16)
    assert shown is not None and weight[shown - 1, torch.arange(16)].all() and weight.sum() == 16
    assert not x[torch.arange(len(x))[:, None] >= shown].any()


def test_the_vowels_are_those_of_the_task_of_their_own():
    ours, theirs = UCR(dataset="JapaneseVowels").arrays, JapaneseVowels().arrays
    assert all(np.allclose(ours[name], theirs[name]) for name in ("x", "lengths", "label", "test"))


def test_every_channel_is_standardised_by_the_training_data():
    x, test = (UCR(dataset="BasicMotions").arrays[name] for name in ("x", "test"))
    assert x.shape == (80, 100, 6)
    assert np.allclose(x[~test].mean((0, 1)), 0, atol=1e-4)
    assert np.allclose(x[~test].std((0, 1)), 1, atol=1e-4)


def test_a_set_that_is_not_here_says_what_to_do(network):
    with pytest.raises(LonglagError) as refused:
        _ = UCR(dataset="Wafer").spec
    said = str(refused.value)
    assert "\n" not in said and "the set Wafer" in said and "no such host" in said
    assert f"run this once with a network, after that it is kept in {folder()}" in said
    assert not list((folder() / "archive").iterdir())


def test_offline_is_offline(network, monkeypatch):
    monkeypatch.setenv("LONGLAG_OFFLINE", "1")
    with pytest.raises(LonglagError, match="LONGLAG_OFFLINE is set: unset it"):
        _ = UCR(dataset="Wafer").spec


def test_a_name_that_no_set_has_is_answered_with_a_near_one(network):
    with pytest.raises(LonglagError, match=r"no set of the name 'OSULeav'; did you mean OSULeaf\?"):
        _ = UCR(dataset="OSULeav").spec
    with pytest.raises(ValueError, match="dataset must be the name of a set"):
        UCR(dataset="../OSULeaf")


HEADER = """@problemName Wafer
@timestamps false
@missing false
@univariate true
@equalLength false
@classLabel true a b
@data
"""


def archived(rows: list[str]) -> None:
    """What aeon leaves behind after it fetched a set: a file a split."""
    place = folder() / "archive" / "Wafer"
    place.mkdir(parents=True)
    for part in ("TRAIN", "TEST"):
        (place / f"Wafer_{part}.ts").write_text(HEADER + "\n".join(rows) + "\n")


def test_a_fetched_set_is_read_once_and_kept(network):
    archived([f"{i},{i + 1},{i + 2}{',7' * (i % 3)}:{'ab'[i % 2]}" for i in range(10)])
    task = UCR(dataset="Wafer")
    assert [len(task.parts[split]) for split in SPLITS] == [8, 2, 10]
    assert task.arrays["lengths"][:3].tolist() == [3, 4, 5]
    assert task.arrays["label"][:4].tolist() == [0, 1, 0, 1]
    assert not (folder() / "archive" / "Wafer").exists()
    assert np.array_equal(UCR(dataset="Wafer").arrays["x"], task.arrays["x"])


def test_missing_values_are_refused(network):
    archived(["1,NaN,3:a", "1,2,3:b"])
    with pytest.raises(LonglagError, match="Wafer has missing values"):
        _ = UCR(dataset="Wafer").arrays
