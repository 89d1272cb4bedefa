"""Whatever carries a study: a killed worker costs its run a retry, and the records are the same."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed
import pytest

import command_process
from killed_studies import MARK, ORPHANS, family
from longlag.errors import LonglagError
from longlag.studies.dask import DaskExecutor
from longlag.studies.ray import RayExecutor
from longlag.studies.slurm import SlurmExecutor

CARRIERS = {
    "local": ["executor=local", "executor.workers=2"],
    "dask": ["executor=dask", "executor.workers=2"],
    "slurm": ["executor=slurm", "executor.workers=2", "executor.cluster=local"],
    "ray": ["executor=ray", "executor.workers=2"],
}
STUDY = """
# A tiny study.
title: Tiny
question: Does it survive?
cells: [lstm, mortal]
tasks: {adding: [task.length=5]}
grid: [0.01]
tuning_seeds: [100]
seeds: [0]
examine: false
settings:
  - match=none
  - model.hidden_size=3
  - trainer.max_steps=20
  - trainer.validate_every=10
  - trainer.validation_size=8
  - trainer.test_size=8
  - logger=none
"""
MORTAL = """
import os, signal, time
from pathlib import Path
from longlag.cells import LSTM

class Mortal(LSTM):
    def __init__(self, *sizes, **more):
        super().__init__(*sizes, **more)
        mark = Path(os.environ.get("MARK", ""))
        if "MARK" in os.environ and os.getpid() != int(os.environ["PARENT"]):
            first = not mark.exists()
            mark.touch()
            if os.environ["HOW"] == "sleep":
                time.sleep(600)
            if first:
                os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple]:
    place = furnish(tmp_path_factory.mktemp("undisturbed"))
    process = start(place, CARRIERS["local"])
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    return numbers(place / "results" / "tiny")


def furnish(place: Path) -> Path:
    for group, name, text in (
        ("study", "tiny", STUDY),
        ("cell", "mortal", "_target_: my_cells.Mortal\n_partial_: true\n"),
    ):
        (place / "conf" / group).mkdir(parents=True)
        (place / "conf" / group / f"{name}.yaml").write_text(text)
    (place / "my_cells.py").write_text(MORTAL)
    return place


def start(place: Path, words: list[str], how: str = "") -> subprocess.Popen:
    script = (
        "import os, sys; os.environ['PARENT'] = str(os.getpid()); "
        "from longlag.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    more = {"MARK": str(place / "mark"), "HOW": how} if how else {}
    words = ["bench", "study=tiny", "--config-dir", "conf", *words]
    return command_process.start(place, words, ["-c", script], {MARK: str(place), **more})


def numbers(folder: Path) -> dict[str, tuple]:
    """What was computed, by run; clocks left out."""
    found = {}
    for path in folder.glob("*/record.json"):
        record = json.loads(path.read_text())
        found[path.parent.name] = record["metrics"], record["files"]
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CARRIERS)
def test_a_worker_killed_in_the_middle_costs_nothing_and_moves_no_number(
    place: Path, undisturbed: dict[str, tuple], name: str
):
    process = start(place, CARRIERS[name], how="kill")
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    assert (place / "mark").exists()  # it was killed
    assert "4/4 runs" in err and "Traceback" not in out + err
    assert len(undisturbed) == 4 and numbers(place / "results" / "tiny") == undisturbed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_running_dask_cluster_carries_a_study_loses_a_worker_and_lives_on(
    place: Path, undisturbed: dict[str, tuple]
):
    told, dask = str(place / "scheduler.json"), [sys.executable, "-m", "dask"]
    quiet = ["--no-dashboard", "--scheduler-file", told]
    marks = {"MARK": str(place / "mark"), "HOW": "kill", "PARENT": "0"}
    env = command_process.environment(place, OMP_NUM_THREADS="1", **marks)
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *quiet]
    workers = [*dask, "worker", "--nworkers", "2", "--nthreads", "1", *quiet]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    cluster = [subprocess.Popen(c, cwd=place, env=env, **silent) for c in (scheduler, workers)]
    try:
        end = time.monotonic() + 120
        while not Path(told).exists() and time.monotonic() < end:
            time.sleep(0.1)
        address = json.loads(Path(told).read_text())["address"]
        with distributed.Client(address) as client:
            client.wait_for_workers(2, timeout=120)
            process = start(place, ["executor=dask", f"executor.address={address}"])
            out, err = process.communicate(timeout=400)
            assert process.returncode == 0, out + err
            assert (place / "mark").exists() and "4/4 runs" in err  # a worker was killed
            assert numbers(place / "results" / "tiny") == undisturbed
            client.wait_for_workers(2, timeout=120)
            assert client.submit(sum, [1, 2]).result(timeout=60) == 3
    finally:
        for part in reversed(cluster):
            part.terminate()
        for part in cluster:
            part.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CARRIERS)
def test_ctrl_c_ends_every_worker_and_the_parent_in_one_line(place: Path, name: str):
    process = start(place, [*CARRIERS[name], "results=stopped", "cell=mortal"], how="sleep")
    wait_for_a_run(place)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "the same command goes on there" in out
    assert name == "slurm" or "Traceback" not in out + err  # submitit's local jobs print theirs
    assert gone(place, 30)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["local", "dask", "ray"])
def test_no_worker_outlives_a_parent_that_is_killed(place: Path, name: str):
    """A job of SLURM does, by design: it ends by itself and is recorded."""
    process = start(place, [*CARRIERS[name], "results=orphans", "cell=mortal"], how="sleep")
    wait_for_a_run(place)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert gone(place)


def wait_for_a_run(place: Path) -> None:
    """Wait until a worker is at a run."""
    end = time.monotonic() + 300
    while not (place / "mark").exists() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(1)  # others are on their way


def gone(place: Path, seconds: float = ORPHANS) -> bool:
    """Whether all that was started there ends in time."""
    end = time.monotonic() + seconds
    while family(str(place)) and time.monotonic() < end:
        time.sleep(0.1)
    return not family(str(place))


def test_what_an_executor_cannot_be_is_refused_in_one_line(tmp_path: Path):
    with pytest.raises(LonglagError, match="the cluster's own where an address is given"):
        DaskExecutor(workers=2, address="tcp://127.0.0.1:1")
    with pytest.raises(LonglagError, match="the cluster's own where an address is given"):
        RayExecutor(workers=2, address="auto")
    with pytest.raises(LonglagError, match=r"executor.cluster must be one of .*'pbs'"):
        SlurmExecutor(cluster="pbs", folder=str(tmp_path))
    with pytest.raises(LonglagError, match=r"executor=slurm: .*srun"):
        SlurmExecutor(folder=str(tmp_path))
    with pytest.raises(LonglagError, match=r"executor=slurm: .*slurm_portion"):
        SlurmExecutor(cluster="local", folder=str(tmp_path), parameters={"slurm_portion": "long"})


@pytest.mark.parametrize(
    ("executor", "module", "line"),
    [
        (DaskExecutor, "distributed", "pip install 'longlag[dask]'"),
        (RayExecutor, "ray", "pip install 'longlag[ray]'"),
        (SlurmExecutor, "submitit", "pip install 'longlag[slurm]'"),
    ],
)
def test_a_missing_package_is_named_with_its_install_line(executor, module, line, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LonglagError) as caught:
        executor()
    assert line in str(caught.value)
