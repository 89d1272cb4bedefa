"""`longlag bench` itself, killed at random moments and started again until it is through.

    python tests/killed_studies.py --moments 100     # make soak

A moment kills one worker, the command, or both together (SIGKILL).  After each: no process is left
after five seconds, and every record that is there is whole and that of an undisturbed study.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import command_process
from command_process import LONGLAG
from longlag.records.reader import read_run, read_study

STUDY = """
# A study to be killed.
title: Killed
question: Does it survive?
cells: [lstm, gru]
tasks: {adding: [task.length=5]}
grid: [0.01]
tuning_seeds: [100]
seeds: [0, 1]
examine: false
settings:
  - match=none
  - model.hidden_size=4
  - trainer.max_steps=1000
  - trainer.validate_every=25
  - trainer.validation_size=16
  - trainer.test_size=16
  - trainer.stop_when_solved=false
"""
KINDS = ("worker", "command", "both")  # what a moment kills
NO_REPORT = (
    "import sys; sys.modules['typst'] = None; from longlag.cli import main; sys.exit(main())"
)
MARK = "KILLED_STUDY"  # in the environment of a command and of all that it starts
MANY = 50  # moments, of which some must fall between a checkpoint and the end of its run
ORPHANS = 5.0  # seconds that a process may outlive the command


class Life(NamedTuple):
    """A command while it runs, and what tells its processes from others."""

    process: "subprocess.Popen[bytes]"
    mark: str

    def family(self) -> set[int]:
        """All its processes that still run, those that a library started among them."""
        return family(self.mark)

    def workers(self) -> list[int]:
        """Those of the pool."""
        pids = sorted(self.family() - {self.process.pid})
        return [pid for pid in pids if b"spawn_main" in command_of(pid)]

    def orphaned(self) -> float:
        """Seconds until no process is left; more than are allowed if one is."""
        start = time.monotonic()
        while self.family() and time.monotonic() - start <= ORPHANS:
            time.sleep(0.05)
        return time.monotonic() - start


def family(mark: str) -> set[int]:
    """The processes with a mark in their environment that still run."""
    found, text = set(), f"{MARK}={mark}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if text in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:  # it ended, or is another user's
            continue
    return found


def command_of(pid: int) -> bytes:
    """What a process was started with; nothing if it ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def furnish(place: Path, study: str = STUDY) -> Path:
    """Write the study into a folder."""
    (place / "conf" / "study").mkdir(parents=True)
    (place / "conf" / "study" / "killed.yaml").write_text(study)
    return place


def start(place: Path, results: str, words: Sequence[str] = (), report: bool = False) -> Life:
    """Start the command; what it says is appended to said.txt."""
    mark, program = uuid.uuid4().hex, LONGLAG if report else ["-c", NO_REPORT]
    fixed = ["study=killed", "--config-dir", "conf", f"results={results}", "executor.workers=2"]
    with (place / "said.txt").open("ab") as said:
        process = command_process.start(
            place, ["bench", *fixed, *words], program, {MARK: mark}, stdout=said, stderr=said
        )
    return Life(process, mark)


def facts(folder: Path) -> tuple[Any, ...]:
    """What a run computed, to the last bit; clocks left out.  It must be whole."""
    run = read_run(folder)
    assert run.broken == (), run.broken
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    return run.record.metrics, run.record.files, files["weights.pt"], files["curve.csv"]


def recorded(store: Path) -> dict[str, tuple[Any, ...]]:
    """The facts of every run of a store, each of which must be whole."""
    return {path.name: facts(path) for path in store.glob("*-adding-*")}


def kill(life: Life, what: str) -> str:
    """Kill a worker, the command or both; the command if there is no worker yet."""
    workers = life.workers() if what != "command" else []
    if what == "worker" and not workers:
        what = "command"
    aims = [random.choice(workers)] if what == "worker" else [*workers, life.process.pid]
    for pid in aims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended meanwhile
    return what


class Chance(NamedTuple):
    """Draws when the next moment comes: any time of a command, or rather while runs train."""

    draw: random.Random
    span: float  # seconds of an undisturbed command
    training: float  # of these, those of its runs

    def wait(self, life: Life, store: Path) -> bool:
        """Wait for the moment; tells whether the command was through before."""
        rather, seconds = self.draw.random() < 0.8, self.draw.uniform(0, self.span)
        end = time.monotonic() + 10 * self.span
        while rather and not list(store.glob(".leases/*.lease")) and life.process.poll() is None:
            rather, seconds = time.monotonic() < end, self.draw.uniform(0, 2 * self.training)
            time.sleep(0.02)
        try:
            assert life.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        return True


def live(life: Life, store: Path, chance: Chance, most: int, count: Counter[str]) -> bool:
    """Let a command live until it is killed or through; tells whether it is through."""
    for kinds in (KINDS, KINDS, KINDS[1:]):  # a run is given up when three workers died of it
        if count.total() == most:
            break
        if chance.wait(life, store):
            return True
        what = kill(life, chance.draw.choice(kinds))
        count[what] += 1
        if what != "worker":
            life.process.wait()
            return False
    assert life.process.wait(600) == 0
    return True


def survive(
    place: Path,
    moments: int,
    draw: random.Random,
    words: Sequence[str] = (),
    report: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Counter[str]:
    """Kill studies at so many moments; returns how often what was killed, once all held."""
    begin = time.monotonic()
    assert start(place, "undisturbed", words, report).process.wait(600) == 0
    span, whole = time.monotonic() - begin, place / "undisturbed" / "killed"
    training = sum(sum(run.record.seconds.values()) for run in read_study(whole).runs) / 2
    chance, wanted = Chance(draw, span, training), recorded(whole)
    assert wanted
    say(f"undisturbed: {span:.0f} s, {training:.0f} s with {len(wanted)} runs on two workers")
    count: Counter[str] = Counter()
    slowest, round_number, resumed = 0.0, 0, 0
    while count.total() < moments:
        round_number, through = round_number + 1, False
        store = place / f"round-{round_number}" / "killed"
        while not through:
            life = start(place, store.parent.name, words, report)
            try:
                through = live(life, store, chance, moments, count)
            except BaseException:  # of the test: it leaves nothing behind either
                kill(life, "both")
                raise
            slowest = max(slowest, life.orphaned())
            assert slowest <= ORPHANS, [command_of(pid) for pid in life.family()]
            found = recorded(store)
            assert found.items() <= wanted.items()
            say(f"{count.total()} of {moments}: {dict(count)}, {len(found)}/{len(wanted)} recorded")
        assert found == wanted
        assert not any((store / ".partial").iterdir()) and not (store / "damaged").exists()
        assert not list(store.glob(".checkpoints/*.pt")) and not list(store.glob("failed/*"))
        resumed += sum(run.record.resumed for run in read_study(store).runs)
    say(
        f"{count.total()} moments in {round_number} studies of {len(wanted)} runs: {dict(count)}; "
        f"every record whole and equal to the undisturbed one's, {resumed} times gone on from a "
        f"checkpoint, no process left after {slowest:.1f} s"
    )
    assert resumed or moments < MANY, "no run ever went on from a checkpoint"
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("words", nargs="*", help="further settings, such as logger=none")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        words = ["checkpoint.steps=20", *asked.words]
        survive(
            furnish(Path(place)), asked.moments, random.Random(asked.seed), words, report=True,
            say=lambda line: print(line, flush=True),
        )  # fmt: skip


if __name__ == "__main__":
    main()
