"""Chorales: the written notes come out as frames, and no tune is in two splits."""

import runpy
import zipfile
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from longlag.tasks import SPLITS, Chorales
from longlag.tasks.data.chorales import corpus_folder, tune_split
from longlag.tasks.data.musicxml import Note, frames, parts

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "split_chorales.py"))
SCORE = """<score-partwise><part>
<measure>
 <attributes><divisions>2</divisions></attributes>
 <note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>
 <note><chord/><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch><duration>2</duration></note>
 <note><grace/><pitch><step>B</step><octave>7</octave></pitch></note>
 <note><rest/><duration>1</duration></note>
</measure>
<measure>
 <note><pitch><step>F</step><alter>1</alter><octave>3</octave></pitch><duration>3</duration></note>
 <backup><duration>3</duration></backup>
 <forward><duration>2</duration></forward>
 <note><pitch><step>A</step><octave>4</octave></pitch><duration>1</duration></note>
</measure>
</part></score-partwise>"""


@pytest.fixture
def written(tmp_path: Path) -> list[Note]:
    with zipfile.ZipFile(tmp_path / "one.mxl", "w") as file:
        file.writestr("META-INF/container.xml", "<container/>")
        file.writestr("one.musicxml", SCORE)
    (only,) = parts(tmp_path / "one.mxl")
    return only


def test_chords_rests_backups_and_grace_notes_are_read_as_written(written: list[Note]):
    half = Fraction(1, 2)
    assert written == [
        Note(60, Fraction(0), Fraction(2)),
        Note(63, Fraction(0), Fraction(1)),
        Note(54, 5 * half, 4 * half + 2),
        Note(69, 7 * half, 4 * half + 2),
    ]


def test_a_frame_holds_what_sounds_when_it_begins(written: list[Note]):
    by_eighths = frames(written, 2, 50, 70)
    sounding = [(np.flatnonzero(row) + 50).tolist() for row in by_eighths]
    assert sounding == [[60, 63], [60, 63], [60], [60], [], [54], [54], [54, 69]]
    assert np.array_equal(frames(written, 4, 50, 70)[::2], by_eighths)
    assert len(frames([Note(60, Fraction(0), Fraction(1, 3))], 2, 60, 60)) == 1


@pytest.fixture(scope="module")
def task() -> Chorales:
    pytest.importorskip("music21")
    return Chorales()


def test_a_chorale_sounds_as_music21_reads_it(task: Chorales):
    from music21 import corpus

    name = sorted(n for group in tune_split()["train"] for n in group)[0]
    score = corpus.parse(f"bach/{name}")
    table = np.zeros_like(task.chorale(0))
    for note in score.flatten().notes:
        first, last = (-int(-2 * t // 1) for t in (note.offset, note.offset + note.quarterLength))
        for pitch in note.pitches:
            table[first:last, pitch.midi - 36] = 1
    assert np.array_equal(task.chorale(0), table)


def test_no_tune_is_in_two_splits(task: Chorales):
    """By what sounds, not by the file that says so: no soprano is like one of another split."""
    sopranos = {
        (split, name): TOOL["turns"](parts(corpus_folder() / f"{name}.mxl")[0])
        for split, groups in tune_split().items()
        for name in [name for group in groups for name in group]
    }
    assert len(sopranos) == 331
    for (one, a), (other, b) in combinations(sopranos.items(), 2):
        assert one[0] == other[0] or not TOOL["alike"](a, b), (one, other)


def test_the_split_is_of_whole_tunes_and_of_known_size(task: Chorales):
    assert [len(task.parts[split]) for split in SPLITS] == [197, 67, 67]
    assert [len(tune_split()[split]) for split in SPLITS] == [108, 44, 28]
    heard = {
        split: {task.chorale(row).tobytes() for row in task.parts[split].tolist()}
        for split in SPLITS
    }
    assert not heard["test"] & (heard["train"] | heard["validation"])


def test_likeness_is_of_intervals_and_goes_from_one_to_the_next():
    tune = [60, 62, 64, 65, 67, 69, 71, 72]
    up = [[Note(m + k, Fraction(i), Fraction(i + 1)) for i, m in enumerate(tune)] for k in (0, 5)]
    assert TOOL["turns"](up[0]) == TOOL["turns"](up[1]) and len(TOOL["turns"](up[0])) == 3
    a, b, c, d = {(1,), (2,), (3,)}, {(2,), (3,), (4,)}, {(4,), (5,), (3,)}, {(9,)}
    assert TOOL["tunes"]({"a": a, "b": b, "c": c, "d": d}, {}) == [["a", "b", "c"], ["d"]]
    titled = TOOL["tunes"]({"a": a, "d": d}, {"a": "same", "d": "same"})
    assert titled == [["a", "d"]]


def test_the_next_frame_is_asked_at_every_frame_but_the_last(task: Chorales):
    x, target, weight, lengths, _ = task.batch("validation", 0, 0, 8)
    assert torch.equal(weight.sum(0), lengths.float())
    for b, n in enumerate(lengths.tolist()):
        assert torch.equal(x[1:n, b], target[: n - 1, b]) and target[n - 1, b].any()
        assert not target[n:, b].any()


def test_the_baselines_are_those_of_a_count(task: Chorales):
    """By a loop over pitches, with the counts as plain fractions."""
    (before, after), (now, wanted) = task.pairs("train"), task.pairs("test")
    nll = np.zeros(2)
    for i in range(46):
        every = (after[:, i].sum() + 0.5) / (len(after) + 1)
        rates = [
            (after[before[:, i] == was, i].sum() + 0.5) / ((before[:, i] == was).sum() + 1)
            for was in (0, 1)
        ]
        for guess, p in enumerate((np.full(len(now), every), np.array(rates)[now[:, i]])):
            nll[guess] -= np.log(np.where(wanted[:, i], p, 1 - p)).mean()
    assert [floor.value for floor in reversed(task.spec.floors)] == pytest.approx(nll.tolist())
    assert nll[1] < nll[0] < 46 * np.log(2)
