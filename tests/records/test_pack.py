"""A packed study is the study: nothing is lost on the way there, or on the way back."""

import filecmp
import shutil
from pathlib import Path

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.records import packing
from longlag.records.array_table import arrays_by_run, table_of
from longlag.records.pack import PACKED, RECORDS
from longlag.records.packing import pack_study, unpack_study
from longlag.records.reader import read_run, read_study
from longlag.records.record import as_text
from longlag.records.run import Run
from longlag.records.side_files import CurvePoint, digest
from longlag.records.store import Store
from some_record import some_record

CURVE = [CurvePoint(10, 320, "train", "loss", 0.1 + 0.2), CurvePoint(20, 640, "test", "mse", 1e-9)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three runs: one with everything, one without a probe, one whose curve is empty."""
    store = Store(tmp_path, "packed")
    store.prepare()
    arrays = {"steps": np.arange(3), "profile/0/h": np.linspace(0, 1, 6, dtype=np.float32)}
    arrays["parameter/names"] = np.array(["a.weight", "b"])
    full = store.save(some_record(id="lstm-adding-1"), CURVE, arrays, b"weights")
    packing.write_arrays(full / "laboratory.npz", {"init/jacobian/0/x": np.ones((2, 0, 3))})
    packing.write_json(full / "extrapolation.json", {"points": [{"length": 3}], "solved": None})
    store.save(some_record(id="gru-adding-2", seed=1), CURVE[:1], {})
    store.save(some_record(id="rnn-adding-3", seed=2), [], {"steps": np.array([1])})
    return store


def snapshot(folder: Path) -> dict[str, tuple]:
    """Everything that a study says of its runs."""
    return {run.id: content(run) for run in read_study(folder).runs}


def content(run: Run) -> tuple:
    files = [(name, digest(found)) for name in PACKED if (found := run.side_file(name))]
    return as_text(run.record), files, run.broken, {k: v.dtype for k, v in run.probe.items()}


def test_a_packed_study_says_what_its_folders_said_and_is_a_few_files(store):
    before = snapshot(store.folder)
    found = pack_study(store.folder)
    assert found.runs == 3 and found.left == ()
    assert {path.name for path in found.files} == {RECORDS, *PACKED.values()}
    assert snapshot(store.folder) == before
    assert [p.name for p in store.folder.glob("*/*")] == ["weights.pt"]  # never packed
    assert store.has("gru-adding-2") and store.read("gru-adding-2").curve
    lines = (store.folder / RECORDS).read_text().splitlines()
    assert len(lines) == 3 and all(len(line) < 4096 for line in lines)


def test_unpacking_gives_the_same_files_again(store, tmp_path):
    shutil.copytree(store.folder, tmp_path / "before")
    pack_study(store.folder)
    assert unpack_study(store.folder) == 3
    for old in (tmp_path / "before").rglob("*.*"):
        new = store.folder / old.relative_to(tmp_path / "before")
        if old.is_file() and old.suffix != ".npz":
            assert filecmp.cmp(old, new, shallow=False), old
    assert not list(store.folder.glob("*.npz")) and not list(store.folder.glob("*.jsonl"))
    assert snapshot(store.folder) == snapshot(tmp_path / "before")


def test_packing_twice_changes_nothing_and_a_later_run_is_added(store):
    pack_study(store.folder)
    before = {path.name: path.read_bytes() for path in store.folder.glob("*.*") if path.is_file()}
    pack_study(store.folder)
    unpack_study(store.folder)
    pack_study(store.folder)
    assert before == {p.name: p.read_bytes() for p in store.folder.glob("*.*") if p.is_file()}
    store.save(some_record(id="zzz-adding-4", seed=9), CURVE, {"steps": np.array([7])})
    both = snapshot(store.folder)
    assert set(both) == {"lstm-adding-1", "gru-adding-2", "rnn-adding-3", "zzz-adding-4"}
    assert pack_study(store.folder).runs == 4
    assert snapshot(store.folder) == both


@pytest.mark.parametrize("name", PACKED.values())
def test_a_file_of_the_pack_that_is_cut_off_costs_itself_and_is_named_once(store, name, caplog):
    pack_study(store.folder)
    whole = (store.folder / name).read_bytes()
    (store.folder / name).write_bytes(whole[: len(whole) // 2])
    study = read_study(store.folder)
    assert len(study.runs) == 3
    assert len([line for line in study.broken if name in line]) == len(study.broken) == 1
    assert caplog.text.count(name) == 1
    for other in set(PACKED.values()) - {name}:
        (kind,) = (kind for kind, packed in PACKED.items() if packed == other)
        assert study.by_id["lstm-adding-1"].side_file(kind)
    with pytest.raises(LonglagError, match="is kept"):
        unpack_study(store.folder)
    assert (store.folder / RECORDS).exists()


def test_a_record_that_is_cut_off_costs_itself_and_is_named(store):
    pack_study(store.folder)
    path = store.folder / RECORDS
    path.write_bytes(path.read_bytes()[:-200])
    study = read_study(store.folder)
    assert len(study.runs) == 2
    assert study.skipped[0].startswith(f"{RECORDS} line 3 skipped: it is truncated")


def test_a_damaged_byte_in_the_pack_costs_the_arrays_of_its_file_and_no_record(store):
    pack_study(store.folder)
    path = store.folder / "probes.npz"
    data = bytearray(path.read_bytes())
    data[data.index(b"names.npy") + 60] ^= 0xFF  # in what is compressed
    path.write_bytes(bytes(data))
    study = read_study(store.folder)
    assert len(study.runs) == 3
    assert not any(run.probe for run in study.runs)
    assert study.by_id["lstm-adding-1"].curve


def test_what_is_damaged_before_is_left_where_it_lies_and_named(store):
    (store.folder / "lstm-adding-1" / "probe.npz").write_bytes(b"")
    (store.folder / "rnn-adding-3" / "record.json").write_text("{")
    found = pack_study(store.folder)
    assert found.runs == 2 and len(found.left) == 2
    assert (store.folder / "lstm-adding-1" / "probe.npz").exists()
    assert (store.folder / "rnn-adding-3" / "record.json").exists()


def test_nothing_is_deleted_if_the_pack_does_not_read_back(store, monkeypatch):
    before = snapshot(store.folder)
    monkeypatch.setattr(packing, "write_arrays", lambda path, arrays: None)
    with pytest.raises((LonglagError, FileNotFoundError)):
        pack_study(store.folder)
    assert len(list(store.folder.glob("*/record.json"))) == 3
    assert snapshot(store.folder) == before


def test_a_packed_run_is_shared_with_another_study_and_found_by_its_path(store, tmp_path):
    pack_study(store.folder)
    other = Store(tmp_path, "other")
    other.prepare()
    assert other.has("lstm-adding-1")
    there = other.read("lstm-adding-1")
    assert content(there) == content(read_run(store.folder / "lstm-adding-1"))
    assert (there.folder / "record.json").exists()


def test_a_study_without_records_is_not_packed(tmp_path):
    with pytest.raises(LonglagError, match="nothing to pack"):
        pack_study(tmp_path)
    with pytest.raises(LonglagError, match="is not packed"):
        unpack_study(tmp_path)


def test_the_profiles_of_a_trial_are_let_go_and_nothing_else_of_it_is(store):
    names = {"cell": "gru", "task": "adding", "stage": "tune"}
    trial = some_record(id="gru-adding-4", names=names)
    folder = store.save(trial, CURVE, {"steps": np.arange(3)})
    for _ in range(2):
        pack_study(store.folder)
        assert not folder.exists()
        run = read_run(folder)
        assert run.curve and not run.probe and run.broken == ()
    assert read_run(store.folder / "lstm-adding-1").probe


def test_arrays_of_every_type_and_shape_come_back_from_a_table_as_they_were():
    runs = {
        "a": {
            "steps": np.arange(3),
            "profile/0/h": np.random.default_rng(0).normal(size=(3, 0, 2)),
            "one": np.array(2.5, np.float32),
        },
        "b": {},
        "c": {"words": np.array(["x", "yz"]), "held": np.array([[True], [False]])},
    }
    found = arrays_by_run(table_of(runs.items()))
    assert found.keys() == runs.keys()
    for run_id, arrays in runs.items():
        assert list(found[run_id]) == list(arrays)
        for name, values in arrays.items():
            assert found[run_id][name].dtype == values.dtype
            np.testing.assert_array_equal(found[run_id][name], values)
