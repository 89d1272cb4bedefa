"""After training means one thing: the weights that validation chose."""

from pathlib import Path

import numpy as np
import pytest

from longlag.probes.callback import probe_batch
from longlag.probes.profile import profile
from longlag.records.side_files import Path as StatePath
from longlag.records.side_files import profile as recorded_profile
from longlag.records.store import Store
from longlag.runs.analyse import examine_run
from longlag.runs.config import resolve
from longlag.runs.restore import restore_run
from longlag.runs.run import execute
from tiny import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose last step is not its best: the rate is far too high."""
    place = tmp_path_factory.mktemp("chosen")
    settings = ("cell=lstm", *TINY, "logger=none", "optim.lr=1", "trainer.max_steps=60", "seed=1")
    result = execute(resolve(settings), place)
    assert result.record.best_step < result.record.steps
    store = Store(place, "single")
    store.prepare()
    return store.save(*result)


def test_the_probe_keeps_a_profile_of_the_chosen_weights_beside_that_of_the_last_step(folder: Path):
    _, task, model = restore_run(folder)
    want = profile(model, probe_batch(task, 1, 16), task.spec.kind)
    with np.load(folder / "probe.npz") as probe:
        for name, values in want.items():
            np.testing.assert_array_equal(probe[f"chosen/{name}"], values)
        assert not np.allclose(probe["profile/0/h"][-1], want["profile/0/h"])


def test_the_laboratory_and_the_probe_say_the_same_of_the_trained_model(folder: Path):
    examine_run(folder)
    with np.load(folder / "probe.npz") as probe, np.load(folder / "laboratory.npz") as laboratory:
        arrays = dict(probe)
        for leaf in "hc":
            found = recorded_profile(arrays, StatePath(0, leaf), -1)
            np.testing.assert_allclose(found, laboratory[f"trained/profile/0/{leaf}"], rtol=1e-9)


def test_a_record_from_before_shows_its_last_step():
    rows = np.arange(6.0).reshape(2, 3)
    old = {"profile/0/h": rows}
    np.testing.assert_array_equal(recorded_profile(old, StatePath(0, "h"), -1), rows[1])
    new = {**old, "chosen/profile/0/h": rows[0] + 9}
    np.testing.assert_array_equal(recorded_profile(new, StatePath(0, "h"), -1), rows[0] + 9)
    np.testing.assert_array_equal(recorded_profile(new, StatePath(0, "h"), 0), rows[0])
    assert recorded_profile(new, StatePath(1, "h"), -1) is None
